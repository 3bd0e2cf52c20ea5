"""The permission table: what owner, manager and cashier may do. Shown as it stands on the staff page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

CASHIER = {"counter.use", "members.view", "members.enrol", "programs.view", "products.view", "coupons.view"}
MANAGER = CASHIER | {
    "stats.view",
    "members.edit",
    "units.adjust",
    "programs.edit",
    "programs.publish",
    "products.edit",
    "coupons.manage",
    "imports.run",
    "staff.view",
    "staff.invite_cashier",
}
OWNER = MANAGER | {"settings.manage", "staff.manage", "billing.manage"}

ROLES: dict[str, frozenset[str]] = {
    "owner": frozenset(OWNER),
    "manager": frozenset(MANAGER),
    "cashier": frozenset(CASHIER),
}
ROLE_NAMES = {"owner": _l("Owner"), "manager": _l("Manager"), "cashier": _l("Cashier")}
PERMISSION_NAMES = {
    "counter.use": _l("Use the counter: stamps, rewards, today's list"),
    "members.view": _l("Find and see members"),
    "members.enrol": _l("Add a member at the counter"),
    "members.edit": _l("Change members' details"),
    "units.adjust": _l("Correct stamps and points by hand"),
    "programs.view": _l("See stamp cards and posters"),
    "programs.edit": _l("Write stamp cards"),
    "programs.publish": _l("Publish, pause and archive stamp cards"),
    "products.view": _l("See products and prices"),
    "products.edit": _l("Add, change and import products"),
    "coupons.view": _l("See coupons and their codes"),
    "coupons.manage": _l("Write, publish and give coupons"),
    "stats.view": _l("See the dashboard"),
    "imports.run": _l("Import purchases"),
    "staff.view": _l("See the staff list"),
    "staff.invite_cashier": _l("Add and remove cashiers"),
    "staff.manage": _l("Add and remove owners and managers"),
    "settings.manage": _l("Change the shop's settings"),
    "billing.manage": _l("Choose and pay the plan"),
}


def allows(role: str, permission: str) -> bool:
    """Whether a role holds a permission; an unknown one is a fault of the program and raises KeyError."""
    if permission not in PERMISSION_NAMES:
        raise KeyError(permission)
    return permission in ROLES[role]
