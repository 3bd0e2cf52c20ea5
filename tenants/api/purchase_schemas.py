"""Schemas of purchases: the basket that is sent, the judgement that is answered, what is returned."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from tenants.api.schemas import ONE_LINE_OR_NONE, Answer, Body, Moment, Money, PageQuery
from tenants.purchases.wishes import MOST_CHOICES, MOST_LINES

Kind = Literal["stamp_card", "points", "cashback", "tiers", "bonus"]
MOST_MINOR = 2**31 - 1
Quantity = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,7}(\.[0-9]{1,6})?$", max_length=14, description="A decimal: “2” or “0.333”."),
]
Minor = Annotated[int, Field(ge=0, le=MOST_MINOR)]
Key = Annotated[str, Field(min_length=1, max_length=80, description="The line’s name in this purchase.")]


class NewLine(Body):
    """A line of a basket. Goods known by their SKU bring their categories and tags; others are added to the products.

    Without lines a purchase is a visit. For an amount only, send one line with that price.
    """

    key: Annotated[
        str, Field(max_length=80, description="Names the line for refunds; if empty, its place from 1 on.")
    ] = ""
    sku: Annotated[str, Field(max_length=80)] = ""
    name: Annotated[str, Field(max_length=200), ONE_LINE_OR_NONE] = ""
    categories: Annotated[list[Annotated[str, Field(min_length=1, max_length=80)]], Field(max_length=20)] = (
        Field(default_factory=list)
    )
    tags: Annotated[list[Annotated[str, Field(min_length=1, max_length=40)]], Field(max_length=20)] = Field(
        default_factory=list
    )
    quantity: Quantity = "1"
    unit_price_minor: Minor
    discount_minor: Annotated[Minor, Field(description="The till’s own discount on the whole line.")] = 0
    tax_minor: Annotated[Minor, Field(description="The tax within what is left of the price.")] = 0
    is_delivery: bool = False


class Spend(Body):
    """Units to spend on a reward of a program, on this purchase."""

    program_id: UUID
    reward_key: Annotated[str, Field(min_length=1, max_length=80)]
    units: Annotated[
        int | None, Field(ge=1, le=MOST_MINOR, description="Where the member may choose how many.")
    ] = None


class Basket(Body):
    """What is bought, by whom, and what is to be used on it."""

    member_id: UUID | None = None
    lines: Annotated[list[NewLine], Field(max_length=MOST_LINES)] = Field(default_factory=list)
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    coupon_codes: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=80)]], Field(max_length=MOST_CHOICES)
    ] = Field(default_factory=list)
    reward_ids: Annotated[
        list[UUID],
        Field(max_length=MOST_CHOICES, description="Rewards that are ready and used on this purchase."),
    ] = Field(default_factory=list)
    spend: Annotated[list[Spend], Field(max_length=MOST_CHOICES)] = Field(default_factory=list)
    location_id: UUID | None = None
    receipt_number: Annotated[
        str,
        Field(max_length=80, description="The till’s own; bought once each. A quote doesn’t look at it."),
        ONE_LINE_OR_NONE,
    ] = ""


class NewPurchase(Basket):
    """A basket that is bought."""

    occurred_at: Annotated[
        AwareDatetime | None, Field(description="When it was, with its time zone, if not now.")
    ] = None
    expected_due_minor: Annotated[
        Minor | None, Field(description="What was quoted as due: refused when it is another amount by now.")
    ] = None


class Reason(Answer):
    """A reason: a code with what belongs to it, and a sentence in the language asked for."""

    code: str
    params: dict[str, Any]
    sentence: str


class Cause(Answer):
    """What took something off, was refused, or issued something: a coupon, a reward bought with units, a ready one."""

    kind: Literal["coupon", "reward", "ready"]
    id: str


class LineDiscount(Answer):
    """What one cause took off a line."""

    cause: Cause
    amount: Money


class Line(Answer):
    """A line as it is charged: gross less both discounts is net."""

    key: str
    quantity: str
    gross: Money
    till_discount: Money
    discounts: list[LineDiscount]
    net: Money


class Use(Answer):
    """A coupon or reward that is used: how often it applied, what it took off, the units it costs, and how many
    items are to be handed out that aren't in the basket."""

    cause: Cause
    times: int
    discount: Money
    units: int
    to_hand_out: int


class RefusedUse(Answer):
    """A coupon or reward that can't be used, and why."""

    cause: Cause
    reason: Reason


class Payment(Answer):
    """What units or gift cards pay."""

    kind: Literal["gift_card", "units"]
    id: str
    amount: Money
    units: int


class Outcome(Answer):
    """What the purchase does in one of the member's programs."""

    program_id: UUID
    kind: Kind
    units_earned: int
    reasons: list[Reason]
    units_spent: int
    balance: Annotated[int | None, Field(description="Afterwards; none for tiers.")]
    tier: Annotated[str | None, Field(description="Afterwards, by its key.")]
    rewards_ready: Annotated[int, Field(description="Rewards that become ready by it.")]
    affordable: Annotated[list[str], Field(description="Keys of rewards that the balance is enough for.")]


class Judgement(Answer):
    """What a basket costs, uses, earns and opens, and why. total is the sum of the lines’ net; due is what is left to
    pay in money. refused names what was asked for and does nothing; hints, what a little more
    in the basket would bring."""

    currency: str
    total: Money
    discount: Money
    due: Money
    lines: list[Line]
    used: list[Use]
    refused: list[RefusedUse]
    hints: list[RefusedUse]
    payments: list[Payment]
    programs: list[Outcome]


class Returned(Answer):
    """So much of a line that was returned."""

    key: str
    quantity: str


class Refund(Answer):
    """What was returned at once."""

    id: UUID
    purchase_id: UUID
    amount: Money
    money: Annotated[
        Money, Field(description="To give back in money, after what units and gift cards had paid.")
    ]
    is_everything: bool
    lines: list[Returned]
    reason: str
    occurred_at: Moment


class Purchase(Answer):
    """A purchase; never changed, returns are refunds. One that was read from a file has no judgement."""

    id: UUID
    member_id: UUID | None
    location_id: UUID | None
    receipt_number: str | None
    total: Money
    occurred_at: Moment
    recorded_at: Moment
    judgement: Judgement | None
    refunds: list[Refund]


class PurchaseSummary(Answer):
    """A purchase in a list."""

    id: UUID
    member_id: UUID | None
    location_id: UUID | None
    receipt_number: str | None
    total: Money
    occurred_at: Moment


class PurchasePage(Answer):
    """Purchases, the newest first."""

    data: list[PurchaseSummary]
    next_cursor: str | None


class PurchaseQuery(PageQuery):
    """Which purchases: all conditions hold together."""

    member_id: UUID | None = None
    receipt_number: Annotated[str | None, Field(min_length=1, max_length=80)] = None


class ReturnedLine(Body):
    """So much of a line to return."""

    key: Key
    quantity: Quantity = "1"


class NewRefund(Body):
    """What to return; null is all that is left."""

    lines: Annotated[list[ReturnedLine] | None, Field(min_length=1, max_length=MOST_LINES)] = None
    reason: Annotated[str, Field(max_length=300), ONE_LINE_OR_NONE] = ""
    location_id: UUID | None = None
