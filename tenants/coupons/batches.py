"""Issuing many codes by a job, part by part: made by chance, read from a file, or given to members, some held back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import Select, func, select, update

from saas.db import db, new_id, transaction
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.jobs import defer
from saas.web.refusals import Refusal
from tenants.coupons import issuing, rules
from tenants.coupons.imports import Read
from tenants.coupons.models import Coupon, CouponBatch, CouponCode
from tenants.members.models import Member

AT_ONCE = 5_000
MOST_CODES = 1_000_000
MOST_KEPT = 2_000
FILTERS = ("all", "active", "away")
ACTIVE_DAYS = 30
STUCK_AFTER = dt.timedelta(minutes=10)
UNSYNCED = {"synchronize_session": False}


class NoMembers(Refusal):
    """Nobody is like that."""


def found(coupon_id: uuid.UUID, batch_id: uuid.UUID) -> CouponBatch:
    """The batch of this coupon, or 404."""
    batch = db.session.get(CouponBatch, batch_id)
    return batch if batch is not None and batch.coupon_id == coupon_id else abort(404)


def make(coupon: Coupon, count: int, name: str, by: str, merchant: Record, now: dt.datetime) -> CouponBatch:
    """Begin to make so many codes for whoever shows them. Raises NotIssuable."""
    _check(coupon, is_personal=False)
    batch = _new(coupon, "made", name, by, now, count=min(max(count, 1), MOST_CODES))
    _defer(batch, merchant)
    return batch


def give(coupon: Coupon, who: str, name: str, by: str, merchant: Record, now: dt.datetime) -> CouponBatch:
    """Begin to give a personal coupon to all members of a filter, those held back drawn by chance: how many is known
    from the start, and who is stored with what is issued. Raises NotIssuable, NoMembers."""
    _check(coupon, is_personal=True)
    choice = {"who": who, "since": (now - dt.timedelta(days=ACTIVE_DAYS)).isoformat(), "at": now.isoformat()}
    count = db.session.scalar(select(func.count()).select_from(_members(choice).subquery())) or 0
    if not count:
        raise NoMembers(_("No member matches at the moment."))
    held = rules.held_back(count, coupon.holdout_percent)
    batch = _new(coupon, "given", name, by, now, count=count, choice=choice, to_hold_back=held)
    _defer(batch, merchant)
    return batch


def _check(coupon: Coupon, *, is_personal: bool) -> None:
    issuing.version_of(coupon)
    if is_personal and coupon.trigger != "personal":
        raise issuing.NotIssuable(_("Only a personal coupon can be given to a member."))
    if not is_personal and coupon.trigger != "code":
        raise issuing.NotIssuable(_("Codes to hand out are for coupons that are used by a code."))


def _new(coupon: Coupon, kind: str, name: str, by: str, now: dt.datetime, **more: Any) -> CouponBatch:
    batch = CouponBatch(
        id=new_id(),
        coupon_id=coupon.id,
        kind=kind,
        name=name[:120],
        requested_by=by[:120],
        created_at=now,
        **more,
    )
    db.session.add(batch)
    db.session.flush()
    return batch


def _defer(batch: CouponBatch, merchant: Record) -> None:
    name = f"coupons.issue {batch.id}"
    defer("coupons.issue", lock=name, slug=merchant.slug, batch_id=str(batch.id))


def run(merchant: Record, batch_id: uuid.UUID) -> None:
    """Carry a running batch out, each part in a transaction of its own; taken up again it goes on where it was."""
    while _part(merchant, batch_id):
        pass


def _part(merchant: Record, batch_id: uuid.UUID) -> bool:
    now = utcnow()
    with transaction(merchant.binding):
        query = select(CouponBatch).where(CouponBatch.id == batch_id, CouponBatch.status == "running")
        batch = db.session.scalar(query.with_for_update(key_share=True))
        if batch is None:
            return False
        coupon = db.session.get_one(Coupon, batch.coupon_id)
        some = {"made": _make_some, "given": _give_some, "imported": _take_some}[batch.kind]
        is_more = some(batch, coupon, now)
        if not is_more:
            batch.status, batch.finished_at = "done", now
        db.session.flush()
    return is_more


def _make_some(batch: CouponBatch, coupon: Coupon, now: dt.datetime) -> bool:
    wanted = min(AT_ONCE, batch.count - batch.done)
    codes = [rules.new_code() for _one in range(wanted)]
    version_id, constants = issuing.version_of(coupon), {"batch_id": batch.id}
    batch.done += issuing.insert_codes(coupon, version_id, codes, now, constants=constants) if codes else 0
    return batch.done < batch.count


def _give_some(batch: CouponBatch, coupon: Coupon, now: dt.datetime) -> bool:
    query = _members(batch.choice).order_by(Member.id).limit(AT_ONCE)
    if batch.cursor is not None:
        query = query.where(Member.id > batch.cursor)
    ids = list(db.session.scalars(query))
    if not ids:
        return False
    held = []
    for _member_id in ids:
        is_held = rules.draws(batch.count - batch.done, batch.to_hold_back - batch.held_back)
        held.append(is_held)
        batch.done += 1
        batch.held_back += is_held
    columns: dict[str, Sequence[Any]] = {"member_id": ids, "is_holdout": held}
    codes = [rules.new_code() for _one in ids]
    constants = {"batch_id": batch.id}
    issuing.insert_codes(coupon, issuing.version_of(coupon), codes, now, columns=columns, constants=constants)
    batch.cursor = ids[-1]
    return len(ids) == AT_ONCE


def _members(choice: dict[str, Any]) -> Select[uuid.UUID]:
    """Those who were members when it began, of the filter."""
    query = select(Member.id).where(Member.joined_at <= dt.datetime.fromisoformat(choice["at"]))
    since = dt.datetime.fromisoformat(choice["since"])
    if choice["who"] == "active":
        return query.where(Member.last_seen_at >= since)
    if choice["who"] == "away":
        return query.where(func.coalesce(Member.last_seen_at, Member.joined_at) < since)
    return query


def fail(merchant: Record, batch_id: uuid.UUID) -> None:
    """Say that the program itself went wrong; what was issued stays."""
    with transaction(merchant.binding):
        own = update(CouponBatch).where(CouponBatch.id == batch_id, CouponBatch.status == "running")
        db.session.execute(own.values(status="failed", finished_at=utcnow()), execution_options=UNSYNCED)


def is_stuck(batch: CouponBatch, now: dt.datetime) -> bool:
    """Whether it runs for so long that the queue may have given it up."""
    return batch.status == "running" and batch.created_at < now - STUCK_AFTER


def resume(batch: CouponBatch, merchant: Record, now: dt.datetime) -> None:
    """Go on with one that failed or is stuck; a second job of the same batch waits for the first and finds it done."""
    if batch.status == "failed" or is_stuck(batch, now):
        batch.status, batch.finished_at = "running", None
        db.session.flush()
        _defer(batch, merchant)


def void(batch: CouponBatch, now: dt.datetime) -> int:
    """Stop the batch and make all its codes that are not used void; says how many."""
    db.session.refresh(batch, with_for_update=True)
    batch.status, batch.finished_at = "void", now
    db.session.flush()
    own = update(CouponCode).where(CouponCode.batch_id == batch.id, CouponCode.state == "issued")
    rows = db.session.execute(own.values(state="void").returning(CouponCode.id), execution_options=UNSYNCED)
    return len(rows.all())


def upload(coupon: Coupon, read: Read, name: str, by: str, now: dt.datetime) -> CouponBatch:
    """Keep the codes of a file that were printed or sent elsewhere; nothing is issued before it is started."""
    _check(coupon, is_personal=False)
    choice = {"codes": read.codes, "refusals": [list(fault) for fault in read.faults[:MOST_KEPT]]}
    count, refused = len(read.codes), len(read.faults)
    return _new(
        coupon, "imported", name, by, now, status="uploaded", count=count, refused=refused, choice=choice
    )


def start(batch: CouponBatch, merchant: Record) -> None:
    """Take the codes of a file that was looked through."""
    db.session.refresh(batch, with_for_update=True)
    if batch.status == "uploaded":
        batch.status = "running"
        db.session.flush()
        _defer(batch, merchant)


def _take_some(batch: CouponBatch, coupon: Coupon, now: dt.datetime) -> bool:
    """Issue some codes of the file; one that somebody else took meanwhile is left out."""
    left: list[str] = batch.choice["codes"]
    part, rest = left[:AT_ONCE], left[AT_ONCE:]
    if part:
        constants = {"batch_id": batch.id}
        batch.done += issuing.insert_codes(coupon, issuing.version_of(coupon), part, now, constants=constants)
    batch.choice = {**batch.choice, "codes": rest}
    return bool(rest)
