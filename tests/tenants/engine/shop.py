"""A small shop for the engine's tests: baskets, members and programs from plain data."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tenants.engine.lots import Account, Lot
from tenants.engine.mapping import from_mapping
from tenants.engine.programs import Program, ProgramTerms
from tenants.engine.quote import quote
from tenants.engine.results import Result
from tenants.engine.rewards import Coupon, CouponTerms
from tenants.engine.values import (
    Basket,
    Choice,
    Enrolment,
    GiftCard,
    Line,
    Member,
    Ready,
    Redeem,
    Standing,
    UseReady,
)

TUESDAY = "2026-03-03T09:30:00+02:00"
NOW = dt.datetime.fromisoformat(TUESDAY)


def program(terms: dict[str, Any], name: str = "p", version: str = "v1") -> Program:
    return Program(name, version, "EUR", from_mapping(ProgramTerms, terms))


def coupon(terms: dict[str, Any], name: str = "c") -> Coupon:
    return Coupon(name, name, "v1", "EUR", from_mapping(CouponTerms, terms))


def basket(lines: list[dict[str, Any]], at: str = TUESDAY, key: str = "b1", **more: Any) -> Basket:
    values = {"key": key, "currency": "EUR", "at": at, "time_zone": "Europe/Athens", "lines": lines, **more}
    return from_mapping(Basket, values)


def line(key: str = "1", price: int = 100, quantity: Any = 1, **more: Any) -> Line:
    return from_mapping(Line, {"key": key, "unit_price_minor": price, "quantity": quantity, **more})


def account(units: int) -> Account:
    return Account((Lot("start", units, NOW - dt.timedelta(days=30)),)) if units else Account()


def member(programs: list[Program], example: dict[str, Any]) -> Member:
    enrolments = {}
    for item in programs:
        ready = tuple(
            Ready(name, item.id, item.version_id, item.terms.card_reward, account(item.terms.required).lots)
            for name in example.get("ready", {}).get(item.id, [])
        )
        units = example.get("balances", {}).get(item.id, 0)
        enrolments[item.id] = Enrolment(account(units), None, ready)
    born = example.get("birthday")
    return Member(
        "m1",
        birthday=dt.date.fromisoformat(born) if born else None,
        enrolments=enrolments,
        standings={name: Standing(tier) for name, tier in example.get("tiers", {}).items()},
        uses=example.get("uses", {}),
        segments=frozenset(example.get("segments", ())),
        purchase_count=example.get("purchase_count", 0),
    )


def choice(data: dict[str, Any]) -> Choice:
    if "ready" in data:
        return UseReady(data["ready"])
    if "gift_card" in data:
        return GiftCard(data["gift_card"], data["value"])
    return Redeem(data["program"], data["reward"], data.get("units"))


def judge(example: dict[str, Any]) -> Result:
    """The engine's answer to an example as tests/factories/examples.py states it."""
    programs = [program(terms, name) for name, terms in example.get("programs", {}).items()]
    coupons = [coupon(terms, name) for name, terms in example.get("coupons", {}).items()]
    choices = [choice(data) for data in example.get("choices", [])]
    who = None if example.get("no_member") else member(programs, example)
    return quote(
        basket(example["lines"], example.get("at", TUESDAY), **example.get("basket", {})),
        who,
        programs,
        coupons,
        choices,
    )


def facts(result: Result) -> dict[str, Any]:
    """What examples state as expected."""
    return {
        "total": result.total_minor,
        "discount": result.discount_minor,
        "due": result.due_minor,
        "units": {outcome.program_id: outcome.units for outcome in result.outcomes},
        "ready": {outcome.program_id: len(outcome.ready) for outcome in result.outcomes},
        "balance": {o.program_id: o.enrolment.account.balance for o in result.outcomes if o.enrolment},
        "refused": {refused.source.id: refused.reason.code for refused in result.refused},
        "grants": [[g.kind, g.item, g.count, g.amount_minor] for g in result.grants],
        "tier": {o.program_id: o.standing.tier for o in result.outcomes if o.standing},
        "to_hand_out": sum(used.to_hand_out for used in result.used),
    }


def assert_expected(result: Result, expected: dict[str, Any]) -> None:
    found = facts(result)
    for name, value in expected.items():
        if isinstance(value, dict):
            assert {key: found[name].get(key) for key in value} == value, name
        else:
            assert found[name] == value, name
