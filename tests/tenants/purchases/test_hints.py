"""What a till is told of coupons and rewards that do nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.purchases import hints
from tests.tenants.engine.shop import judge

CUP = {"unit_price_minor": 300, "sku": "coffee"}
THREE = {"kind": "cheapest_free", "quantity": 3}
TWO_PLUS_ONE = {"kind": "buy_x_get_y", "buy": 2, "get": 1}
TEN = {"kind": "percent", "percent": 10}


@pytest.mark.parametrize(
    ("trigger", "coupon", "cups", "refused", "hinted"),
    [
        ("automatic", {"benefit": THREE}, "2", None, "quantity_too_small"),
        ("automatic", {"benefit": THREE}, "1", None, None),
        ("automatic", {"benefit": THREE}, "3", None, None),
        ("code", {"benefit": THREE}, "2", "quantity_too_small", None),
        ("code", {"benefit": THREE}, "1", "quantity_too_small", None),
        ("automatic", {"benefit": TWO_PLUS_ONE}, "2", None, "quantity_too_small"),
        ("code", {"benefit": TWO_PLUS_ONE}, "0.5", "nothing_to_reduce", None),
        ("automatic", {"benefit": TEN, "conditions": {"min_quantity": "4"}}, "2", None, "quantity_too_small"),
        ("automatic", {"benefit": TEN, "conditions": {"min_quantity": "4"}}, "1.9", None, None),
        (
            "automatic",
            {"benefit": TEN, "conditions": {"min_amount_minor": 600}},
            "1",
            None,
            "amount_too_small",
        ),
        ("automatic", {"benefit": TEN, "conditions": {"min_amount_minor": 601}}, "1", None, None),
        ("code", {"benefit": TEN, "conditions": {"min_amount_minor": 601}}, "1", "amount_too_small", None),
        ("automatic", {"benefit": TEN, "conditions": {"first_day": "2999-01-01"}}, "1", None, None),
        ("code", {"benefit": TEN, "conditions": {"first_day": "2999-01-01"}}, "1", "not_yet", None),
        ("personal", {"benefit": TEN, "conditions": {"first_day": "2999-01-01"}}, "1", "not_yet", None),
    ],
)
def test_only_what_was_asked_for_is_refused_and_what_is_near_is_hinted_at(
    trigger: str, coupon: dict[str, Any], cups: str, refused: str | None, hinted: str | None
) -> None:
    result = judge(
        {"coupons": {"c": {**coupon, "trigger": trigger}}, "lines": [{"key": "1", "quantity": cups, **CUP}]}
    )
    assert [one.reason.code for one in hints.refused(result)] == [code for code in [refused] if code]
    assert [one.reason.code for one in hints.hints(result)] == [code for code in [hinted] if code]


def test_no_more_than_three_hints_are_given() -> None:
    near = {"trigger": "automatic", "benefit": THREE}
    result = judge({"coupons": dict.fromkeys("abcde", near), "lines": [{"key": "1", "quantity": "2", **CUP}]})
    assert len(hints.hints(result)) == hints.MOST_HINTS
