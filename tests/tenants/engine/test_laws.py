"""Laws of one purchase: whatever the rules and the basket, these hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tenants.engine.earning import units_by_line
from tenants.engine.mapping import from_mapping, to_mapping
from tenants.engine.refunds import refund, rest
from tenants.engine.results import Result
from tenants.engine.returns import VISIT
from tenants.engine.values import Member
from tests.tenants.engine import strategies
from tests.tenants.engine.shop import facts, judge, member, program
from tests.tenants.engine.strategies import many


def after(example: dict[str, Any], result: Result) -> Member:
    """The member once the result is stored."""
    before = member([program(terms, name) for name, terms in example["programs"].items()], example)
    changed = {o.program_id: o.enrolment for o in result.outcomes if o.enrolment}
    return replace(before, enrolments={**before.enrolments, **changed})


def charged(result: Result, lines: list[dict[str, Any]]) -> Counter[str]:
    """Net money by what a line is, whatever its key and quantity."""
    found: Counter[str] = Counter()
    nets = {line.key: line.net_minor for line in result.lines}
    for line in lines:
        content = {
            key: value for key, value in line.items() if key not in ("key", "quantity", "discount_minor")
        }
        content["categories"] = sorted(content["categories"])
        found[repr(content)] += nets[line["key"]]
    return found


@many(40)
@given(strategies.examples, st.randoms(use_true_random=False))
def test_the_same_input_gives_the_same_answer_in_any_order_of_lines(example, random):
    result = judge(example)
    assert judge(example) == result
    mixed = list(example["lines"])
    random.shuffle(mixed)
    other = judge({**example, "lines": mixed})
    by_key = {line.key: line for line in result.lines}
    assert replace(other, lines=()) == replace(result, lines=())
    assert {line.key: line for line in other.lines} == by_key


@st.composite
def split_lines(draw: Any, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same goods with quantities split over more lines."""
    found = []
    for line in lines:
        whole, discount = Decimal(line["quantity"]), line["discount_minor"]
        first = draw(st.sampled_from([whole, whole / 2, Decimal(1)]))
        is_split = 0 < first < whole and first.as_tuple().exponent >= -6
        if not is_split:
            found.append(line)
            continue
        part = min(discount, int(first * line["unit_price_minor"]))
        other = whole - first
        if discount - part > int(other * line["unit_price_minor"]):
            found.append(line)
            continue
        found.append({**line, "quantity": str(first), "discount_minor": part})
        found.append(
            {**line, "key": line["key"] + "b", "quantity": str(other), "discount_minor": discount - part}
        )
    return found


@many(40)
@given(st.data(), strategies.examples)
def test_splitting_a_quantity_over_lines_changes_nothing(data, example):
    lines = data.draw(split_lines(example["lines"]))
    whole, split = judge(example), judge({**example, "lines": lines})
    assert facts(split) == facts(whole)
    assert charged(split, lines) == charged(whole, example["lines"])
    assert [replace(used, ready=None) for used in split.used] == [
        replace(used, ready=None) for used in whole.used
    ]
    assert split.payments == whole.payments
    for one, other in zip(whole.outcomes, split.outcomes, strict=True):
        assert [earned.why for earned in one.earned] == [earned.why for earned in other.earned]


@many(40)
@given(strategies.examples)
def test_cents_add_up_and_no_line_is_reduced_by_more_than_it_costs(example):
    result = judge(example)
    for line in result.lines:
        assert 0 <= line.net_minor <= line.gross_minor
        assert all(discount.amount_minor > 0 for discount in line.discounts)
        taken = sum(discount.amount_minor for discount in line.discounts)
        assert line.gross_minor - line.till_discount_minor - taken == line.net_minor
    assert result.total_minor == sum(line.net_minor for line in result.lines)
    assert result.discount_minor == sum(line.gross_minor for line in result.lines) - result.total_minor
    by_source: Counter[Any] = Counter()
    for line in result.lines:
        for discount in line.discounts:
            by_source[discount.source] += discount.amount_minor
    used: Counter[Any] = Counter()
    for item in result.used:
        used[item.source] += item.discount_minor
    assert +used == +by_source
    assert result.due_minor == result.total_minor - sum(payment.amount_minor for payment in result.payments)
    assert result.due_minor >= 0


@many(40)
@given(strategies.examples)
def test_every_unit_is_explained_and_none_is_spent_twice(example):
    result = judge(example)
    once = Counter(used.source.id for used in result.used if used.source.kind != "reward")
    assert all(count == 1 for count in once.values())
    for outcome in result.outcomes:
        assert not once.keys() & {ready.id for ready in outcome.enrolment.ready}
        for earned in outcome.earned:
            assert sum(int(reason.params["units"]) for reason in earned.why) == earned.units
            assert earned.per == "visit" or sum(units_by_line(earned).values()) == earned.units
        assert sum(earned.units for earned in outcome.earned) == outcome.units == (outcome.lot or _Zero).units
        before = example["balances"].get(outcome.program_id, 0)
        pieces = [
            p for used in result.used for p in used.pieces if used.source.program_id == outcome.program_id
        ]
        pieces += [p for pay in result.payments for p in pay.pieces if pay.program_id == outcome.program_id]
        assert sum(piece.units for piece in pieces) == outcome.spent
        by_lot: Counter[str] = Counter()
        for piece in pieces:
            by_lot[piece.id] += piece.units
        assert by_lot["start"] <= before
        opened = [r for r in outcome.enrolment.ready if r.id in outcome.ready]
        filled = sum(piece.units for ready in opened for piece in ready.pieces)
        assert outcome.enrolment.account.balance == before + outcome.units - outcome.spent - filled
    assert from_mapping(Result, to_mapping(result)) == result


def totals(payments: Any) -> dict[str, tuple[int, int]]:
    """Money and units by what paid."""
    found: dict[str, tuple[int, int]] = {}
    for payment in payments:
        money, units = found.get(payment.id, (0, 0))
        found[payment.id] = (money + payment.amount_minor, units + payment.units)
    return found


class _Zero:
    units = 0


@many(40)
@given(st.data(), strategies.examples)
def test_partial_refunds_sum_to_the_full_one_and_leave_the_member_as_before(data, example):
    result = judge(example)
    start = member([program(terms, name) for name, terms in example["programs"].items()], example)
    who = bought = after(example, result)
    whole = refund(result, {}, rest(result, {}), bought)
    returned: dict[str, Decimal] = {}
    short: Counter[str] = Counter()
    parts = []
    while left := rest(result, returned):
        key = data.draw(st.sampled_from(sorted(left)))
        is_part = key != VISIT and left[key] > 1 and not returned.get(key) and data.draw(st.booleans())
        some = Decimal(1) if is_part else left[key]
        part = refund(result, returned, {key: some}, who, short)
        returned[key] = returned.get(key, Decimal(0)) + some
        short.update({reversal.program_id: reversal.shortfall for reversal in part.reversals})
        who = replace(who, enrolments=part.enrolments)
        parts.append(part)
    assert whole.amount_minor == sum(part.amount_minor for part in parts) == result.total_minor
    assert whole.money_minor == sum(part.money_minor for part in parts) == result.due_minor
    back = [payment for part in parts for payment in part.payments]
    for payments in (back, whole.payments):
        assert totals(payments) == totals(result.payments)
    assert not +short
    assert sorted(s.id for part in parts for s in part.coupons) == sorted(s.id for s in whole.coupons)
    assert sum(part.is_everything for part in parts) >= 1
    for name, enrolment in who.enrolments.items():
        before = start.enrolments[name]
        assert enrolment.account.balance == before.account.balance, name
        if (
            not example["programs"].get(name, {}).get("spends_at_once")
        ):  # its own units aren't among those it spent
            assert enrolment.account == before.account, name
        assert {ready.id for ready in enrolment.ready} == {ready.id for ready in before.ready}
        assert whole.enrolments[name].account == before.account, name
