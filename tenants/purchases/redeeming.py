"""Spending units without a purchase: a reward of the catalogue, issued now and handed out later."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import func, select

from saas.db import db
from saas.merchants.registry import Record
from saas.web.refusals import Conflict, Refusal
from tenants.engine.occasions import refusal
from tenants.engine.programs import Program
from tenants.engine.rewards import Reward as RewardTerms
from tenants.engine.values import Basket
from tenants.programs import reasons, terms
from tenants.programs.enrolments import enrol
from tenants.programs.ledger import Actor, digest
from tenants.programs.models import Entry, Reward
from tenants.programs.reasons import Speech
from tenants.purchases import facts
from tenants.segments.queries import When
from tenants.units import accounts, rewards
from tenants.units.accounts import Held
from tenants.units.entries import Event


class NotToBeHad(Refusal):
    """The reward isn't offered, or not to this member, or not now, or only with a purchase."""


def issue(
    member_id: uuid.UUID,
    program_id: uuid.UUID,
    reward_key: str,
    *,
    merchant: Record,
    actor: Actor,
    request_key: str,
    now: dt.datetime,
    location_id: uuid.UUID | None = None,
) -> Reward:
    """Spend units on a reward: it waits to be handed out (programs.ledger.fulfil), to be used on a purchase, or to be
    cancelled (units.rewards.cancel). Locks what the member holds.

    A known `request_key` answers as the first time. Raises NotToBeHad, NotEnoughUnits, OutOfStock, Conflict.
    """
    enrol(member_id, now)
    held = accounts.load(member_id, now, is_locked=True)
    asked = digest("issue", member_id, program_id, reward_key)
    if before := _repeat(request_key, asked):
        return before
    programs = {program.id: program for program in terms.in_force_at(now, merchant.currency)}
    program = programs.get(str(program_id))
    one = held.get(str(program_id))
    reward = program.terms.reward(reward_key) if program else None
    if program is None or one is None or reward is None or program.terms.kind == "stamp_card":
        raise NotToBeHad(_("This reward is not available."))
    _check(member_id, held, one, program, reward, merchant, now, location_id)
    units = max(one.account.spendable(now), reward.cost, 1) if reward.takes_all else reward.cost
    event = Event("reward", None, actor, now, now, location_id)
    more = {"request_key": request_key, "request_digest": asked}
    return rewards.issue(one, program, reward, units, event, merchant.time_zone, **more)


def _repeat(request_key: str, asked: bytes) -> Reward | None:
    entry = db.session.scalar(select(Entry).where(Entry.request_key == request_key))
    if entry is None:
        return None
    if entry.request_digest != asked:
        raise Conflict(_("This was sent before with another content. Reload the page and start again."))
    return db.session.get(Reward, entry.reward_id) or abort(404)


def _check(
    member_id: uuid.UUID,
    held: dict[str, Held],
    one: Held,
    program: Program,
    reward: RewardTerms,
    merchant: Record,
    now: dt.datetime,
    location_id: uuid.UUID | None,
) -> None:
    if reward.benefit.kind in ("per_unit", "payment") or not (reward.cost or reward.takes_all):
        raise NotToBeHad(_("This reward is only available with a purchase."))
    basket = Basket("", merchant.currency, (), now, merchant.time_zone, str(location_id or ""))
    asked = facts.segments_asked([program], ())
    member = facts.member_value(member_id, held, now, asked, When(now, merchant.time_zone))
    used = member.uses.get(f"{program.id}/{reward.key}", 0) + _issued(one, reward)
    if reason := refusal(reward.conditions, basket, member, used):
        raise NotToBeHad(reasons.of(reason, Speech(merchant.currency, program.terms.kind)))


def _issued(one: Held, reward: RewardTerms) -> int:
    """How many of these the member had, or has waiting."""
    query = (
        select(func.count())
        .select_from(Reward)
        .where(
            Reward.enrolment_id == one.row.id,
            Reward.status.in_(("issued", "fulfilled")),
            Reward.terms["key"].astext == reward.key,
        )
    )
    return db.session.scalar(query) or 0
