"""Every option of Odoo's loyalty programs, how it is said here, and an example that proves it, as plain data.

Rows: id, where it is in Odoo, how it is expressed here, the example with what is expected. docs/odoo.md is this table.
"""

from __future__ import annotations

from typing import Any

from tests.factories.examples import CAKE, COFFEE, CROISSANT, DELIVERY, POINTS, SHOES, WASH, lines


def coupon(benefit: dict[str, Any], conditions: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"coupons": {"c": {"benefit": benefit, "conditions": conditions or {}, **more}}}


def rule(**fields: Any) -> dict[str, Any]:
    """A points program of this one rule."""
    return {"programs": {"p": {"kind": "points", "rules": [{"key": "r", **fields}]}}}


def reward(benefit: dict[str, Any], cost: int = 0, balance: int = 1000, **more: Any) -> dict[str, Any]:
    """A points program that earns nothing here, with this one reward, redeemed."""
    far = {"min_amount_minor": 10**9}
    rules = [{"key": "r", "per": "visit", "conditions": far}]
    terms = {"key": "w", "benefit": benefit, "cost": cost, **more}
    return {
        "programs": {"p": {"kind": "points", "rules": rules, "rewards": [terms]}},
        "balances": {"p": balance},
        "choices": [{"program": "p", "reward": "w"}],
    }


def goods(**any_of: list[str]) -> dict[str, Any]:
    return {"goods": {name: {"any": names} for name, names in any_of.items()}}


TEN = {"kind": "percent", "percent": 10, "on": "order"}
BASKET = lines((COFFEE, 2), (CROISSANT, 1), (CAKE, 1))  # 600 + 200 + 2500 = 3300
Row = tuple[str, str, str, dict[str, Any], dict[str, Any]]

ROWS: list[Row] = [
    (
        "type-coupons",
        "program type coupons",
        "coupon with `trigger: code`; each issued code is a `Coupon` of its own",
        coupon(TEN, trigger="code") | {"lines": BASKET},
        {"total": 2970},
    ),
    (
        "type-promotion",
        "program type promotion",
        "coupon with `trigger: automatic` and conditions",
        coupon(TEN, {"min_amount_minor": 3000}, trigger="automatic") | {"lines": BASKET},
        {"total": 2970},
    ),
    (
        "type-promo-code",
        "program type promo_code",
        "coupon with `trigger: code` on goods",
        coupon({"kind": "percent", "percent": 10}, goods(products=["cake"])) | {"lines": BASKET},
        {"total": 3050},
    ),
    (
        "type-buy-x-get-y",
        "program type buy_x_get_y",
        "benefit `buy_x_get_y`",
        coupon({"kind": "buy_x_get_y", "buy": 2, "get": 1}, goods(products=["coffee"]))
        | {"lines": lines((COFFEE, 7))},
        {"total": 1500},
    ),
    (
        "type-buy-x-get-other",
        "buy X get another product",
        "benefit `buy_x_get_y` with a `target`",
        coupon(
            {"kind": "buy_x_get_y", "buy": 2, "get": 1, "target": {"products": {"any": ["croissant"]}}},
            goods(products=["coffee"]),
        )
        | {"lines": BASKET},
        {"total": 3100},
    ),
    (
        "type-next-order",
        "program type next_order_coupons",
        "benefit `coupon`: the result grants it for a later purchase",
        coupon({"kind": "coupon", "item": "next"}, {"min_amount_minor": 3000}, trigger="automatic")
        | {"lines": BASKET},
        {"total": 3300, "grants": [["coupon", "next", 1, 0]]},
    ),
    (
        "type-loyalty",
        "program type loyalty",
        "program of kind `points` with rewards",
        {
            "programs": {
                "p": POINTS | {"rewards": [{"key": "w", "cost": 200, "benefit": {**TEN, "percent": 5}}]}
            },
            "balances": {"p": 200},
            "choices": [{"program": "p", "reward": "w"}],
            "lines": BASKET,
        },
        {"total": 3135, "units": {"p": 31}, "balance": {"p": 31}},
    ),
    (
        "type-gift-card-sold",
        "program type gift_card, sold",
        "automatic coupon with benefit `gift_card` without an amount: one for each item, over its price",
        coupon({"kind": "gift_card"}, goods(products=["cake"]), trigger="automatic")
        | {"lines": lines((CAKE, 2))},
        {"grants": [["gift_card", "", 2, 2500]]},
    ),
    (
        "type-gift-card-used",
        "program type gift_card, used",
        "choice `GiftCard`: it pays, any part of it",
        {"choices": [{"gift_card": "g", "value": 5000}], "lines": BASKET},
        {"total": 3300, "due": 0},
    ),
    (
        "type-ewallet",
        "program type ewallet",
        "program of kind `cashback` with a `payment` reward; topped up by buying an article that earns its price",
        {
            "programs": {
                "p": {
                    "kind": "cashback",
                    "rules": [{"key": "top up", "step_minor": 1, "conditions": goods(products=["cake"])}],
                    "rewards": [{"key": "pay", "benefit": {"kind": "payment", "unit_value_minor": 1}}],
                }
            },
            "balances": {"p": 800},
            "choices": [{"program": "p", "reward": "pay", "units": 300}],
            "lines": lines((CAKE, 1)),
        },
        {"total": 2500, "due": 2200, "units": {"p": 2200}, "balance": {"p": 2700}},
    ),
    (
        "trigger-auto",
        "trigger auto / rule mode auto",
        "`trigger: automatic`",
        coupon(TEN, trigger="automatic") | {"lines": BASKET},
        {"total": 2970},
    ),
    (
        "trigger-code",
        "trigger with_code / rule mode with_code and its code",
        "`trigger: code`; a code that the coupon room refuses comes in with its reason",
        coupon(TEN, trigger="code") | {"lines": BASKET},
        {"total": 2970},
    ),
    (
        "applies-current",
        "applies_on current",
        "a coupon works on this purchase: repeated with `per: amount` (here €1 off for each full €10)",
        coupon({"kind": "amount", "amount_minor": 100, "on": "order", "per": "amount", "step_minor": 1000})
        | {"lines": BASKET},
        {"total": 3000},
    ),
    (
        "applies-future",
        "applies_on future",
        "a grant, or units with `pending_days`",
        rule(per="amount", step_minor=100) | {"lines": BASKET},
        {"units": {"p": 33}, "total": 3300},
    ),
    (
        "applies-both",
        "applies_on both: points earned now may be spent now",
        "`spends_at_once`",
        {
            "programs": {
                "p": POINTS
                | {
                    "spends_at_once": True,
                    "rewards": [
                        {
                            "key": "w",
                            "cost": 25,
                            "benefit": {"kind": "amount", "amount_minor": 500, "on": "order"},
                        }
                    ],
                }
            },
            "choices": [{"program": "p", "reward": "w"}],
            "lines": BASKET,
        },
        {"total": 2800, "units": {"p": 28}, "balance": {"p": 3}},
    ),
    (
        "date-from",
        "program date_from",
        "`first_day` in the merchant's time zone",
        coupon(TEN, {"first_day": "2026-03-04"}) | {"lines": BASKET},
        {"total": 3300, "refused": {"c": "not_yet"}},
    ),
    (
        "date-to",
        "program date_to",
        "`last_day`, included",
        coupon(TEN, {"last_day": "2026-03-03"}) | {"lines": BASKET},
        {"total": 2970},
    ),
    (
        "limit-usage",
        "limit_usage, max_usage",
        "counted under a lock by the coupon room; for each member `uses_per_member`",
        coupon(TEN, {"uses_per_member": 2}) | {"uses": {"c": 2}, "lines": BASKET},
        {"total": 3300, "refused": {"c": "used_up_by_member"}},
    ),
    (
        "currency",
        "program currency",
        "`currency` of a program and a coupon; another one earns and reduces nothing",
        coupon(TEN) | rule(per="visit") | {"basket": {"currency": "SEK"}, "lines": BASKET},
        {"total": 3300, "refused": {"c": "other_currency"}, "units": {}},
    ),
    (
        "nominative",
        "nominative programs (loyalty, ewallet) and anonymous orders",
        "programs need a member; coupons don't unless a condition asks about one",
        coupon(TEN) | rule(per="visit") | {"no_member": True, "lines": BASKET},
        {"total": 2970, "units": {}},
    ),
    (
        "pricelist",
        "program pricelists",
        "`segments`, `member_tags` or `tiers` of the member",
        coupon(TEN, {"segments": {"any": ["trade"]}}) | {"lines": BASKET},
        {"total": 3300, "refused": {"c": "wrong_segment"}},
    ),
    (
        "available-on",
        "available on point of sale, sales, website",
        "`locations`: a web shop is a location",
        coupon(TEN, {"locations": {"any": ["web"]}}) | {"basket": {"location": "shop"}, "lines": BASKET},
        {"total": 3300, "refused": {"c": "wrong_location"}},
    ),
    (
        "rule-products",
        "rule product_ids",
        "`goods.products.any`",
        rule(per="amount", step_minor=100, conditions=goods(products=["cake"])) | {"lines": BASKET},
        {"units": {"p": 25}},
    ),
    (
        "rule-category",
        "rule product_category_id, with child categories",
        "`goods.categories.any`; a line carries the categories above its own",
        rule(per="amount", step_minor=100, conditions=goods(categories=["bakery"])) | {"lines": BASKET},
        {"units": {"p": 27}},
    ),
    (
        "rule-tag",
        "rule product_tag_id",
        "`goods.tags.any`",
        rule(per="amount", step_minor=100, conditions=goods(tags=["bio"]))
        | {"lines": lines(({**COFFEE, "tags": ["bio"]}, 1), (CAKE, 1))},
        {"units": {"p": 3}},
    ),
    (
        "rule-union",
        "products, category and tag of a rule are a union",
        "all `any` together are a union; `all` narrows",
        rule(per="amount", step_minor=100, conditions=goods(products=["coffee"], categories=["cakes"]))
        | {"lines": BASKET},
        {"units": {"p": 31}},
    ),
    (
        "rule-domain",
        "rule product_domain",
        "`all`, `none`, price bounds; other attributes as tags",
        rule(
            per="item",
            conditions={
                "goods": {"categories": {"all": ["bakery"], "none": ["cakes"]}, "max_price_minor": 500}
            },
        )
        | {"lines": BASKET},
        {"units": {"p": 1}},
    ),
    (
        "point-amount",
        "rule reward_point_amount",
        "`units`, an exact decimal, with its rounding stated",
        rule(per="amount", units="0.5", step_minor=100, rounding="half_up") | {"lines": BASKET},
        {"units": {"p": 17}},
    ),
    (
        "mode-order",
        "reward_point_mode order",
        "`per: visit`",
        rule(per="visit", units=5) | {"lines": BASKET},
        {"units": {"p": 5}},
    ),
    (
        "mode-money",
        "reward_point_mode money",
        "`per: amount` with `step_minor`",
        rule(per="amount", step_minor=100) | {"lines": BASKET},
        {"units": {"p": 33}},
    ),
    (
        "mode-unit",
        "reward_point_mode unit paid",
        "`per: item`",
        rule(per="item", units=2) | {"lines": BASKET},
        {"units": {"p": 8}},
    ),
    (
        "point-split",
        "reward_point_split: a coupon for each unit",
        "a grant with `per: item` (or `per: amount`)",
        coupon(
            {"kind": "coupon", "item": "next", "per": "item"}, goods(products=["coffee"]), trigger="automatic"
        )
        | {"lines": BASKET},
        {"grants": [["coupon", "next", 2, 0]]},
    ),
    (
        "minimum-qty",
        "rule minimum_qty",
        "`min_quantity` of the goods meant",
        coupon(TEN, goods(products=["coffee"]) | {"min_quantity": 3}) | {"lines": BASKET},
        {"total": 3300, "refused": {"c": "quantity_too_small"}},
    ),
    (
        "minimum-amount-incl",
        "rule minimum_amount, tax included",
        "`min_amount_minor`, of the goods or of the order",
        coupon(TEN, {"min_amount_minor": 2500}) | {"lines": lines(({**CAKE, "tax_minor": 400}, 1))},
        {"total": 2250},
    ),
    (
        "minimum-amount-excl",
        "rule minimum_amount, tax excluded",
        "`amount_tax: excluded`; lines carry the tax they contain",
        coupon(TEN, {"min_amount_minor": 2500, "amount_tax": "excluded"})
        | {"lines": lines(({**CAKE, "tax_minor": 400}, 1))},
        {"total": 2500, "refused": {"c": "amount_too_small"}},
    ),
    (
        "several-rules",
        "several rules of one program add up",
        "`rules`: each earns, each rounds once",
        {
            "programs": {
                "p": {
                    "kind": "points",
                    "rules": [
                        {"key": "visit", "per": "visit", "units": 10},
                        {"key": "spend", "per": "amount", "step_minor": 100},
                    ],
                }
            },
            "lines": BASKET,
        },
        {"units": {"p": 43}},
    ),
    (
        "reward-product",
        "reward_type product, reward_product_id",
        "benefit `free_item` with a `target`; what is not in the basket is to be handed out",
        reward({"kind": "free_item", "target": {"products": {"any": ["croissant"]}}}, 50) | {"lines": BASKET},
        {"total": 3100, "balance": {"p": 950}},
    ),
    (
        "reward-product-absent",
        "the free product is added to the order",
        "`to_hand_out` of the result",
        reward({"kind": "free_item", "target": {"products": {"any": ["cone"]}}}, 50) | {"lines": BASKET},
        {"total": 3300, "to_hand_out": 1},
    ),
    (
        "reward-product-tag",
        "reward_product_tag_id: one of several products",
        "`target.tags.any`: the cheapest that fits",
        reward({"kind": "free_item", "target": {"tags": {"any": ["treat"]}}}, 50)
        | {"lines": lines(({**COFFEE, "tags": ["treat"]}, 1), ({**CROISSANT, "tags": ["treat"]}, 1))},
        {"total": 300},
    ),
    (
        "reward-product-qty",
        "reward_product_qty",
        "`quantity`",
        reward({"kind": "free_item", "quantity": 2, "target": {"products": {"any": ["coffee"]}}}, 50)
        | {"lines": BASKET},
        {"total": 2700},
    ),
    (
        "discount-percent-order",
        "discount percent on order",
        "`percent` with `on: order`; delivery is left out",
        coupon(TEN) | {"lines": lines((COFFEE, 2), (CROISSANT, 1), (DELIVERY, 1))},
        {"total": 720 + 490},
    ),
    (
        "discount-per-order",
        "discount per_order: an amount",
        "`amount`; never more than the goods cost",
        coupon({"kind": "amount", "amount_minor": 5000, "on": "order"}) | {"lines": BASKET},
        {"total": 0},
    ),
    (
        "discount-per-point",
        "discount per_point",
        "`per_unit` with `unit_value_minor`; no more units are taken than are of use",
        reward({"kind": "per_unit", "unit_value_minor": 5, "on": "order"}) | {"lines": BASKET},
        {"total": 0, "balance": {"p": 340}},
    ),
    (
        "discount-cheapest",
        "discount on the cheapest product",
        "`on: cheapest`",
        coupon({"kind": "percent", "percent": 50, "on": "cheapest"}) | {"lines": BASKET},
        {"total": 3200},
    ),
    (
        "discount-amount-cheapest",
        "an amount off the cheapest product",
        "`amount` with `on: cheapest`",
        coupon({"kind": "amount", "amount_minor": 50, "on": "cheapest"}) | {"lines": BASKET},
        {"total": 3250},
    ),
    (
        "discount-specific-products",
        "discount on specific products",
        "conditions on goods, or a `target`",
        coupon({**TEN, "on": "goods", "target": {"products": {"any": ["cake"]}}}) | {"lines": BASKET},
        {"total": 3050},
    ),
    (
        "discount-specific-category",
        "discount on a category",
        "`target.categories`",
        coupon({**TEN, "on": "goods", "target": {"categories": {"any": ["bakery"]}}}) | {"lines": BASKET},
        {"total": 3030},
    ),
    (
        "discount-specific-tag",
        "discount on a tag",
        "`target.tags`",
        coupon({**TEN, "on": "goods", "target": {"tags": {"any": ["bio"]}}})
        | {"lines": lines(({**CAKE, "tags": ["bio"]}, 1), (COFFEE, 1))},
        {"total": 2550},
    ),
    (
        "discount-specific-domain",
        "discount on a product domain",
        "`target` with `all`, `none` and price bounds",
        coupon({**TEN, "on": "goods", "target": {"min_price_minor": 1000, "categories": {"none": ["shoes"]}}})
        | {"lines": lines((CAKE, 1), (SHOES, 1), (COFFEE, 1))},
        {"total": 10550},
    ),
    (
        "discount-amount-specific",
        "an amount off specific products",
        "`amount` on goods",
        coupon({"kind": "amount", "amount_minor": 300}, goods(products=["croissant"])) | {"lines": BASKET},
        {"total": 3100},
    ),
    (
        "discount-max",
        "discount_max_amount",
        "`max_discount_minor`",
        coupon({**TEN, "max_discount_minor": 120}) | {"lines": BASKET},
        {"total": 3180},
    ),
    (
        "required-points",
        "required_points",
        "`cost`; too few are refused with the balance",
        reward(TEN, 200, balance=199) | {"lines": BASKET},
        {"total": 3300, "refused": {"p/w": "not_enough_units"}, "balance": {"p": 199}},
    ),
    (
        "clear-wallet",
        "clear_wallet: all points are taken",
        "`takes_all`, from `cost` on",
        reward(TEN, 200, balance=730, takes_all=True) | {"lines": BASKET},
        {"total": 2970, "balance": {"p": 0}},
    ),
    (
        "claim-several-times",
        "a reward claimed as often as the points allow",
        "the choice is made several times",
        reward({"kind": "amount", "amount_minor": 100, "on": "order"}, 400)
        | {"choices": [{"program": "p", "reward": "w"}] * 3, "lines": BASKET},
        {"total": 3100, "balance": {"p": 200}},
    ),
    (
        "reward-shipping",
        "reward_type shipping (delivery), with its maximum",
        "`percent` with `on: delivery`, `max_discount_minor`",
        coupon({"kind": "percent", "on": "delivery", "max_discount_minor": 400})
        | {"lines": lines((CAKE, 1), (DELIVERY, 1))},
        {"total": 2590},
    ),
    (
        "one-global-discount",
        "one global discount an order, the best",
        "`stacking`: a best-of group; or exclusive",
        {
            "coupons": {
                "small": {"benefit": TEN, "stacking": {"mode": "best_of", "group": "order"}},
                "large": {
                    "benefit": {**TEN, "percent": 20},
                    "stacking": {"mode": "best_of", "group": "order"},
                },
            },
            "lines": BASKET,
        },
        {"total": 2640, "refused": {"small": "better_in_group"}},
    ),
    (
        "sequence",
        "sequence of programs",
        "`priority`: small ones first; each works on what is left",
        {
            "coupons": {
                "amount": {
                    "benefit": {"kind": "amount", "amount_minor": 300, "on": "order"},
                    "stacking": {"priority": 1},
                },
                "percent": {"benefit": TEN, "stacking": {"priority": 2}},
            },
            "lines": BASKET,
        },
        {"total": 2700},
    ),
    (
        "no-points-on-rewards",
        "points are not given on reward lines",
        "a program never earns on its own reward; on coupons only where `earns_on_coupons`",
        rule(per="amount", step_minor=100) | coupon(TEN) | {"lines": BASKET},
        {"total": 2970, "units": {"p": 29}},
    ),
    (
        "paid-by-gift-card",
        "points on what a gift card pays",
        "`earns_on_gift_cards`",
        {
            "programs": {"p": POINTS | {"earns_on_gift_cards": False}},
            "choices": [{"gift_card": "g", "value": 1000}],
            "lines": lines((WASH, 1)),
        },
        {"units": {"p": 5}, "due": 500},
    ),
]

# What is no matter of the engine, and where it lives.
ELSEWHERE = [
    ("company", "each merchant has a schema of its own"),
    (
        "card code, partner, expiration_date",
        "members, enrolments and lots; issued coupons and gift cards of their rooms",
    ),
    ("portal_visible, portal_point_name", "the card's page; a program's name for its units"),
    (
        "mail on creation and on points reached",
        "automations; a result says what was granted, is ready and affordable",
    ),
    ("active, archive", "publish, pause and archive of programs and coupons"),
]


def document() -> str:
    """docs/odoo.md, whole."""
    head = (
        "# Odoo's loyalty options, and how they are said here\n\n"
        "Each row is proved by the test `tests/tenants/engine/test_odoo.py::test_option[id]`. The table is\n"
        "written from `tests/factories/odoo.py` by `python -m tests.factories.odoo`.\n\n"
        "| Odoo | here | test |\n|---|---|---|\n"
    )
    rows = "".join(f"| {option} | {how} | {name} |\n" for name, option, how, _example, _expected in ROWS)
    rest = "".join(f"| {option} | {where} |\n" for option, where in ELSEWHERE)
    return head + rows + "\nOutside the engine:\n\n| Odoo | here |\n|---|---|\n" + rest


if __name__ == "__main__":
    from pathlib import Path

    Path(__file__).parents[2].joinpath("docs/odoo.md").write_text(document())
