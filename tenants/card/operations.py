"""A member's own acts: join once, take a stamp by the counter's code, be mailed a lost card."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid

from flask import current_app, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from saas.db import db
from saas.merchants.registry import Record
from saas.web.mail import post
from tenants.card.forms import PersonForm, ProfileForm
from tenants.counter import codes
from tenants.counter.models import OneTimeCode
from tenants.members import operations as members
from tenants.members.models import Member
from tenants.programs import ledger
from tenants.programs.enrolments import enrol
from tenants.programs.ledger import Actor, ProgramNotRunning, Stamped
from tenants.programs.models import Enrolment
from tenants.programs.queries import running

CARDS_A_MAIL = 3


def join(form: PersonForm, nonce: str, language: str, consent: str, now: dt.datetime) -> Member:
    """Add the member with a card in every running program; the same form sent twice answers the same member.

    The id comes from the form's nonce and what was typed, so somebody else at the form is a second member.
    """
    first_name, email, phone = form.first_name.data or "", form.contact("email"), form.contact("phone")
    typed = "\x1f".join((nonce, first_name, email or "", phone or ""))
    version = hashlib.sha256(consent.encode()).hexdigest()[:12]
    member = members.join(
        first_name=first_name,
        email=email,
        phone=phone,
        language=language,
        source="card",
        consent_text=f"{version} {consent}"[:500],
        now=now,
        member_id=uuid.uuid5(uuid.NAMESPACE_OID, typed),
        birthday=form.birthday(),
    )
    enrol(member.id, now)
    return member


def change(member: Member, form: ProfileForm, now: dt.datetime) -> None:
    """Write what the member says of themselves; a contact that the shop doesn't ask for stays as it is, and a birthday
    that is known."""
    member.first_name, member.language = form.first_name.data or member.first_name, form.language.data
    if "email" in form.contacts:
        member.email = form.contact("email")
    if "phone" in form.contacts:
        member.phone = form.contact("phone")
    db.session.flush()
    if born := form.birthday():
        members.say_birthday(member, born, now)


def stamp(
    member: Member, text: str, merchant: Record, now: dt.datetime, *, seen_at: dt.datetime | None = None
) -> Stamped:
    """Burn the counter's code and give its stamps, in one transaction; the same phone's repeat adds nothing.

    `seen_at` is when this browser showed that it had the code, for somebody who joined in between. Raises
    codes.CodeDoesNotWork, codes.ShopClosed, and what ledger.earn raises.
    """
    code = codes.burn_stamp(text, member.id, seen_at or now)
    program_id = code.program_id or _first_program(member.id)
    if not _is_enrolled(member.id, program_id):
        enrol(member.id, now)
    return ledger.earn(
        member.id,
        program_id,
        code.units,
        actor=_giver(code, member),
        cause="counter_code",
        cause_id=code.id,
        location_id=code.location_id,
        request_key=f"code:{code.id}",
        now=now,
        time_zone=merchant.time_zone,
    )


def _giver(code: OneTimeCode, member: Member) -> Actor:
    """Whoever showed the code on the counter's screen gave the stamp."""
    if code.staff_id is None:
        return Actor("member", member.id, member.first_name)
    return Actor("staff", code.staff_id, code.staff_name)


def _first_program(member_id: uuid.UUID) -> uuid.UUID:
    """The first program that runs and that the member takes part in or may join."""
    for program, _version, _terms in running():
        if program.frozen_at is None or _is_enrolled(member_id, program.id):
            return program.id
    raise ProgramNotRunning(_("This shop has no stamp card running at the moment."))


def _is_enrolled(member_id: uuid.UUID, program_id: uuid.UUID) -> bool:
    query = select(Enrolment.id).where(Enrolment.member_id == member_id, Enrolment.program_id == program_id)
    return db.session.scalar(query) is not None


def mail_recovery(email: str, merchant: Record, now: dt.datetime) -> None:
    """Mail a one-use link for each card under the address, the last used first.

    It goes where the member said: what was typed may be another address that only compares the same.
    """
    owners = db.session.scalars(
        select(Member)
        .where(func.lower(Member.email) == email.lower())
        .order_by(Member.last_seen_at.desc().nulls_last(), Member.joined_at.desc())
        .limit(CARDS_A_MAIL)
    ).all()
    for address in {owner.email: None for owner in owners if owner.email}:
        _mail_cards(address, [owner for owner in owners if owner.email == address], merchant, now)


def _mail_cards(email: str, owners: list[Member], merchant: Record, now: dt.datetime) -> None:
    base = current_app.extensions["regulars"].settings.base_url
    lines = [_("Open your card at %(shop)s within 10 minutes. A link works once.", shop=merchant.name), ""]
    for owner in owners:
        address = base + url_for("card.recovered", token=members.new_recovery(owner.id, now))
        lines += [
            _("%(name)s, card ending in %(digits)s:", name=owner.first_name, digits=owner.number[-4:]),
            address,
            "",
        ]
    lines.append(
        _("If you did not ask for this, there is nothing to do: nobody can open your card without this mail.")
    )
    post(email, _("Your card at %(shop)s", shop=merchant.name), "\n".join(lines))
