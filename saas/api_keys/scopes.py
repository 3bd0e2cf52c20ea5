"""The scopes that a key may have: a resource, and whether it is read or written."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

RESOURCES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "members": (_l("Members"), ("read", "write")),
    "enrolments": (_l("Members’ cards, their entries, giving stamps"), ("read", "write")),
    "programs": (_l("Programs: their terms, publishing, pausing, archiving"), ("read", "write")),
    "rewards": (_l("Rewards, handing them out"), ("read", "write")),
    "purchases": (_l("Purchases: quoting, buying, returning"), ("read", "write")),
    "products": (_l("Products: SKU, category, tags, price, exclusions"), ("read", "write")),
    "coupons": (_l("Coupons and their codes: terms, publishing, issuing, voiding"), ("read", "write")),
    "imports": (_l("Imports of purchases, products and codes from files"), ("read", "write")),
    "adjustments": (_l("Correcting balances, with a reason"), ("write",)),
    "webhooks": (_l("Webhooks: where they go, and their secrets"), ("read", "write")),
    "locations": (_l("Locations"), ("read", "write")),
}
VERBS = {"read": _l("Read"), "write": _l("Write")}
SCOPES = tuple(f"{resource}:{verb}" for resource, (_name, verbs) in RESOURCES.items() for verb in verbs)
