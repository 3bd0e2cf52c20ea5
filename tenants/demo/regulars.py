"""Made-up members of a shop's card, with the stamps that they have had."""

from __future__ import annotations

import datetime as dt
import random
import uuid

from sqlalchemy import select

from saas.db import db, new_id
from saas.merchants.defaults import slug_of
from saas.merchants.registry import Record
from tenants.demo.shops import Shop
from tenants.locations.models import Location
from tenants.locations.queries import default_location
from tenants.members import operations as members
from tenants.members.models import Member
from tenants.programs import ledger
from tenants.programs import operations as programs
from tenants.programs.enrolments import enrol
from tenants.programs.ledger import Actor
from tenants.programs.models import Enrolment, Program, Reward


def program(shop: Shop, now: dt.datetime) -> uuid.UUID:
    found = db.session.scalar(select(Program.id).order_by(Program.created_at).limit(1))
    if found:
        return found
    program = programs.create(shop.program, shop.terms, now)
    programs.publish(program.id, "Olga", now)
    return program.id


def regulars(shop: Shop, program_id: uuid.UUID, merchant: Record, now: dt.datetime) -> None:
    """Made-up members, each with stamps over the last weeks; all rewards but the newest were handed out."""
    if not shop.visits or db.session.scalar(select(Member.id).limit(1)):
        return
    location = default_location()
    chance = random.Random(shop.slug)  # noqa: S311 - the same demonstration every time, no secret
    for name, stamps in shop.visits.items():
        last = now - dt.timedelta(
            days=chance.choice([0, 0, 1, 1, 2, 3, 5, 8, 12]), minutes=chance.randint(5, 300)
        )
        days = sorted(
            last - dt.timedelta(days=2 * back, minutes=chance.randint(0, 400)) for back in range(stamps)
        )
        joined_at = (days[0] if days else now) - dt.timedelta(minutes=2)
        member = members.join(
            first_name=name,
            email=f"{slug_of(name)}@example.com",
            phone=None,
            language=merchant.language,
            source="card",
            consent_text=None,
            now=joined_at,
        )
        enrol(member.id, joined_at)
        for day in days:
            ledger.earn(
                member.id,
                program_id,
                1,
                actor=Actor("staff", None, "Casey"),
                cause="member_code",
                request_key=new_id().hex,
                now=day,
                is_limited=False,
                location_id=location.id if location else None,
            )
        _hand_out_older(member.id, location)


def _hand_out_older(member_id: uuid.UUID, location: Location | None) -> None:
    """Hand out all of a member's rewards but the newest."""
    query = (
        select(Reward)
        .join(Enrolment, Enrolment.id == Reward.enrolment_id)
        .where(Enrolment.member_id == member_id)
    )
    for reward in db.session.scalars(query.order_by(Reward.issued_at)).all()[:-1]:
        handed_at = reward.issued_at + dt.timedelta(hours=20)
        place = location.id if location else None
        ledger.fulfil(reward.id, actor=Actor("staff", None, "Casey"), location_id=place, now=handed_at)
