"""What is asked of a purchase: the basket, whose it is, and what is to be used on it; and what can't be asked."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _

from saas.web.refusals import Refusal
from tenants.engine.mapping import Problem, to_mapping
from tenants.engine.values import Choice, GiftCard, Line

MOST_LINES = 10_000
MOST_CHOICES = 50
LARGEST_TOTAL = 2**31 - 1
EARLY = dt.timedelta(minutes=10)


class BadBasket(Refusal):
    """The basket can't be judged; `problems` name each fault by the path of its field."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        paths = ", ".join(sorted({problem.path for problem in problems})[:5])
        super().__init__(_("The basket can’t be read. Look at: %(paths)s.", paths=paths))
        self.problems = tuple(problems)


class OtherCurrency(Refusal):
    """A basket in another currency than the merchant's."""


class TooLarge(Refusal):
    """More lines, choices or money than a purchase can have."""


class InTheFuture(Refusal):
    """A purchase that is yet to come."""


@dataclass(frozen=True)
class Wish:
    """A basket with its member (or none), the codes of coupons, the rewards and units chosen, the names of lines by
    their keys, and the till's own number. `at` is when it was, if not now; an empty currency is the merchant's."""

    lines: tuple[Line, ...] = ()
    member_id: uuid.UUID | None = None
    codes: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    location_id: uuid.UUID | None = None
    receipt_number: str = ""
    currency: str = ""
    at: dt.datetime | None = None

    def digest(self) -> bytes:
        """What was asked, so that the same request key with another content is noticed."""
        asked = to_mapping(
            {
                "lines": self.lines,
                "choices": tuple([type(choice).__name__, to_mapping(choice)] for choice in self.choices),
                "names": dict(self.names),
                "rest": [str(self.member_id), *self.codes, str(self.location_id), self.receipt_number],
                "money": [self.currency, self.at.isoformat() if self.at else ""],
            }
        )
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()


def check(wish: Wish, currency: str, now: dt.datetime) -> None:
    """Raises OtherCurrency, TooLarge, InTheFuture."""
    if wish.currency not in ("", currency):
        raise OtherCurrency(_("Purchases here are in %(currency)s.", currency=currency))
    if len(wish.lines) > MOST_LINES or len(wish.choices) + len(wish.codes) > MOST_CHOICES:
        raise TooLarge(
            _(
                "A purchase has at most %(lines)s lines and %(choices)s coupons and rewards.",
                lines=MOST_LINES,
                choices=MOST_CHOICES,
            )
        )
    if wish.at is not None and wish.at > now + EARLY:
        raise InTheFuture(_("A purchase can’t be in the future."))
    if any(isinstance(choice, GiftCard) for choice in wish.choices):
        raise TooLarge(_("Gift cards are not taken here yet."))
