"""Coupons to begin with, by one click."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_babel import LazyString, format_percent
from flask_babel import lazy_gettext as _l


@dataclass(frozen=True)
class Offered:
    """A coupon to begin with: its key, its picture, its name, and its plan; amounts in whole units of money."""

    key: str
    icon: str
    name: LazyString
    plan: dict[str, Any] = field(default_factory=dict)
    money: dict[str, int] = field(default_factory=dict)


def _plan(benefit: dict[str, Any], conditions: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    trigger = more.pop("trigger", "code")
    return {"terms": {"benefit": benefit, "trigger": trigger, "conditions": conditions or {}}, **more}


MORNING = [{"start": "00:00:00", "end": "10:00:00"}]
WEEK = {"birthday": {"days_after": 6}, "uses_per_member": 1}
OFFERS = (
    Offered(
        "percent",
        "discount",
        _l("%(percent)s off", percent=LazyString(format_percent, 0.1)),
        _plan({"kind": "percent", "percent": "10"}, code="WELCOME10"),
    ),
    Offered(
        "amount",
        "tag",
        _l("5 off from 30, once a member"),
        _plan({"kind": "amount", "on": "order"}, {"uses_per_member": 1}),
        {"amount": 5, "min_amount": 30},
    ),
    Offered(
        "3for2",
        "shoe",
        _l("3 for 2"),
        _plan({"kind": "cheapest_free", "quantity": 3, "get": 1}, trigger="automatic"),
    ),
    Offered(
        "second",
        "coffee",
        _l("Second one half price before 10"),
        _plan(
            {"kind": "buy_x_get_y", "buy": 1, "get": 1, "percent": "50"},
            {"hours": MORNING},
            trigger="automatic",
        ),
    ),
    Offered(
        "delivery",
        "send",
        _l("Free delivery"),
        _plan({"kind": "percent", "percent": "100", "on": "delivery"}, trigger="automatic"),
        {"min_amount": 50},
    ),
    Offered(
        "xy",
        "bread",
        _l("Buy 2, get 1 free"),
        _plan({"kind": "buy_x_get_y", "buy": 2, "get": 1}, trigger="automatic"),
    ),
    Offered(
        "birthday",
        "cake",
        _l("A gift in the birthday week"),
        _plan({"kind": "free_item", "quantity": 1}, WEEK, trigger="automatic"),
    ),
    Offered(
        "personal",
        "gift",
        _l("A personal coupon"),
        _plan({"kind": "amount", "on": "order"}, trigger="personal", valid_days=30),
        {"amount": 5},
    ),
    Offered(
        "next",
        "arrow-right",
        _l("A coupon with each purchase"),
        _plan({"kind": "coupon"}, {"members_only": True}, trigger="automatic"),
        {"min_amount": 20},
    ),
    Offered(
        "free",
        "star",
        _l("Something free"),
        _plan({"kind": "free_item", "quantity": 1}, {"uses_per_member": 1}),
    ),
)
BY_KEY = {offer.key: offer for offer in OFFERS}
