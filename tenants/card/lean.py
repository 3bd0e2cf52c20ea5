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
FIND = """
WITH who AS (SELECT member_id FROM member_session WHERE token_hash = %s),
burnt AS (
  UPDATE one_time_code c SET used_at = %s, used_by = (SELECT member_id FROM who)
  WHERE c.kind = 'stamp' AND c.used_at IS NULL AND c.expires_at > %s AND {code} = %s
  RETURNING c.id, c.units, c.program_id, c.location_id, c.staff_id, c.staff_name)
SELECT b.id, b.units, b.program_id, b.location_id, b.staff_id, b.staff_name,
  (SELECT opening_hours FROM location WHERE id = b.location_id AND is_active),
  e.id, e.program_id, e.version_id, e.balance, e.last_earned_at,
  (SELECT version_number FROM program WHERE id = e.program_id AND status = 'published' AND kind = 'stamp_card'),
  m.id, m.first_name, m.number
FROM burnt b, member m, enrolment e
WHERE m.id = (SELECT member_id FROM who) AND e.member_id = (SELECT member_id FROM who)
FOR UPDATE OF e
"""  # scalar subqueries where joins would do: PostgreSQL plans it in a third of the time, and plans it every time
BY_DIGITS, BY_TOKEN = FIND.format(code="c.digits"), FIND.format(code="c.token")
VERSION = "SELECT number, terms FROM program_version WHERE id = %s"
ENTRY = """
INSERT INTO entry (id, enrolment_id, kind, units, version_id, cause, cause_id, reward_id, actor_kind, actor_id,
actor_name, location_id, request_key, request_digest, occurred_at, recorded_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
REWARD = """
INSERT INTO reward (id, enrolment_id, version_id, name, status, issued_at) VALUES (%s, %s, %s, %s, 'issued', %s)
"""
CARD = """
WITH seen AS (UPDATE member SET last_seen_at = %s WHERE id = %s)
UPDATE enrolment SET balance = %s, last_earned_at = %s WHERE id = %s
"""


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
    """A burnt code, as FIND answers it; `hours` are those of its location, where that is still in use."""

    id: uuid.UUID
    units: int
    program_id: uuid.UUID | None
    location_id: uuid.UUID | None
    staff_id: uuid.UUID | None
    staff_name: str | None
    hours: dict[str, Any] | None


class Card(NamedTuple):
    """A member's card, as FIND answers it, with the number of the version in force: None where the program
    doesn't run."""

    id: uuid.UUID
    program_id: uuid.UUID
    version_id: uuid.UUID
    balance: int
    last_earned_at: dt.datetime | None
    current_number: int | None
    member_id: uuid.UUID
    first_name: str
    number: str


class Version(NamedTuple):
    """A program's version: its number in the program and what it promises."""

    number: int
    terms: Terms


MAX_VERSIONS = 10_000
_versions: dict[tuple[str, uuid.UUID], Version] = {}


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
    keys = (limit.member_key, limit.address_key)
    throttled = (THROTTLED, (keys[0], limit.member_limit, limit.address_limit, *keys, limit.start))
    with lean(merchant.binding, throttled) as work:
        find = BY_DIGITS if len(code_text) == 6 else BY_TOKEN
        work.ask(find, (token_hash(token), now, now, code_text))
        _, [[*_, is_throttled]], rows = work.answers()
        if is_throttled or not rows:
            return None
        code = Code(*rows[0][: len(Code._fields)])
        cards = [Card(*row[len(Code._fields) :]) for row in rows]
        card = _card([one for one in cards if one.current_number is not None], code.program_id)
        if card is None:
            return None
        version = _version(work, merchant.schema_name, card.version_id)
        if not _is_ordinary(card, code, version, merchant.time_zone, now):
            return None
        terms = version.terms
        filled = fill(card.balance, code.units, terms.required, terms.required)
        _write(work, card, code, terms, filled, now)
        work.done()
    return Landed(card.first_name, card.number, terms, code.units, filled.balance, len(filled.full_cards))


def _card(cards: list[Card], program_id: uuid.UUID | None) -> Card | None:
    """The card that a code means; without a program it is clear only where there is one card."""
    if program_id is None:
        return cards[0] if len(cards) == 1 else None
    return next((card for card in cards if card.program_id == program_id), None)


def _version(work: Lean, schema_name: str, version_id: uuid.UUID) -> Version:
    """A version's number and terms, kept by this process: versions never change once they are written."""
    key = (schema_name, version_id)
    kept = _versions.get(key)
    if kept is None:
        work.ask(VERSION, (version_id,))
        [[(number, terms)]] = work.answers()  # there is one: cards hold it by a foreign key
        kept = Version(number, Terms.from_mapping(terms))
        if len(_versions) >= MAX_VERSIONS:
            _versions.clear()
        _versions[key] = kept
    return kept


def _is_ordinary(card: Card, code: Code, version: Version, time_zone: str, now: dt.datetime) -> bool:
    if version.number != card.current_number or version.terms.daily_cap:
        return False
    if not 1 <= code.units <= MAX_UNITS:
        return False
    if code.hours and not is_open(code.hours, now.astimezone(ZoneInfo(time_zone))):
        return False
    pause = dt.timedelta(minutes=version.terms.cooldown_minutes)
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
    work.ask(CARD, (now, card.member_id, filled.balance, now, card.id))
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
