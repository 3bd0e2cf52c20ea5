"""Tags: words of the shop's own that members are marked with, one at a time or all of a list at once."""

from __future__ import annotations

import datetime as dt
import uuid

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert

from saas.db import db, new_id
from saas.web.refusals import Refusal
from tenants.members.models import Member, MemberTag
from tenants.members.queries import has_tag

MOST_TAGS, LONGEST_TAG = 20, 40
AT_ONCE = 2_000


class BadTag(Refusal):
    """No word, too long, or more tags than a member can have."""


def clean(text: str) -> str:
    """A tag as it is kept: small letters, without a leading #. Raises BadTag."""
    tag = " ".join(text.lower().replace(",", " ").split()).lstrip("# ")
    if not 1 <= len(tag) <= LONGEST_TAG or not tag.isprintable():
        raise BadTag(_("A tag is a word or two, at most %(max)s letters.", max=LONGEST_TAG))
    return tag


def add(member: Member, text: str, now: dt.datetime) -> None:
    """Tag a member; a tag that is there already stays. Locks the member, raises BadTag."""
    tag = clean(text)
    _lock(member)
    if tag in member.tags:
        return
    if len(member.tags) >= MOST_TAGS:
        raise BadTag(_("At most %(max)s tags for a member.", max=MOST_TAGS))
    remember(tag, now)
    member.tags = [*member.tags, tag]
    db.session.flush()


def remove(member: Member, tag: str) -> None:
    """Take a tag away. Locks the member."""
    _lock(member)
    member.tags = [own for own in member.tags if own != tag]
    db.session.flush()


def _lock(member: Member) -> None:
    """Read the row again, so that of two who tag at once neither loses."""
    db.session.flush()
    db.session.refresh(member, with_for_update=True)


def remember(tag: str, now: dt.datetime) -> None:
    """Keep the word, so that editors offer it."""
    statement = insert(MemberTag).values(id=new_id(), name=tag, created_at=now)
    db.session.execute(statement.on_conflict_do_nothing())


def change_some(wanted: ColumnElement[bool], tag: str, *, is_added: bool, limit: int = AT_ONCE) -> int:
    """Add the tag to members of a filter who lack it, or take it from those who have it; answers how many were
    changed, `limit` at most. Whoever has as many tags as one can have is left out."""
    lacks = ~Member.tags.contains([tag]) & (func.jsonb_array_length(Member.tags) < MOST_TAGS)
    chosen = (
        select(Member.id).where(wanted, lacks if is_added else has_tag(tag)).order_by(Member.id).limit(limit)
    )
    ids: list[uuid.UUID] = list(db.session.scalars(chosen.with_for_update()))
    value = Member.tags.concat([tag]) if is_added else Member.tags.op("-")(tag)
    if ids:
        changed = update(Member).where(Member.id.in_(ids)).values(tags=value)
        db.session.execute(changed.execution_options(synchronize_session=False))
    return len(ids)
