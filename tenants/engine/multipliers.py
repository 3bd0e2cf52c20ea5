"""What multiplies units: bonus rules and tiers, on which goods, and how much each of them brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

from tenants.engine.bases import Base
from tenants.engine.conditions import ANYTHING
from tenants.engine.goods import find
from tenants.engine.groups import Group
from tenants.engine.occasions import refusal
from tenants.engine.programs import Program
from tenants.engine.reasons import Reason
from tenants.engine.sharing import Number, exact, share
from tenants.engine.values import Basket, Member


@dataclass(frozen=True)
class Factor:
    """Something that multiplies units: by how much, on which groups (None: also where nothing is known of goods)."""

    reason: Literal["multiplied", "tier_multiplied"]
    key: str
    factor: Number
    groups: frozenset[int]
    is_general: bool


def factors_of(
    program: Program,
    basket: Basket,
    member: Member,
    groups: Sequence[Group],
    base: Base,
    tier_factors: Mapping[str, Number],
) -> Iterator[Factor]:
    every = frozenset(range(len(groups)))
    for multiplier in program.terms.multipliers:
        conditions = multiplier.conditions
        goods = find(conditions, groups, base.open_to, base.amounts)
        used = member.uses.get(f"{program.id}/{multiplier.key}", 0)
        if not goods.refused and not refusal(conditions, basket, member, used):
            is_general = conditions.goods == ANYTHING
            found = frozenset(goods.indices)
            yield Factor("multiplied", multiplier.key, exact(multiplier.factor), found, is_general)
    if not program.terms.ignores_tiers:
        for tier, factor in sorted(tier_factors.items()):
            yield Factor("tier_multiplied", tier, factor, every, True)


def acting_on(program: Program, index: int, factors: Sequence[Factor]) -> list[Factor]:
    return chosen(program, [f for f in factors if index in f.groups or (index == -1 and f.is_general)])


def chosen(program: Program, factors: Sequence[Factor]) -> list[Factor]:
    if program.terms.combine != "best" or not factors:
        return list(factors)
    return [max(factors, key=lambda f: f.factor)]


def combined(program: Program, factors: Sequence[Factor]) -> Number:
    if program.terms.combine == "add":
        return 1 + sum(f.factor - 1 for f in factors)
    return prod(f.factor for f in factors)


def reasons_for(more: int, plain: Mapping[int, Number], acting: Mapping[int, list[Factor]]) -> list[Reason]:
    """The units beyond the plain ones, shared over what multiplied them; with the plain ones they sum to the whole."""
    gains: dict[tuple[str, str, Number], Number] = {}
    for index, weight in plain.items():
        for f in acting[index]:
            name = (f.reason, f.key, f.factor)
            gains[name] = gains.get(name, 0) + weight * (f.factor - 1)
    names = sorted(name for name, gain in gains.items() if gain)
    if not more or not names:
        return []
    parts = share(more, [gains[name] for name in names], names)
    label = {"multiplied": "rule", "tier_multiplied": "tier"}
    return [
        Reason(code, {"units": part, label[code]: key, "factor": f"{float(factor):g}"})
        for (code, key, factor), part in zip(names, parts, strict=True)
    ]
