"""What a program's version says, as the engine reads it; stamp cards are translated, other kinds are stored as it is.

Stored for kinds other than stamp cards: {"engine": ProgramTerms as a mapping, "words": {"headline", "unit", "icon",
"rewards": {key: {"name", "note"}}, "tiers": {key: name}}}. A stamp card is stored flat (rules.Terms); it may carry
"engine" beside that, where purchases are to count by more than visits, items or amounts.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from saas.db import db
from tenants.engine import contradictions
from tenants.engine import programs as engine
from tenants.engine.benefits import Benefit
from tenants.engine.mapping import Invalid, Problem, from_mapping
from tenants.engine.programs import EarningRule, ProgramTerms
from tenants.engine.rewards import Reward
from tenants.programs import coupon_names
from tenants.programs.models import Program, ProgramVersion
from tenants.programs.rules import Terms

MAX_KEPT = 5_000
LONGEST_WORDS = {"headline": 200, "unit": 40, "icon": 30}
_kept: dict[tuple[uuid.UUID, str], engine.Program] = {}


def terms_of(mapping: Mapping[str, Any]) -> ProgramTerms:
    """The engine's terms of what a version stores. Raises Invalid."""
    if "engine" in mapping:
        return from_mapping(ProgramTerms, mapping["engine"], "engine")
    return of_stamp_card(Terms.from_mapping(mapping))


def of_stamp_card(terms: Terms) -> ProgramTerms:
    """A flat stamp card. The reward's key is its note, so that another note counts as another promise."""
    rules: tuple[EarningRule, ...] = ()
    if terms.earn_by == "amount" and terms.amount_step_minor > 0:
        rules = (EarningRule("stamps", "amount", step_minor=terms.amount_step_minor, full_steps=True),)
    elif terms.earn_by != "amount":
        rules = (EarningRule("stamps", "item" if terms.earn_by == "item" else "visit", Decimal(1)),)
    reward = Reward(terms.reward_note or "reward", Benefit("merchandise", item=terms.reward_name))
    return ProgramTerms("stamp_card", rules, rewards=(reward,), required=terms.required)


def program_of(version: ProgramVersion, currency: str) -> engine.Program:
    """A version as the engine's program; this process keeps them, since versions never change."""
    key = (version.id, currency)
    found = _kept.get(key)
    if found is None:
        found = engine.Program(str(version.program_id), str(version.id), currency, terms_of(version.terms))
        if len(_kept) >= MAX_KEPT:
            _kept.clear()
        _kept[key] = found
    return found


def in_force_at(at: dt.datetime, currency: str) -> list[engine.Program]:
    """The programs that run, each by the version that was in force at a moment."""
    rows = db.session.scalars(
        select(ProgramVersion)
        .join(Program, Program.id == ProgramVersion.program_id)
        .where(Program.status == "published", ProgramVersion.published_at <= at)
        .ext(distinct_on(ProgramVersion.program_id))
        .order_by(ProgramVersion.program_id, ProgramVersion.published_at.desc(), ProgramVersion.number.desc())
    )
    return [program_of(version, currency) for version in rows]


def versions_of(ids: Iterable[uuid.UUID], currency: str) -> dict[str, engine.Program]:
    """Versions by their ids as texts."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = db.session.scalars(select(ProgramVersion).where(ProgramVersion.id.in_(wanted)))
    return {str(version.id): program_of(version, currency) for version in rows}


def reward_name(mapping: Mapping[str, Any], reward: Reward) -> str:
    """What a reward is called in the version that promised it."""
    if "words" not in mapping:
        return str(mapping.get("reward_name") or reward.benefit.item or reward.key)[:120]
    named = mapping["words"].get("rewards", {}).get(reward.key, {})
    return str(named.get("name") or reward.benefit.item or reward.key)[:120]


def reward_words(mapping: Mapping[str, Any], promised: Mapping[str, Any] | None) -> tuple[str, str]:
    """The note and the picture that go with a reward: `mapping` is its version, `promised` the reward as stored."""
    if "words" not in mapping:
        card = Terms.from_mapping(mapping)
        return card.reward_note, card.icon
    words = mapping["words"]
    named = words.get("rewards", {}).get((promised or {}).get("key"), {})
    return str(named.get("note", "")), str(words.get("icon") or "gift")


def tier_name(mapping: Mapping[str, Any], key: str) -> str:
    return str(mapping.get("words", {}).get("tiers", {}).get(key) or key)


def faults(kind: str, mapping: Mapping[str, Any], others: Sequence[engine.Program] = ()) -> list[Problem]:
    """What keeps terms from being published, each by the path of its field; `others` are the programs beside it."""
    try:
        terms = terms_of(mapping)
    except Invalid as invalid:
        return list(invalid.problems)
    except TypeError:
        return [Problem("engine", "missing_field")]
    found = [*_word_faults(mapping.get("words", {}), terms)]
    if terms.kind != kind:
        found.append(Problem("engine.kind", "contradicts", {"with": "kind"}))
    if kind != "stamp_card" and "engine" not in mapping:
        found.append(Problem("engine", "missing_field"))
    if kind == "stamp_card":
        found += _card_faults(mapping, terms)
    if "engine" in mapping:
        found += _contradictions(terms, others)
    return found


def _contradictions(terms: ProgramTerms, others: Sequence[engine.Program]) -> Iterator[Problem]:
    """What can't be meant, and coupons that can't be given."""
    own = engine.Program("", "", others[0].currency if others else "", terms)
    for problem in contradictions.problems([*others, own], ()):
        before, _prefix, path = problem.path.partition("programs..")
        is_coupon = problem.code == "unknown_name" and path.endswith("benefit.item")
        if is_coupon and coupon_names.can_be_given(str(problem.params["value"])):
            continue
        if not before and path:
            yield Problem(f"engine.{path}", problem.code, problem.params)


def _card_faults(mapping: Mapping[str, Any], terms: ProgramTerms) -> Iterator[Problem]:
    """What is stored flat is what the counter gives stamps by; both must promise the same."""
    if not isinstance(mapping.get("reward_name"), str) or not isinstance(mapping.get("required"), int):
        yield Problem("reward_name", "missing_field")
    elif terms.required != mapping["required"]:
        yield Problem("engine.required", "contradicts", {"with": "required"})


def _word_faults(words: Any, terms: ProgramTerms) -> Iterator[Problem]:
    if not isinstance(words, Mapping):
        yield Problem("words", "wrong_type", {"expected": "object"})
        return
    known = {"rewards": {reward.key for reward in terms.rewards}, "tiers": {tier.key for tier in terms.tiers}}
    for name, value in words.items():
        if name in known:
            yield from _named_faults(f"words.{name}", value, known[name])
        elif name not in LONGEST_WORDS:
            yield Problem(f"words.{name}", "unknown_field")
        elif not isinstance(value, str):
            yield Problem(f"words.{name}", "wrong_type", {"expected": "text"})
        elif len(value) > LONGEST_WORDS[name]:
            yield Problem(f"words.{name}", "out_of_range", {"max": LONGEST_WORDS[name]})


def _named_faults(path: str, value: Any, known: set[str]) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(path, "wrong_type", {"expected": "object"})
        return
    for key, named in value.items():
        texts = named.values() if isinstance(named, Mapping) else [named]
        if key not in known:
            yield Problem(f"{path}.{key}", "unknown_field")
        elif not all(isinstance(text, str) and len(text) <= 500 for text in texts):
            yield Problem(f"{path}.{key}", "wrong_type", {"expected": "text"})
