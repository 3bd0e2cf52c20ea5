"""Members' writes: join, take part in a program, sign a browser in, recover a card."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from saas.db import db, new_id
from saas.web.tokens import new_token, token_hash
from tenants.members.models import Member, MemberSession, RecoveryLink
from tenants.members.rules import new_number

RECOVERY_LIFETIME = dt.timedelta(minutes=10)


def join(
    *,
    first_name: str,
    email: str | None,
    phone: str | None,
    language: str,
    source: str,
    consent_text: str | None,
    now: dt.datetime,
    member_id: uuid.UUID | None = None,
    birthday: dt.date | None = None,
) -> Member:
    """Add a member; with a `member_id` that is known already (a form sent twice) the first one is answered."""
    wanted = member_id or new_id()
    for _attempt in range(5):
        statement = (
            insert(Member)
            .values(
                id=wanted,
                number=new_number(),
                first_name=first_name,
                email=email or None,
                phone=phone or None,
                language=language,
                source=source,
                consent_text=consent_text,
                consent_at=now if consent_text else None,
                joined_at=now,
                birthday=birthday,
                birthday_at=now if birthday else None,
            )
            .on_conflict_do_nothing()
        )
        db.session.execute(statement)
        member = db.session.get(Member, wanted)
        if member is not None:
            return member
    raise RuntimeError("no free member number in five attempts")


def say_birthday(member: Member, birthday: dt.date, now: dt.datetime) -> bool:
    """A member's own word on their birthday: kept once, so that nobody has three a year. False where one is known."""
    said = db.session.scalar(
        update(Member)
        .where(Member.id == member.id, Member.birthday.is_(None))
        .values(birthday=birthday, birthday_at=now)
        .returning(Member.id)
        .execution_options(synchronize_session="evaluate")
    )
    return said is not None


def sign_in(member_id: uuid.UUID, now: dt.datetime) -> str:
    """A token for a browser that holds this member's card."""
    token = new_token()
    db.session.add(MemberSession(member_id=member_id, token_hash=token_hash(token), created_at=now))
    db.session.flush()
    return token


def sign_out(token: str) -> None:
    db.session.execute(delete(MemberSession).where(MemberSession.token_hash == token_hash(token)))


def member_of(token: str | None) -> Member | None:
    """The member whose card a browser's token holds."""
    if not token:
        return None
    return db.session.scalar(
        select(Member)
        .join(MemberSession, MemberSession.member_id == Member.id)
        .where(MemberSession.token_hash == token_hash(token))
    )


def new_recovery(member_id: uuid.UUID, now: dt.datetime) -> str:
    """A token for a mailed link that gives the card back for ten minutes, once."""
    token = new_token()
    db.session.add(
        RecoveryLink(
            member_id=member_id,
            token_hash=token_hash(token),
            created_at=now,
            expires_at=now + RECOVERY_LIFETIME,
        )
    )
    db.session.flush()
    return token


def new_takeover(member: Member, now: dt.datetime) -> str | None:
    """A token that takes a card made at the counter to its member's phone; None for a card that somebody has."""
    is_new = member.source == "counter" and now - member.joined_at < RECOVERY_LIFETIME
    held = select(MemberSession.id).where(MemberSession.member_id == member.id).limit(1)
    if not is_new or db.session.scalar(held) is not None:
        return None
    return new_recovery(member.id, now)


def recover(token: str, now: dt.datetime) -> uuid.UUID | None:
    """Use a mailed link up; the member's id, or None when it is unknown, late or used.

    The browsers that held the card until now hold it no more, and no other link gives it to one.
    """
    member_id = db.session.scalar(
        update(RecoveryLink)
        .where(
            RecoveryLink.token_hash == token_hash(token),
            RecoveryLink.used_at.is_(None),
            RecoveryLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(RecoveryLink.member_id)
    )
    if member_id is not None:
        others = update(RecoveryLink).where(
            RecoveryLink.member_id == member_id, RecoveryLink.used_at.is_(None)
        )
        db.session.execute(others.values(used_at=now))
        db.session.execute(delete(MemberSession).where(MemberSession.member_id == member_id))
    return member_id
