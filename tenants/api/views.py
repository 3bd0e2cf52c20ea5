"""The API's blueprint with every resource on it: importing a resource's module is what puts it there."""

from __future__ import annotations

from tenants.api import (
    adjustments,
    coupon_batches,
    coupon_codes,
    coupons,
    docs,
    enrolments,
    entries,
    imports,
    locations,
    members,
    products,
    programs,
    purchases,
    rewards,
    webhooks,
)
from tenants.api.blueprint import bp
from tenants.api.operation import OPERATIONS

__all__ = [
    "OPERATIONS",
    "adjustments",
    "bp",
    "coupon_batches",
    "coupon_codes",
    "coupons",
    "docs",
    "enrolments",
    "entries",
    "imports",
    "locations",
    "members",
    "products",
    "programs",
    "purchases",
    "rewards",
    "webhooks",
]
