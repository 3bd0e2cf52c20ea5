"""What purchases ask of the room of coupons, which is told to them; without one there are no coupons."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Protocol

from tenants.engine.results import Result, Source
from tenants.engine.rewards import Coupon


class Coupons(Protocol):
    """The coupons in force, and what becomes of them."""

    def offered(
        self,
        codes: Sequence[str],
        member_id: uuid.UUID | None,
        at: dt.datetime,
        currency: str,
        location_id: uuid.UUID | None,
    ) -> list[Coupon]:
        """Automatic coupons, and those named by codes; one that can't be used carries why."""

    def uses(self, member_id: uuid.UUID) -> Mapping[str, int]:
        """How often the member used each coupon, by coupon id."""

    def use(
        self, result: Result, purchase_id: uuid.UUID, member_id: uuid.UUID | None, now: dt.datetime
    ) -> None:
        """Take what the result used, under exact limits, and issue what it grants. Raises a Refusal."""

    def grant(self, item: str, member_id: uuid.UUID, reward_id: uuid.UUID, now: dt.datetime) -> None:
        """Give a member a coupon, which a reward promised that is handed out without a purchase."""

    def give_back(self, sources: Sequence[Source], purchase_id: uuid.UUID, now: dt.datetime) -> None:
        """Return the uses of coupons, and take back unused codes that these coupons or rewards granted."""


_told: list[Coupons] = []


def tell(coupons: Coupons) -> None:
    """Say which room keeps coupons."""
    _told[:] = [coupons]


def coupons() -> Coupons | None:
    return _told[0] if _told else None
