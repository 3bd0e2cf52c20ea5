"""The stated examples as stories: what is set up in the console and at the API, what is bought, and what that comes to.

The figures are worked out by hand, with the arithmetic beside them. Money is euros in cents. A step is on a Tuesday at
9:30 in Athens unless it says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TUESDAY = "2026-03-03T09:30:00+02:00"
EARLY = "2026-02-27T08:00:00+02:00"  # when all is set up, before anything is bought

GOODS = {  # SKU: name, category, price
    "coffee": ("Coffee", "Drinks", 300),
    "croissant": ("Croissant", "Bakery", 200),
    "cake": ("Whole cake", "Cakes", 2500),
    "wash": ("Car wash", "Washes", 1500),
    "shoes": ("Shoes", "Shoes", 8000),
    "boots": ("Boots", "Shoes", 12000),
}
DELIVERY = "delivery"  # a line that is no product; its quantity is its price


@dataclass(frozen=True)
class Setup:
    """A program or a coupon. In the console: the template's button, rows added by buttons, what is typed over it.
    At the API: the terms of a program with its kind, or the plan of a coupon. {Name} stands for another one's id."""

    name: str
    api: dict[str, Any]
    kind: str = "coupon"
    template: str = ""
    typed: dict[str, Any] = field(default_factory=dict)
    adds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A purchase: what is bought and used, and what comes out. `earns`: by program the units of this purchase and the
    balance after it. `opens`: rewards that become ready. `says`: sentences that cashier and API give for it."""

    buys: dict[str, int]
    pays: int
    off: int = 0
    at: str = TUESDAY
    uses: tuple[tuple[Any, ...], ...] = ()
    earns: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    opens: dict[str, int] = field(default_factory=dict)
    paid_by_units: int = 0
    refused: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """`before` are purchases that bring a member to where the story begins."""

    name: str
    setups: tuple[Setup, ...]
    steps: tuple[Step, ...]
    before: tuple[dict[str, int], ...] = ()
    born: str = ""


def of(category: str) -> dict[str, Any]:
    return {"categories": {"any": [category]}}


ICE_CREAM = Story(
    "ice cream: a free cone after 10 purchases",
    (
        Setup(
            "Ice-cream card",
            {
                "card": {
                    "headline": "After 10 ice creams, the next cone is free",
                    "required": 10,
                    "reward_name": "Free ice-cream cone",
                    "reward_note": "One cone, any flavour",
                    "icon": "ice-cream",
                }
            },
            "stamp_card",
            "ice-cream",
        ),
    ),
    (
        # the tenth purchase: 9 + 1 = 10 stamps fill the card, 0 stay
        Step(
            {"coffee": 1},
            300,
            earns={"Ice-cream card": (1, 0)},
            opens={"Ice-cream card": 1},
            says=("1 stamp for this visit.",),
        ),
        # the cone is handed out beside a croissant, which is paid and earns its stamp
        Step(
            {"croissant": 1},
            200,
            uses=(("ready", "Free ice-cream cone"),),
            earns={"Ice-cream card": (1, 1)},
        ),
    ),
    before=({"coffee": 1},) * 9,
)

CAR_WASH = Story(
    "car wash: a free wash after 6 paid ones",
    (
        Setup(
            "Car wash card",
            {
                "card": {
                    "headline": "After 6 paid washes, the next one is free",
                    "required": 6,
                    "reward_name": "Free wash",
                    "reward_note": "Stamps are for paid washes",
                    "icon": "car",
                    "earn_by": "item",
                },
                "engine": {
                    "kind": "stamp_card",
                    "required": 6,
                    "rules": [{"key": "stamps", "per": "item", "conditions": {"goods": of("Washes")}}],
                    "rewards": [
                        {
                            "key": "Stamps are for paid washes",
                            "benefit": {"kind": "free_item", "target": of("Washes")},
                        }
                    ],
                },
            },
            "stamp_card",
            "car-wash",
            {
                "earn_by": "item",
                "goods_by": "categories",
                "goods": "Washes",
                "gives": "free_item",
                "reward_goods_by": "categories",
                "reward_goods": "Washes",
            },
        ),
    ),
    (
        # 15.00 + 3.00; the coffee is no wash: 5 + 1 = 6 stamps fill the card
        Step(
            {"wash": 1, "coffee": 1},
            1800,
            earns={"Car wash card": (1, 0)},
            opens={"Car wash card": 1},
            says=("1 stamp for 1 item.",),
        ),
        # two washes 30.00, one of them free; only the paid one earns
        Step(
            {"wash": 2},
            1500,
            off=1500,
            uses=(("ready", "Free wash"),),
            earns={"Car wash card": (1, 1)},
        ),
    ),
    before=({"wash": 5},),
)

SHOES = Story(
    "shoes: 20 % off every fifth pair",
    (
        Setup(
            "Shoe card",
            {
                "card": {
                    "headline": "A discount on every 5th pair of shoes",
                    "required": 4,
                    "reward_name": "Discount on your 5th pair",
                    "reward_note": "Four pairs at full price come first",
                    "icon": "shoe",
                    "earn_by": "item",
                },
                "engine": {
                    "kind": "stamp_card",
                    "required": 4,
                    "rules": [{"key": "stamps", "per": "item", "conditions": {"goods": of("Shoes")}}],
                    "rewards": [
                        {
                            "key": "Four pairs at full price come first",
                            "benefit": {
                                "kind": "percent",
                                "percent": "20",
                                "on": "cheapest",
                                "target": of("Shoes"),
                            },
                        }
                    ],
                },
            },
            "stamp_card",
            "shoes",
            {
                "goods_by": "categories",
                "goods": "Shoes",
                "gives": "percent",
                "percent": "20",
                "reward_goods_by": "categories",
                "reward_goods": "Shoes",
            },
        ),
    ),
    (
        # the fourth pair: 3 + 1 = 4 stamps fill the card
        Step({"shoes": 1}, 8000, earns={"Shoe card": (1, 0)}, opens={"Shoe card": 1}),
        # the fifth and the sixth: 80.00 + 120.00, 20 % off the cheaper one is 16.00; the fifth earns nothing
        Step(
            {"shoes": 1, "boots": 1},
            18400,
            off=1600,
            uses=(("ready", "Discount on your 5th pair"),),
            earns={"Shoe card": (1, 1)},
        ),
    ),
    before=({"shoes": 3},),
)

THREE_FOR_TWO = Story(
    "3 for 2 on the cheapest",
    (
        Setup(
            "3 for 2",
            {
                "terms": {
                    "trigger": "automatic",
                    "benefit": {"kind": "cheapest_free", "quantity": 3},
                    "conditions": {"goods": {"categories": {"any": ["Drinks", "Bakery"]}}},
                }
            },
            template="3for2",
            typed={"goods_categories": "Drinks, Bakery"},
        ),
    ),
    (
        # 2 × 3.00 + 2.00 + 15.00 = 23.00; the croissant is the cheapest of the three, the wash doesn't count
        Step({"coffee": 2, "croissant": 1, "wash": 1}, 2100, off=200),
        # 7 × 3.00 = 21.00; two full threes, so two are free: 6.00
        Step({"coffee": 7}, 1500, off=600),
        Step({"coffee": 2}, 600),
    ),
)

SECOND_COFFEE = Story(
    "second coffee half price before 10",
    (
        Setup(
            "Second one half price before 10",
            {
                "terms": {
                    "trigger": "automatic",
                    "benefit": {"kind": "buy_x_get_y", "buy": 1, "get": 1, "percent": 50},
                    "conditions": {
                        "goods": {"products": {"any": ["coffee"]}},
                        "hours": [{"start": "00:00", "end": "10:00"}],
                    },
                }
            },
            template="second",
            typed={"goods_products": "coffee"},
        ),
    ),
    (
        # three coffees are one pair and one: half of 3.00 is off 9.00
        Step({"coffee": 3}, 750, off=150, at="2026-03-03T09:59:59+02:00"),
        Step({"coffee": 3}, 900, at="2026-03-03T10:00:00+02:00"),
    ),
)

TEN_PERCENT = Story(
    "10 % off a category, at most 5.00",
    (
        Setup(
            "Cakes a tenth off",
            {
                "terms": {
                    "benefit": {"kind": "percent", "percent": "10", "max_discount_minor": 500},
                    "conditions": {"goods": of("Cakes")},
                },
                "code": "CAKES",
            },
            template="percent",
            typed={
                "name": "Cakes a tenth off",
                "goods_categories": "Cakes",
                "max_discount": "5",
                "code": "CAKES",
            },
        ),
    ),
    (
        # 25.00 + 3.00; a tenth of the cake is 2.50
        Step({"cake": 1, "coffee": 1}, 2550, off=250, uses=(("code", "CAKES"),)),
        # 75.00 + 3.00; a tenth of the cakes would be 7.50, at most 5.00
        Step({"cake": 3, "coffee": 1}, 7300, off=500, uses=(("code", "cakes"),)),
    ),
)

FIVE_OFF = Story(
    "5.00 off from 30.00, once a member",
    (
        Setup(
            "5 off from 30, once a member",
            {
                "terms": {
                    "benefit": {"kind": "amount", "amount_minor": 500, "on": "order"},
                    "conditions": {"min_amount_minor": 3000, "uses_per_member": 1},
                },
                "code": "FIVE",
            },
            template="amount",
            typed={"code": "FIVE"},
        ),
    ),
    (
        # 25.00 + 3.00 are 2.00 short of 30.00
        Step(
            {"cake": 1, "coffee": 1},
            2800,
            uses=(("code", "FIVE"),),
            refused=("amount_too_small",),
        ),
        # 25.00 + 2 × 3.00 = 31.00
        Step({"cake": 1, "coffee": 2}, 2600, off=500, uses=(("code", "FIVE"),)),
        Step({"cake": 1, "coffee": 2}, 3100, uses=(("code", "FIVE"),), refused=("used_up_by_member",)),
    ),
)

FREE_DELIVERY = Story(
    "a free delivery line from 20.00",
    (
        Setup(
            "Free delivery",
            {
                "terms": {
                    "trigger": "automatic",
                    "benefit": {"kind": "percent", "on": "delivery"},
                    "conditions": {"min_amount_minor": 2000},
                }
            },
            template="delivery",
            typed={"min_amount": "20"},
        ),
    ),
    (
        # 25.00 + 4.90 for bringing it, which is off
        Step({"cake": 1, DELIVERY: 490}, 2500, off=490),
        # 15.00 + 3.00 of goods are too little; delivery doesn't count towards it
        Step({"wash": 1, "coffee": 1, DELIVERY: 490}, 2290),
    ),
)

GOLD_TUESDAYS = Story(
    "double points for gold on Tuesdays",
    (
        Setup(
            "Tiers",
            {
                "engine": {
                    "kind": "tiers",
                    "rules": [{"key": "spend", "per": "amount", "step_minor": 100}],
                    "tiers": [
                        {"key": "tier-1", "threshold": 100},
                        {"key": "tier-2", "threshold": 300},
                        {"key": "tier-3", "threshold": 800},
                    ],
                    "window": {"months": 12, "grace_days": 30},
                },
                "words": {"tiers": {"tier-1": "Bronze", "tier-2": "Silver", "tier-3": "Gold"}},
            },
            "tiers",
            "tiers",
            {"tiers-1-multiplier": "1", "tiers-2-multiplier": "1"},
        ),
        Setup(
            "Points",
            {
                "engine": {
                    "kind": "points",
                    "rules": [{"key": "spend", "per": "amount", "step_minor": 100}],
                    "multipliers": [
                        {
                            "key": "Gold Tuesdays",
                            "factor": "2",
                            "conditions": {"weekdays": [2], "tiers": {"any": ["{Tiers}/tier-3"]}},
                        }
                    ],
                    "rewards": [
                        {
                            "key": "reward-1",
                            "cost": 100,
                            "benefit": {"kind": "amount", "on": "order", "amount_minor": 500},
                        }
                    ],
                    "expiry": {"months": 12},
                },
                "words": {"rewards": {"reward-1": {"name": "A discount for 100 points"}}},
            },
            "points",
            "points",
            {
                "multipliers-0-label": "Gold Tuesdays",
                "multipliers-0-factor": "2",
                "multipliers-0-weekdays": ["2"],
                "multipliers-0-tiers": ["{Tiers}/tier-3"],
            },
            ("multipliers",),
        ),
    ),
    (
        # 25.00 are 25 points, and 25 more for gold on a Tuesday: 825 + 50
        Step(
            {"cake": 1},
            2500,
            earns={"Points": (50, 850), "Tiers": (25, None)},
            says=("25 points for €25.00 that count.", "25 points more by “Gold Tuesdays” (×2)."),
        ),
        # on a Wednesday only the 25
        Step(
            {"cake": 1},
            2500,
            at="2026-03-04T09:30:00+02:00",
            earns={"Points": (25, 875), "Tiers": (25, None)},
        ),
    ),
    before=({"shoes": 10},),  # 800.00 on a Friday: gold, with 800 points
)

STAMP_A_TEN = Story(
    "1 stamp for each full 10.00, with overflow",
    (
        Setup(
            "Tens",
            {
                "card": {
                    "headline": "A stamp for every 10",
                    "required": 10,
                    "reward_name": "Free cake",
                    "earn_by": "amount",
                    "amount_step": {"amount_minor": 1000, "currency": "EUR"},
                }
            },
            "stamp_card",
            "",
            {
                "name": "Tens",
                "headline": "A stamp for every 10",
                "reward_name": "Free cake",
                "earn_by": "amount",
                "amount_step": "10",
            },
        ),
    ),
    (
        # 6 × 25.00 + 3.00 = 153.00 are 15 full tens: 8 + 15 = 23 stamps are 2 full cards and 3 on the next one
        Step(
            {"cake": 6, "coffee": 1},
            15300,
            earns={"Tens": (15, 3)},
            opens={"Tens": 2},
        ),
    ),
    before=({"shoes": 1},),  # 80.00: 8 stamps
)

NEXT_ORDER = Story(
    "a coupon for the next order",
    (
        Setup(
            "Five off next time",
            {
                "terms": {
                    "trigger": "personal",
                    "benefit": {"kind": "amount", "amount_minor": 500, "on": "order"},
                },
                "valid_days": 30,
            },
            template="personal",
            typed={"name": "Five off next time"},
        ),
        Setup(
            "A coupon with each purchase",
            {
                "terms": {
                    "trigger": "automatic",
                    "benefit": {"kind": "coupon", "item": "{Five off next time}"},
                    "conditions": {"members_only": True, "min_amount_minor": 2500},
                }
            },
            template="next",
            typed={"item": "{Five off next time}", "min_amount": "25"},
        ),
    ),
    (
        Step({"cake": 1}, 2500),
        # 2 × 3.00 less the 5.00 of the coupon that the cake brought; too little to bring another one
        Step({"coffee": 2}, 100, off=500, uses=(("coupon", "Five off next time"),)),
    ),
)

CASHBACK = Story(
    "cashback 3 %",
    (
        Setup(
            "Cashback",
            {
                "engine": {
                    "kind": "cashback",
                    "rules": [
                        {
                            "key": "spend",
                            "per": "amount",
                            "units": "3",
                            "step_minor": 100,
                            "rounding": "half_up",
                        }
                    ],
                    "rewards": [{"key": "reward-1", "benefit": {"kind": "payment", "unit_value_minor": "1"}}],
                    "expiry": {"months": 12},
                },
                "words": {"rewards": {"reward-1": {"name": "Pay with it"}}},
            },
            "cashback",
            "cashback",
            {"rules-0-rounding": "half_up"},
        ),
    ),
    (
        # 1.50 of the 25.00 is paid with what came back before; 3 % of the other 23.50 is 0.705, rounded 0.71
        Step(
            {"cake": 1},
            2350,
            uses=(("redeem", "Cashback", "reward-1", "Pay with it", 150),),
            paid_by_units=150,
            earns={"Cashback": (71, 71)},
        ),
    ),
    before=({"cake": 2},),  # 3 % of 50.00 is 1.50
)

BIRTHDAY = Story(
    "a birthday reward for a week",
    (
        Setup(
            "A gift in the birthday week",
            {
                "terms": {
                    "trigger": "automatic",
                    "benefit": {"kind": "free_item", "target": {"products": {"any": ["cake"]}}},
                    "conditions": {"birthday": {"days_after": 6}, "uses_per_member": 1},
                }
            },
            template="birthday",
            typed={"target_products": "cake"},
        ),
    ),
    (
        # born on 29 February, celebrated on the 28th in 2026: from 28 February to 6 March
        Step({"cake": 1, "coffee": 1}, 2800, at="2026-02-27T23:59:00+02:00"),
        Step({"cake": 1, "coffee": 1}, 2800, at="2026-03-07T00:00:00+02:00"),
        Step({"cake": 1, "coffee": 1}, 300, off=2500, at="2026-03-06T23:59:00+02:00"),
        Step({"cake": 1, "coffee": 1}, 2800, at="2026-03-06T23:59:30+02:00"),
    ),
    born="1996-02-29",
)

ONE_AFTER_THE_OTHER = Story(
    "two coupons, one after the other",
    (
        Setup(
            "A tenth off everything",
            {
                "terms": {
                    "benefit": {"kind": "percent", "percent": "10", "on": "order"},
                    "stacking": {"priority": 2},
                },
                "code": "TENTH",
            },
            template="percent",
            typed={"name": "A tenth off everything", "code": "TENTH", "on": "order", "priority": "2"},
        ),
        Setup(
            "5 off from 30, once a member",
            {
                "terms": {
                    "benefit": {"kind": "amount", "amount_minor": 500, "on": "order"},
                    "conditions": {"min_amount_minor": 3000, "uses_per_member": 1},
                    "stacking": {"priority": 1},
                },
                "code": "FIRST5",
            },
            template="amount",
            typed={"code": "FIRST5", "priority": "1"},
        ),
    ),
    (
        # 25.00 + 15.00 = 40.00, less 5.00 is 35.00, less a tenth of that, 3.50; the other way it would be 31.00
        Step({"cake": 1, "wash": 1}, 3150, off=850, uses=(("code", "TENTH"), ("code", "FIRST5"))),
    ),
)

STORIES = (
    ICE_CREAM,
    CAR_WASH,
    SHOES,
    THREE_FOR_TWO,
    SECOND_COFFEE,
    TEN_PERCENT,
    FIVE_OFF,
    ONE_AFTER_THE_OTHER,
    FREE_DELIVERY,
    GOLD_TUESDAYS,
    STAMP_A_TEN,
    NEXT_ORDER,
    CASHBACK,
    BIRTHDAY,
)
