"""The types of events, each with what it tells: the console's choices, the documentation, and what sources are held to.

A room that adds a type adds it here with an example, and a source in sources.py that finds its rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

TEST = "webhook.test"


@dataclass(frozen=True)
class EventType:
    """A type's name, what it is called in the console, and the `data` of one event of it."""

    name: str
    label: LazyString
    example: dict[str, Any]


_AT = "2026-11-22T09:30:00.000000Z"
_MEMBER = {"member_id": "0192f0c1-7a10-7c3e-8a55-2f6f0b1d9e01", "member_number": "7KQ4M2XC"}
_CARD = {
    **_MEMBER,
    "enrolment_id": "0192f0c1-7a12-7b0a-9d41-6a0e5c7f1b02",
    "program_id": "0192f0b0-11aa-7f00-8c3d-0d9b7e6f5a03",
}
_LOCATION = {"location_id": "0192f0af-00aa-7d01-8b2c-3c4d5e6f7a04"}
_REWARD = "0192f0c9-5511-7e2f-8f10-9a8b7c6d5e05"


def _entry(kind: str, units: int, cause: str, **more: str) -> dict[str, Any]:
    return {
        "entry_id": "0192f0c8-aa00-7a11-9b22-1c2d3e4f5a06",
        "kind": kind,
        "units": units,
        "balance": 4,
        "cause": cause,
        "cause_id": None,
        "reward_id": None,
        "reverses_id": None,
        "actor_kind": "staff",
        **_CARD,
        **_LOCATION,
        "occurred_at": _AT,
        **more,
    }


def _reward(**more: str | None) -> dict[str, Any]:
    return {"reward_id": _REWARD, "name": "Free coffee", **_CARD, "issued_at": _AT, **more}


TYPES: dict[str, EventType] = {
    kind.name: kind
    for kind in (
        EventType("member.joined", _l("A member joined"), {**_MEMBER, "source": "card", "joined_at": _AT}),
        EventType("units.earned", _l("Stamps or points were given"), _entry("earn", 1, "counter_code")),
        EventType(
            "units.redeemed",
            _l("Stamps or points were spent, as when a card is full"),
            _entry("redeem", -10, "card_full", reward_id=_REWARD),
        ),
        EventType(
            "units.reversed",
            _l("Stamps or points were taken back or given back"),
            _entry("reverse", -1, "undo", reverses_id="0192f0c8-0900-7a11-9b22-1c2d3e4f5a07"),
        ),
        EventType("units.expired", _l("Stamps or points expired"), _entry("expire", -3, "expiry")),
        EventType(
            "units.adjusted", _l("Stamps or points were corrected by hand"), _entry("adjust", 2, "adjustment")
        ),
        EventType("reward.issued", _l("A reward became ready"), _reward()),
        EventType("reward.fulfilled", _l("A reward was handed out"), _reward(fulfilled_at=_AT, **_LOCATION)),
        EventType(
            "purchase.committed",
            _l("A purchase was recorded"),
            {
                "purchase_id": "0192f0ca-1200-7c21-8d32-4e5f6a7b8c08",
                "receipt_number": "1042",
                "amount_minor": 1250,
                "currency": "EUR",
                "quantity": 2,
                **_MEMBER,
                **_LOCATION,
                "occurred_at": _AT,
            },
        ),
        EventType(
            "purchase.refunded",
            _l("Something of a purchase was returned"),
            {
                "refund_id": "0192f0cb-3400-7d31-9e42-5f6a7b8c9d09",
                "purchase_id": "0192f0ca-1200-7c21-8d32-4e5f6a7b8c08",
                "receipt_number": "1042",
                "amount_minor": 450,
                "currency": "EUR",
                "is_everything": False,
                **_MEMBER,
                **_LOCATION,
                "occurred_at": _AT,
            },
        ),
        EventType(
            "coupon.redeemed",
            _l("A coupon was redeemed"),
            {
                "redemption_id": "0192f0ca-1201-7c22-8d33-5f6a7b8c9d0a",
                "coupon_id": "0192f0b1-22bb-7e01-8d4e-1e8c7f6a5b0b",
                "code_id": None,
                "purchase_id": "0192f0ca-1200-7c21-8d32-4e5f6a7b8c08",
                "discount_minor": 125,
                "currency": "EUR",
                **_MEMBER,
                "occurred_at": _AT,
            },
        ),
    )
}
ENTRY_TYPES = {
    "earn": "units.earned",
    "redeem": "units.redeemed",
    "reverse": "units.reversed",
    "expire": "units.expired",
    "adjust": "units.adjusted",
}
