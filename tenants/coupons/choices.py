"""What a coupon's editor offers to choose from, in words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

KINDS = {
    "percent": _l("A percentage off"),
    "amount": _l("An amount off"),
    "fixed_price": _l("A fixed price"),
    "free_item": _l("Something free"),
    "buy_x_get_y": _l("Buy some, get some"),
    "cheapest_free": _l("The cheapest of several free, such as 3 for 2"),
    "coupon": _l("A coupon for the next visit"),
    "gift_card": _l("A gift card"),
    "merchandise": _l("Something to take along"),
    "early_access": _l("Early access"),
}
TRIGGERS = {
    "code": _l("By a code that is shown or typed"),
    "automatic": _l("By itself, on every purchase that fits"),
    "personal": _l("Only by members whom it is given to"),
}
ONS = {
    "goods": _l("The goods chosen below"),
    "order": _l("The whole purchase"),
    "cheapest": _l("The cheapest item"),
    "delivery": _l("Delivery"),
}
PERS = {
    "order": _l("Once a purchase"),
    "item": _l("For so many items each"),
    "amount": _l("For each full amount"),
}
PERIODS = {"day": _l("Day"), "week": _l("Week"), "month": _l("Month"), "year": _l("Year")}
MODES = {
    "stackable": _l("Together with others"),
    "exclusive": _l("Alone: not together with other offers"),
    "best_of": _l("Only the best one of a group"),
}
OFS = {"goods": _l("Of the goods chosen"), "order": _l("Of the whole purchase")}
WHENS = {"before_discounts": _l("Before discounts"), "after_discounts": _l("After discounts")}
TAXES = {"included": _l("With tax"), "excluded": _l("Without tax")}
