"""Whole examples of programs and coupons with a basket and what comes out, for every surface to be tried with.

Each is plain data: terms as rows and the API carry them, a basket, the facts about the member, the choices, and what is
expected. Money is euros in cents. Not stated: a Tuesday, 9:30 in Athens, a member without history.
"""

from __future__ import annotations

from typing import Any

COFFEE = {"sku": "coffee", "unit_price_minor": 300, "categories": ["drinks"]}
CROISSANT = {"sku": "croissant", "unit_price_minor": 200, "categories": ["bakery"]}
CAKE = {"sku": "cake", "unit_price_minor": 2500, "categories": ["bakery", "cakes"]}
WASH = {"sku": "wash", "unit_price_minor": 1500, "categories": ["washes"]}
SHOES = {"sku": "shoes", "unit_price_minor": 8000, "categories": ["shoes"]}
DELIVERY = {"sku": "delivery", "unit_price_minor": 490, "is_delivery": True}


def lines(*goods: tuple[dict[str, Any], int]) -> list[dict[str, Any]]:
    """Basket lines of these goods and quantities."""
    return [
        {"key": str(index), "quantity": quantity, **article}
        for index, (article, quantity) in enumerate(goods, 1)
    ]


POINTS = {"kind": "points", "rules": [{"key": "spend", "per": "amount", "step_minor": 100}]}

EXAMPLES: list[dict[str, Any]] = [
    {
        "name": "ice cream: free cone after 10 purchases",
        "programs": {
            "ice": {
                "kind": "stamp_card",
                "required": 10,
                "rules": [{"key": "visit", "per": "visit"}],
                "rewards": [
                    {
                        "key": "cone",
                        "benefit": {
                            "kind": "free_item",
                            "target": {"products": {"any": ["cone"]}},
                        },
                    }
                ],
            }
        },
        "balances": {"ice": 9},
        "lines": lines((COFFEE, 2)),
        "expected": {"total": 600, "units": {"ice": 1}, "ready": {"ice": 1}, "balance": {"ice": 0}},
    },
    {
        "name": "car wash: free wash after 6 paid washes",
        "programs": {
            "washes": {
                "kind": "stamp_card",
                "required": 6,
                "rules": [
                    {
                        "key": "wash",
                        "per": "item",
                        "conditions": {"goods": {"categories": {"any": ["washes"]}}},
                    }
                ],
                "rewards": [
                    {
                        "key": "wash",
                        "benefit": {"kind": "free_item", "target": {"categories": {"any": ["washes"]}}},
                    }
                ],
            }
        },
        "balances": {"washes": 3},
        "ready": {"washes": ["old"]},
        "choices": [{"ready": "old"}],
        "lines": lines((WASH, 3), (COFFEE, 1)),
        "expected": {"total": 3300, "units": {"washes": 2}, "ready": {"washes": 0}, "balance": {"washes": 5}},
    },
    {
        "name": "shoes: 20 % off every 5th pair",
        "programs": {
            "pairs": {
                "kind": "stamp_card",
                "required": 4,
                "rules": [
                    {
                        "key": "pair",
                        "per": "item",
                        "conditions": {"goods": {"categories": {"any": ["shoes"]}}},
                    }
                ],
                "rewards": [
                    {
                        "key": "fifth",
                        "benefit": {
                            "kind": "percent",
                            "percent": 20,
                            "on": "cheapest",
                            "target": {"categories": {"any": ["shoes"]}},
                        },
                    }
                ],
            }
        },
        "ready": {"pairs": ["fifth"]},
        "choices": [{"ready": "fifth"}],
        "lines": lines((SHOES, 1)),
        "expected": {"total": 6400, "units": {"pairs": 0}, "balance": {"pairs": 0}},
    },
    {
        "name": "3 for 2 on the cheapest",
        "coupons": {
            "three": {
                "trigger": "automatic",
                "benefit": {"kind": "cheapest_free", "quantity": 3},
                "conditions": {"goods": {"categories": {"any": ["drinks", "bakery"]}}},
            }
        },
        "lines": lines((COFFEE, 2), (CROISSANT, 1), (WASH, 1)),
        "expected": {"total": 2100, "discount": 200},
    },
    {
        "name": "second coffee half price before 10",
        "coupons": {
            "second": {
                "trigger": "automatic",
                "benefit": {"kind": "buy_x_get_y", "buy": 1, "get": 1, "percent": 50},
                "conditions": {
                    "goods": {"products": {"any": ["coffee"]}},
                    "hours": [{"start": "06:00", "end": "10:00"}],
                },
            }
        },
        "lines": lines((COFFEE, 3)),
        "expected": {"total": 750, "discount": 150},
    },
    {
        "name": "second coffee half price before 10, at 10",
        "coupons": {
            "second": {
                "trigger": "automatic",
                "benefit": {"kind": "buy_x_get_y", "buy": 1, "get": 1, "percent": 50},
                "conditions": {
                    "goods": {"products": {"any": ["coffee"]}},
                    "hours": [{"start": "06:00", "end": "10:00"}],
                },
            }
        },
        "at": "2026-03-03T10:00:00+02:00",
        "lines": lines((COFFEE, 2)),
        "expected": {"total": 600, "refused": {"second": "wrong_hour"}},
    },
    {
        "name": "10 % off a category, at most €5",
        "coupons": {
            "cakes": {
                "benefit": {"kind": "percent", "percent": 10, "max_discount_minor": 500},
                "conditions": {"goods": {"categories": {"any": ["cakes"]}}},
            }
        },
        "lines": lines((CAKE, 3), (COFFEE, 1)),
        "expected": {"total": 7300, "discount": 500},
    },
    {
        "name": "€5 off from €30, once a member",
        "coupons": {
            "five": {
                "benefit": {"kind": "amount", "amount_minor": 500, "on": "order"},
                "conditions": {"min_amount_minor": 3000, "uses_per_member": 1},
            }
        },
        "lines": lines((CAKE, 1), (COFFEE, 2)),
        "expected": {"total": 2600, "discount": 500},
    },
    {
        "name": "€5 off from €30, a second time",
        "coupons": {
            "five": {
                "benefit": {"kind": "amount", "amount_minor": 500, "on": "order"},
                "conditions": {"min_amount_minor": 3000, "uses_per_member": 1},
            }
        },
        "uses": {"five": 1},
        "lines": lines((CAKE, 1), (COFFEE, 2)),
        "expected": {"total": 3100, "refused": {"five": "used_up_by_member"}},
    },
    {
        "name": "free delivery from €20",
        "coupons": {
            "delivery": {
                "trigger": "automatic",
                "benefit": {"kind": "percent", "on": "delivery"},
                "conditions": {"min_amount_minor": 2000},
            }
        },
        "lines": lines((CAKE, 1), (DELIVERY, 1)),
        "expected": {"total": 2500, "discount": 490},
    },
    {
        "name": "double points for gold on Tuesdays",
        "programs": {
            "points": {
                **POINTS,
                "multipliers": [
                    {
                        "key": "gold tuesday",
                        "factor": 2,
                        "conditions": {"weekdays": [2], "tiers": {"any": ["gold"]}},
                    }
                ],
            },
            "club": {
                "kind": "tiers",
                "rules": [{"key": "spend", "per": "amount", "step_minor": 1}],
                "tiers": [{"key": "silver", "threshold": 0}, {"key": "gold", "threshold": 50000}],
            },
        },
        "tiers": {"club": "gold"},
        "lines": lines((CAKE, 1)),
        "expected": {"total": 2500, "units": {"points": 50, "club": 2500}},
    },
    {
        "name": "1 stamp for each full €10, with overflow",
        "programs": {
            "stamps": {
                "kind": "stamp_card",
                "required": 10,
                "rules": [{"key": "spend", "per": "amount", "step_minor": 1000}],
                "rewards": [{"key": "cake", "benefit": {"kind": "merchandise", "item": "cake"}}],
            }
        },
        "balances": {"stamps": 8},
        "lines": lines((CAKE, 5)),
        "expected": {
            "total": 12500,
            "units": {"stamps": 12},
            "ready": {"stamps": 2},
            "balance": {"stamps": 0},
        },
    },
    {
        "name": "next-order coupon from €25",
        "coupons": {
            "again": {
                "trigger": "automatic",
                "benefit": {"kind": "coupon", "item": "15 off next time"},
                "conditions": {"min_amount_minor": 2500},
            }
        },
        "lines": lines((CAKE, 1)),
        "expected": {"total": 2500, "grants": [["coupon", "15 off next time", 1, 0]]},
    },
    {
        "name": "cashback 3 %",
        "programs": {
            "cash": {
                "kind": "cashback",
                "rules": [
                    {"key": "spend", "per": "amount", "units": 3, "step_minor": 100, "rounding": "half_up"}
                ],
                "rewards": [{"key": "pay", "benefit": {"kind": "payment", "unit_value_minor": 1}}],
            }
        },
        "balances": {"cash": 200},
        "choices": [{"program": "cash", "reward": "pay", "units": 150}],
        "lines": lines((CAKE, 1)),
        "expected": {"total": 2500, "due": 2350, "units": {"cash": 71}, "balance": {"cash": 121}},
    },
    {
        "name": "a birthday reward for a week",
        "coupons": {
            "birthday": {
                "trigger": "personal",
                "benefit": {"kind": "free_item", "target": {"products": {"any": ["cake"]}}},
                "conditions": {"birthday": {"days_after": 6}, "uses_per_member": 1},
            }
        },
        "birthday": "1996-02-29",
        "lines": lines((CAKE, 1), (COFFEE, 1)),
        "expected": {"total": 300, "discount": 2500},
    },
]

BASKETS = [example["lines"] for example in EXAMPLES if example["lines"]]
