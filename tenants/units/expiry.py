"""What is over: lots and issued rewards whose time has come, and the word to members before that."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from itertools import groupby

from flask import current_app
from flask_babel import force_locale, format_date
from flask_babel import gettext as _
from sqlalchemy import select, update

from saas.db import db
from saas.merchants.registry import Record
from saas.web.mail import post as post_mail
from tenants.engine.dates import local
from tenants.engine.lots import expire
from tenants.members.models import Member
from tenants.programs.ledger import SYSTEM
from tenants.programs.models import Enrolment, Program, ProgramVersion, Reward
from tenants.programs.reasons import Speech
from tenants.units import accounts
from tenants.units.entries import Event, note, post
from tenants.units.models import Lot

WARNED_BEFORE = dt.timedelta(days=14)


def due(now: dt.datetime, limit: int) -> Sequence[uuid.UUID]:
    """Enrolments with lots whose time is over."""
    query = select(Lot.enrolment_id).where(Lot.units_left > 0, Lot.expires_at <= now).distinct()
    return db.session.scalars(query.order_by(Lot.enrolment_id).limit(limit)).all()


def close_lots(enrolment_id: uuid.UUID, merchant: Record, now: dt.datetime) -> int:
    """Take what has expired out of an account, an entry for each lot; answers the units. Locks the enrolment."""
    held = accounts.load_one(enrolment_id, now)
    if held is None:
        return 0
    account, over = expire(held.account, now)
    for lot in over:
        earned = local(lot.earned_at, merchant.time_zone).date().isoformat()
        why = [note("expired", units=lot.units, earned=earned)]
        event = Event("expiry", None, SYSTEM, lot.expires_at or now, now)
        post(held, event, "expire", -lot.units, why, lot_key=lot.id)
    accounts.store(held, account)
    db.session.flush()
    return sum(lot.units for lot in over)


def rewards_due(now: dt.datetime, limit: int) -> Sequence[uuid.UUID]:
    """Issued rewards whose time is over."""
    query = select(Reward.id).where(Reward.status == "issued", Reward.expires_at <= now)
    return db.session.scalars(query.order_by(Reward.id).limit(limit)).all()


def warn(merchant: Record, now: dt.datetime, limit: int = 200) -> int:
    """Tell members with an e-mail address, who agreed to the card, what will expire within two weeks, once a lot;
    answers how many lots were looked at, `limit` at most. The mails leave when the transaction commits.
    """
    rows = db.session.execute(
        select(Lot, Enrolment, Member, Program, ProgramVersion.terms)
        .join(Enrolment, Enrolment.id == Lot.enrolment_id)
        .join(Member, Member.id == Enrolment.member_id)
        .join(Program, Program.id == Enrolment.program_id)
        .join(ProgramVersion, ProgramVersion.id == Enrolment.version_id)
        .where(Lot.units_left > 0, Lot.warned_at.is_(None))
        .where(Member.email.is_not(None), Member.consent_at.is_not(None))
        .where(Lot.expires_at > now, Lot.expires_at <= now + WARNED_BEFORE)
        .order_by(Lot.enrolment_id, Lot.expires_at, Lot.id)
        .limit(limit)
        .with_for_update(of=Lot, skip_locked=True)
    ).all()
    for _key, group in groupby(rows, key=lambda row: (row[1].id, row[0].expires_at)):
        found = list(group)
        lot, enrolment, member, program, terms = found[0]
        units = min(sum(row[0].units_left for row in found), enrolment.balance)
        if units > 0:
            unit = str(terms.get("words", {}).get("unit", ""))
            _mail(
                member,
                program,
                units,
                lot.expires_at,
                Speech(merchant.currency, program.kind, unit),
                merchant,
            )
    ids = [row[0].id for row in rows]
    db.session.execute(
        update(Lot).where(Lot.id.in_(ids)).values(warned_at=now).execution_options(synchronize_session=False)
    )
    return len(rows)


def _mail(
    member: Member, program: Program, units: int, over_at: dt.datetime, speech: Speech, merchant: Record
) -> None:
    base = current_app.extensions["regulars"].settings.base_url
    last_day = local(over_at - dt.timedelta(seconds=1), merchant.time_zone).date()
    with force_locale(member.language):
        words = {
            "name": member.first_name,
            "units": speech.units(units),
            "day": format_date(last_day, "long"),
            "shop": merchant.name,
            "program": program.name,
            "link": f"{base}/c/{merchant.slug}",
        }
        subject = _("%(units)s at %(shop)s: use them until %(day)s", **words)
        body = _(
            "Hello %(name)s,\n\n%(units)s of your “%(program)s” at %(shop)s can be used until %(day)s. "
            "After that they expire.\n\nYour card: %(link)s\n",
            **words,
        )
    post_mail(member.email or "", subject, body)
