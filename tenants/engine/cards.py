"""Stamp cards: a full card becomes a reward, the next one opens at once, and the overflow carries over."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from tenants.engine.dates import DAY, end_of, local
from tenants.engine.lots import Account, give_back, spend, units_of
from tenants.engine.programs import Program
from tenants.engine.values import Card, Enrolment, Ready

MOST_CARDS = 1000  # opened by one purchase; the stamps beyond stay on the card and open more with the next


def card_in_force(enrolment: Enrolment, program: Program) -> Card:
    """The card that stamps go on now: the one under way under its own terms, unless the version in force is better for
    the member (the same reward for no more stamps) or nothing is under way."""
    terms = program.terms
    fresh = Card(program.version_id, terms.required, terms.card_reward)
    begun = enrolment.card
    if begun is None or enrolment.account.balance <= 0:
        return fresh
    return fresh if fresh.reward == begun.reward and fresh.required <= begun.required else begun


def fill(
    before: Enrolment, account: Account, program: Program, purchase: str, at: dt.datetime, zone_name: str
) -> tuple[Enrolment, tuple[Ready, ...]]:
    """Turn the stamps of an account into rewards, card by card. Nothing is lost: stamps = balance + what was paid."""
    card = card_in_force(before, program)
    fresh = Card(program.version_id, program.terms.required, program.terms.card_reward)
    opened: list[Ready] = []
    while account.spendable(at) >= card.required and len(opened) < MOST_CARDS:
        account, pieces = spend(account, card.required, at)
        name = f"{purchase}/{program.id}/{len(opened) + 1}"
        days = card.reward.valid_days
        expires_at = end_of(local(at, zone_name).date() + days * DAY, zone_name) if days else None
        opened.append(Ready(name, program.id, card.version_id, card.reward, pieces, expires_at))
        card = fresh
    after = replace(
        before, account=account, card=card if account.balance else None, ready=before.ready + tuple(opened)
    )
    return after, tuple(opened)


def reopen(enrolment: Enrolment, purchase: str, units: int) -> tuple[Enrolment, tuple[Ready, ...]]:
    """Cancel rewards that are not handed out until so many stamps can be taken back: those that the purchase opened,
    then the last ones; the card that each was is under way again."""
    cancelled: list[Ready] = []
    while enrolment.account.balance < units and enrolment.ready:
        own = [ready for ready in enrolment.ready if ready.id.startswith(f"{purchase}/")]
        last = (own or enrolment.ready)[-1]
        account = give_back(enrolment.account, last.pieces)
        card = Card(last.version_id, units_of(last.pieces), last.reward)
        left = tuple(ready for ready in enrolment.ready if ready.id != last.id)
        enrolment = Enrolment(account, card, left)
        cancelled.append(last)
    return enrolment, tuple(cancelled)
