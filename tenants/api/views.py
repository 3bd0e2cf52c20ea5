"""The API's blueprint with every resource on it: importing a resource's module is what puts it there."""

from __future__ import annotations

from tenants.api import docs, enrolments, entries, locations, members, products, programs, purchases, rewards
from tenants.api.blueprint import bp
from tenants.api.operation import OPERATIONS

__all__ = [
    "OPERATIONS",
    "bp",
    "docs",
    "enrolments",
    "entries",
    "locations",
    "members",
    "products",
    "programs",
    "purchases",
    "rewards",
]
