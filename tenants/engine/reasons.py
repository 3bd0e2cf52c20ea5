"""Why: every explanation and refusal is a code with parameters, put into words elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Each code with the parameters it carries. Whoever translates them can be complete by this table.
CODES: dict[str, tuple[str, ...]] = {
    # why units came in, or did not
    "earned_visit": ("units",),
    "earned_items": ("units", "items"),
    "earned_amount": ("units", "amount_minor", "step_minor"),
    "multiplied": ("units", "rule", "factor"),
    "tier_multiplied": ("units", "tier", "factor"),
    "capped": ("units", "max"),
    "nothing_earned": ("rule",),
    "bonus": ("units", "event"),
    "no_member": (),
    # why a rule, coupon or reward does not hold
    "other_currency": ("currency",),
    "wrong_weekday": ("weekdays",),
    "wrong_hour": ("hours",),
    "not_yet": ("first_day",),
    "over": ("last_day",),
    "wrong_location": (),
    "needs_member": (),
    "no_birthday_known": (),
    "not_birthday": ("days_before", "days_after"),
    "wrong_tier": ("tiers",),
    "wrong_segment": (),
    "wrong_tags": (),
    "not_first_purchase": (),
    "not_away_long_enough": ("days",),
    "used_up_by_member": ("uses", "max"),
    "no_matching_goods": (),
    "goods_missing": ("missing",),
    "quantity_too_small": ("quantity", "min"),
    "amount_too_small": ("amount_minor", "min_minor"),
    "nothing_to_reduce": (),
    "excluded_by": ("source",),
    "better_in_group": ("source", "group"),
    "used_twice": (),
    "unknown_program": (),
    "unknown_reward": (),
    "reward_expired": (),
    "not_enough_units": ("units", "balance"),
    "already_happened": ("event",),
    "cap_reached": ("max",),
    "self_referral": (),
    # what the room of coupons finds
    "unknown_code": (),
    "code_used": (),
    "code_void": (),
    "code_expired": ("day",),
    "coupon_paused": (),
    "used_up": ("max",),
    "used_up_for_now": ("max", "until"),
    "used_up_by_member_for_now": ("max", "until"),
}


@dataclass(frozen=True)
class Reason:
    """One reason; `params` are exactly those its code carries."""

    code: str
    params: Mapping[str, int | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if set(self.params) != set(CODES[self.code]):
            raise ValueError(f"{self.code} carries {CODES[self.code]}")


def because(code: str, **params: int | str) -> Reason:
    return Reason(code, params)
