"""Where each field of the editor stands in a coupon's plan, how it is read, and which benefit asks for it."""

from __future__ import annotations

GOODS = "terms.conditions.goods"
TARGET = "terms.benefit.target"
SELECTION = ("categories", "products", "tags")

# field: (path, how it is read)
PATHS: dict[str, tuple[str, str]] = {
    "trigger": ("terms.trigger", "text"),
    "code": ("code", "text"),
    "kind": ("terms.benefit.kind", "text"),
    "on": ("terms.benefit.on", "text"),
    "percent": ("terms.benefit.percent", "decimal"),
    "amount": ("terms.benefit.amount_minor", "money"),
    "quantity": ("terms.benefit.quantity", "int"),
    "buy": ("terms.benefit.buy", "int"),
    "get": ("terms.benefit.get", "int"),
    "per": ("terms.benefit.per", "text"),
    "step": ("terms.benefit.step_minor", "money"),
    "max_times": ("terms.benefit.max_times", "int"),
    "max_discount": ("terms.benefit.max_discount_minor", "money"),
    "item": ("terms.benefit.item", "text"),
    "min_quantity": ("terms.conditions.min_quantity", "decimal"),
    "min_amount": ("terms.conditions.min_amount_minor", "money"),
    "amount_of": ("terms.conditions.amount_of", "text"),
    "amount_when": ("terms.conditions.amount_when", "text"),
    "amount_tax": ("terms.conditions.amount_tax", "text"),
    "weekdays": ("terms.conditions.weekdays", "numbers"),
    "hours": ("terms.conditions.hours", "hours"),
    "first_day": ("terms.conditions.first_day", "date"),
    "last_day": ("terms.conditions.last_day", "date"),
    "days_before": ("terms.conditions.birthday.days_before", "int"),
    "days_after": ("terms.conditions.birthday.days_after", "int"),
    "tiers": ("terms.conditions.tiers.any", "chosen"),
    "tiers_none": ("terms.conditions.tiers.none", "chosen"),
    "segments": ("terms.conditions.segments.any", "chosen"),
    "segments_none": ("terms.conditions.segments.none", "chosen"),
    "member_tags": ("terms.conditions.member_tags.any", "chosen"),
    "member_tags_all": ("terms.conditions.member_tags.all", "chosen"),
    "member_tags_none": ("terms.conditions.member_tags.none", "chosen"),
    "locations": ("terms.conditions.locations.any", "chosen"),
    "first_purchase": ("terms.conditions.first_purchase", "bool"),
    "days_away": ("terms.conditions.days_away", "int"),
    "uses_per_member": ("terms.conditions.uses_per_member", "int"),
    "members_only": ("terms.conditions.members_only", "bool"),
    "mode": ("terms.stacking.mode", "text"),
    "group": ("terms.stacking.group", "text"),
    "priority": ("terms.stacking.priority", "int"),
    "total": ("limits.total", "int"),
    "per_period": ("limits.per_period", "int"),
    "per_member_period": ("limits.per_member_period", "int"),
    "period": ("limits.period", "text"),
    "valid_days": ("valid_days", "int"),
    "holdout_percent": ("holdout_percent", "int"),
    "goods_min_price": (f"{GOODS}.min_price_minor", "money"),
    "goods_max_price": (f"{GOODS}.max_price_minor", "money"),
    "target_min_price": (f"{TARGET}.min_price_minor", "money"),
    "target_max_price": (f"{TARGET}.max_price_minor", "money"),
    **{
        f"{prefix}_{part}{suffix}": (f"{root}.{part}.{which}", "names")
        for prefix, root in (("goods", GOODS), ("target", TARGET))
        for part in SELECTION
        for suffix, which in (("", "any"), ("_all", "all"), ("_none", "none"))
    },
}

# What each benefit asks for; of the others nothing is kept.
ASKED: dict[str, tuple[str, ...]] = {
    "percent": ("percent", "on"),
    "amount": ("amount", "on"),
    "fixed_price": ("quantity", "amount"),
    "free_item": ("quantity",),
    "buy_x_get_y": ("buy", "get", "percent"),
    "cheapest_free": ("quantity", "get", "percent"),
    "coupon": ("item",),
    "gift_card": ("amount",),
    "merchandise": ("quantity", "item"),
    "early_access": ("item",),
}
REPEATED: dict[str, tuple[str, ...]] = {
    "percent": ("max_discount",),
    "amount": ("max_discount", "per", "quantity", "step", "max_times"),
    "fixed_price": ("max_times", "max_discount"),
    "free_item": ("max_discount",),
    "buy_x_get_y": ("max_times", "max_discount"),
    "cheapest_free": ("max_times", "max_discount"),
    "coupon": ("per", "quantity", "step", "max_times"),
    "gift_card": ("per", "quantity", "step", "max_times"),
    "merchandise": ("per", "step", "max_times"),
    "early_access": (),
}
AIMED = ("percent", "amount", "fixed_price", "free_item", "buy_x_get_y", "cheapest_free")
OF_BENEFIT = {name for names in (*ASKED.values(), *REPEATED.values()) for name in names}


def is_asked(name: str, kind: str) -> bool:
    """Whether a field means something for this kind of benefit."""
    if name.startswith("target_"):
        return kind in AIMED
    return name not in OF_BENEFIT or name in ASKED.get(kind, ()) or name in REPEATED.get(kind, ())


def field_at(path: str) -> str:
    """The field that a fault at this path belongs to: the one there, else the one above it, else one below it."""
    above = [name for name, (own, _how) in PATHS.items() if path == own or path.startswith(f"{own}.")]
    if above:
        return max(above, key=lambda name: len(PATHS[name][0]))
    return next((name for name, (own, _how) in PATHS.items() if own.startswith(f"{path}.")), "kind")
