"""Stored terms as sentences: with the shop's money, the merchant's own words and the names of its tiers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy import select

from saas.db import db
from tenants.engine.mapping import Invalid
from tenants.engine.programs import ProgramTerms
from tenants.products import naming
from tenants.programs import sentences, terms
from tenants.programs.models import Program, ProgramVersion
from tenants.programs.reasons import Speech
from tenants.programs.rules import Terms
from tenants.programs.sentences import Telling


def told(kind: str, mapping: dict[str, Any]) -> list[sentences.Sentence]:
    """Stored terms as sentences; none where they can't be understood."""
    try:
        return telling_of(kind, mapping, terms.terms_of(mapping)).all()
    except Invalid:
        return []


def at_purchases(card: Terms) -> list[str]:
    """What a stamp card says beside its flat terms, as sentences."""
    if not card.promise:
        return []
    mapping = {**card.to_mapping(), "engine": json.loads(card.promise)}
    return [one.text for one in told("stamp_card", mapping) if one.part in ("earning", "bonuses", "rewards")]


def telling_of(kind: str, mapping: dict[str, Any], found: ProgramTerms) -> Telling:
    speech = speech_of(kind, mapping)
    goods = [part.conditions.goods for part in found.rules]
    goods += [part.conditions.goods for part in found.multipliers]
    goods += [part.conditions.goods for part in found.rewards]
    goods += [reward.benefit.target for reward in found.rewards if reward.benefit.target]
    skus = {sku for one in goods for sku in one.products.any | one.products.all | one.products.none}
    named = replace(speech, names={**speech.names, **naming.names_of(skus)}) if skus else speech
    words = mapping.get("words", {})
    if kind == "stamp_card":  # the flat card says what the reward is called
        called = {reward.key: {"name": str(mapping.get("reward_name", ""))} for reward in found.rewards}
        words = {**words, "rewards": called}
    return Telling(found, words, named)


def speech_of(kind: str, mapping: dict[str, Any]) -> Speech:
    words = mapping.get("words", {})
    names = {**tier_names(None), **words.get("tiers", {})}
    names |= {f"own/{key}": name for key, name in words.get("tiers", {}).items()}
    return Speech(g.merchant.currency, kind, str(words.get("unit") or ""), names)


def tier_names(without: UUID | None) -> dict[str, str]:
    """The tiers of the programs that run, by the engine's names."""
    rows = db.session.execute(
        select(Program, ProgramVersion)
        .join(
            ProgramVersion,
            (ProgramVersion.program_id == Program.id) & (ProgramVersion.number == Program.version_number),
        )
        .where(Program.kind == "tiers", Program.status == "published")
        .order_by(Program.created_at, Program.id)
    )
    return {
        f"{program.id}/{tier['key']}": terms.tier_name(version.terms, tier["key"])
        for program, version in rows
        if program.id != without
        for tier in version.terms["engine"].get("tiers", [])
    }
