"""The ordinary stamp by the counter's code in two round trips; what is not ordinary goes the plain way.

Ordinary: a member of this browser, a code that works, one card of a program that runs, its terms in force and under way
the same, no daily cap, no throttle, the shop open, no cool-down running. It then writes what operations.stamp would
write; anything else changes nothing and answers None. tests/tenants/card/test_lean.py holds both ways to the same rows.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from saas.db import new_id
from saas.db.lean import Lean, lean
from saas.merchants.registry import Record
from saas.web.tokens import token_hash
from tenants.locations.rules import is_open
from tenants.programs.ledger import digest
from tenants.programs.rules import MAX_UNITS, Filled, Terms, fill

THROTTLED = """
SELECT bool_or(count >= CASE key WHEN %s THEN %s::int ELSE %s::int END) FROM platform.throttle
WHERE key IN (%s, %s) AND window_start = %s
"""
BURN_TYPED = """
UPDATE one_time_code c SET used_at = %s, used_by = s.member_id FROM member_session s
WHERE s.token_hash = %s AND c.kind = 'stamp' AND c.used_at IS NULL AND c.expires_at > %s AND c.digits = %s
RETURNING c.id, c.units, c.program_id, c.location_id, c.staff_id, c.staff_name
"""
BURN_SCANNED = """
UPDATE one_time_code c SET used_at = %s, used_by = s.member_id FROM member_session s
WHERE s.token_hash = %s AND c.kind = 'stamp' AND c.used_at IS NULL AND c.expires_at > %s AND c.token = %s
RETURNING c.id, c.units, c.program_id, c.location_id, c.staff_id, c.staff_name
"""
CARDS = """
SELECT e.id, e.program_id, e.version_id, e.balance, e.last_earned_at, v.id, v.terms, m.id, m.first_name, m.number
FROM member_session s JOIN member m ON m.id = s.member_id JOIN enrolment e ON e.member_id = m.id
JOIN program p ON p.id = e.program_id AND p.status = 'published'
JOIN program_version v ON v.program_id = p.id AND v.number = p.version_number
WHERE s.token_hash = %s FOR UPDATE OF e
"""
LOCATIONS = "SELECT id, opening_hours FROM location WHERE is_active"
ENTRY = """
INSERT INTO entry (id, enrolment_id, kind, units, version_id, cause, cause_id, reward_id, actor_kind, actor_id,
actor_name, location_id, request_key, request_digest, occurred_at, recorded_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
REWARD = """
INSERT INTO reward (id, enrolment_id, version_id, name, status, issued_at) VALUES (%s, %s, %s, %s, 'issued', %s)
"""
CARD = "UPDATE enrolment SET balance = %s, last_earned_at = %s WHERE id = %s"
SEEN = "UPDATE member SET last_seen_at = %s WHERE id = %s"


@dataclass(frozen=True)
class Landed:
    """A stamp that was given: the member and the card as it is now."""

    first_name: str
    number: str
    terms: Terms
    units: int
    balance: int
    rewards_issued: int


class Code(NamedTuple):
    """A burnt code, as BURN_* answer it."""

    id: uuid.UUID
    units: int
    program_id: uuid.UUID | None
    location_id: uuid.UUID | None
    staff_id: uuid.UUID | None
    staff_name: str | None


class Card(NamedTuple):
    """A member's card with the version in force, as CARDS answers it."""

    id: uuid.UUID
    program_id: uuid.UUID
    version_id: uuid.UUID
    balance: int
    last_earned_at: dt.datetime | None
    current_id: uuid.UUID
    terms: dict[str, Any]
    member_id: uuid.UUID
    first_name: str
    number: str


@dataclass(frozen=True)
class Limit:
    """A throttle that must not be exceeded: two keys with their limits, in the window that began at `start`."""

    member_key: str
    member_limit: int
    address_key: str
    address_limit: int
    start: dt.datetime


def stamp(merchant: Record, token: str, code_text: str, limit: Limit, now: dt.datetime) -> Landed | None:
    """Give the stamp of an ordinary code; None, with nothing changed, for everything else.

    `code_text` is six digits or a token of 32 characters. Locks the member's cards.
    """
    hashed = token_hash(token)
    keys = (limit.member_key, limit.address_key)
    throttled = (THROTTLED, (keys[0], limit.member_limit, limit.address_limit, *keys, limit.start))
    with lean(merchant.binding, [throttled]) as (work, (throttles,)):
        burn = BURN_TYPED if len(code_text) == 6 else BURN_SCANNED
        burnt = work.ask(burn, (now, hashed, now, code_text))
        held = work.ask(CARDS, (hashed,))
        places = work.ask(LOCATIONS, ())
        if throttles.fetchone() == (True,):
            return None
        row = burnt.fetchone()
        if row is None:
            return None
        code = Code(*row)
        card = _card([Card(*found) for found in held.fetchall()], code.program_id)
        if card is None or not _is_ordinary(card, code, dict(places.fetchall()), merchant.time_zone, now):
            return None
        terms = Terms.from_mapping(card.terms)
        filled = fill(card.balance, code.units, terms.required, terms.required)
        _write(work, card, code, terms, filled, now)
        work.done()
    return Landed(card.first_name, card.number, terms, code.units, filled.balance, len(filled.full_cards))


def _card(cards: list[Card], program_id: uuid.UUID | None) -> Card | None:
    """The card that a code means; without a program it is clear only where there is one card."""
    if program_id is None:
        return cards[0] if len(cards) == 1 else None
    return next((card for card in cards if card.program_id == program_id), None)


def _is_ordinary(
    card: Card, code: Code, hours: dict[uuid.UUID, dict[str, Any]], time_zone: str, now: dt.datetime
) -> bool:
    if card.version_id != card.current_id or not 1 <= code.units <= MAX_UNITS:
        return False
    opening = hours.get(code.location_id, {}) if code.location_id else {}
    if opening and not is_open(opening, now.astimezone(ZoneInfo(time_zone))):
        return False
    terms = Terms.from_mapping(card.terms)
    if terms.daily_cap:
        return False
    pause = dt.timedelta(minutes=terms.cooldown_minutes)
    return card.last_earned_at is None or now >= card.last_earned_at + pause


def _write(work: Lean, card: Card, code: Code, terms: Terms, filled: Filled, now: dt.datetime) -> None:
    """Queue the entry, the rewards of full cards with what they cost, and the balance."""
    earned = new_id()
    giver = (
        ("staff", code.staff_id, code.staff_name)
        if code.staff_id
        else ("member", card.member_id, card.first_name)
    )
    asked = digest("earn", card.member_id, card.program_id, code.units)
    work.ask(
        ENTRY,
        (
            *(earned, card.id, "earn", code.units, card.version_id, "counter_code", code.id, None),
            *(*giver, code.location_id, f"code:{code.id}", asked, now, now),
        ),
    )
    for cost in filled.full_cards:
        reward = new_id()
        work.ask(REWARD, (reward, card.id, card.version_id, terms.reward_name, now))
        work.ask(
            ENTRY,
            (
                *(new_id(), card.id, "redeem", -cost, card.version_id, "card_full", earned, reward),
                *("system", None, None, code.location_id, None, None, now, now),
            ),
        )
    work.ask(CARD, (filled.balance, now, card.id))
    work.ask(SEEN, (now, card.member_id))
