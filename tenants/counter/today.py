"""Today's list: everything that happened at the shop since midnight by its own clock."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, literal, null, select, union_all
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import aliased
from sqlalchemy.types import BigInteger, String, Uuid

from saas.db import db
from tenants.counter.drafts import AMOUNT
from tenants.counter.queries import UNDOABLE, day_start
from tenants.members.models import Member
from tenants.programs.models import Enrolment, Entry, Program, ProgramVersion, Reward
from tenants.purchases.models import Purchase, PurchaseLine, Refund


@dataclass(frozen=True)
class Line:
    """One line of today's list: an entry of the ledger, a reward that was handed out, a purchase or a refund.

    `amount_minor` is what was paid or given back, `purchase_id` the purchase of both; a purchase that may be undone
    was entered as an amount and nothing of it returned.
    """

    id: uuid.UUID
    at: dt.datetime
    kind: str
    cause: str
    units: int
    member_id: uuid.UUID | None
    first_name: str | None
    number: str | None
    program: str | None
    program_kind: str | None
    unit: str | None
    reward: str | None
    actor_kind: str
    actor_id: uuid.UUID | None
    actor_name: str | None
    is_undone: bool
    amount_minor: int | None
    receipt_number: str | None
    purchase_id: uuid.UUID | None
    is_amount: bool

    @property
    def is_returnable(self) -> bool:
        return self.kind == "purchase" and self.is_amount and not self.is_undone

    @property
    def is_undoable(self) -> bool:
        return self.kind == "earn" and self.cause in UNDOABLE and not self.is_undone


@dataclass(frozen=True)
class Today:
    """A page of today's list, and the day in numbers."""

    lines: list[Line]
    number: int
    size: int
    total: int
    stamps: int
    members: int
    rewards: int
    prev_url: str | None = None
    next_url: str | None = None

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


def page_of(now: dt.datetime, zone: str, page: int = 1, size: int = 25) -> Today:
    """Everything that happened today in the merchant's time zone, newest first."""
    start = day_start(now, zone)
    both = union_all(_entries(start), _handed_out(start), _purchases(start), _refunds(start)).subquery()
    page = max(page, 1)
    total = db.session.scalar(select(func.count()).select_from(both)) or 0
    query = select(both).order_by(both.c.at.desc(), both.c.id.desc()).limit(size).offset((page - 1) * size)
    lines = [Line(**row) for row in db.session.execute(query).mappings()]
    stamps = and_(
        both.c.kind.in_(("earn", "reverse")), both.c.cause != "undo_full", both.c.program_kind == "stamp_card"
    )
    sums = db.session.execute(
        select(
            func.coalesce(func.sum(both.c.units).filter(stamps), 0),
            func.count(both.c.member_id.distinct()),
            func.count().filter(both.c.kind == "handed_out"),
        )
    ).one()
    return Today(lines, page, size, total, int(sums[0]), int(sums[1]), int(sums[2]))


def _entries(start: dt.datetime) -> Select[Any]:
    undoing = aliased(Entry)
    is_undone = select(undoing.id).where(undoing.reverses_id == Entry.id).exists()
    columns = _columns(
        Entry.kind, Entry.cause, Entry.units, Entry.actor_kind, Entry.actor_id, Entry.actor_name
    )
    unit = ProgramVersion.terms["words"]["unit"].astext.label("unit")
    return (
        select(
            Entry.id,
            Entry.occurred_at.label("at"),
            *columns,
            unit,
            is_undone.label("is_undone"),
            *_no_purchase(),
        )
        .join(Enrolment, Enrolment.id == Entry.enrolment_id)
        .join(Member, Member.id == Enrolment.member_id)
        .join(Program, Program.id == Enrolment.program_id)
        .outerjoin(ProgramVersion, ProgramVersion.id == Entry.version_id)
        .outerjoin(Reward, Reward.id == Entry.reward_id)
        .where(Entry.occurred_at >= start)
    )


def _handed_out(start: dt.datetime) -> Select[Any]:
    columns = _columns(
        literal("handed_out"), literal(""), literal(0), literal("staff"), Reward.fulfilled_by, null()
    )
    at = Reward.fulfilled_at.label("at")
    return (
        select(
            Reward.id, at, *columns, null().label("unit"), literal(False).label("is_undone"), *_no_purchase()
        )
        .join(Enrolment, Enrolment.id == Reward.enrolment_id)
        .join(Member, Member.id == Enrolment.member_id)
        .join(Program, Program.id == Enrolment.program_id)
        .where(Reward.fulfilled_at >= start)
    )


def _purchases(start: dt.datetime) -> Select[Any]:
    """What was bought; purchases that were read from files are not of the counter."""
    is_returned = select(Refund.id).where(Refund.purchase_id == Purchase.id).exists()
    is_amount = (
        select(PurchaseLine.id)
        .where(PurchaseLine.purchase_id == Purchase.id, PurchaseLine.key == AMOUNT)
        .exists()
    )
    return (
        select(
            Purchase.id,
            Purchase.occurred_at.label("at"),
            *_of_purchase("purchase", Purchase),
            is_returned.label("is_undone"),
            Purchase.due_minor.label("amount_minor"),
            Purchase.receipt_number,
            Purchase.id.label("purchase_id"),
            is_amount.label("is_amount"),
        )
        .outerjoin(Member, Member.id == Purchase.member_id)
        .where(Purchase.occurred_at >= start, Purchase.import_id.is_(None))
    )


def _refunds(start: dt.datetime) -> Select[Any]:
    return (
        select(
            Refund.id,
            Refund.occurred_at.label("at"),
            *_of_purchase("refund", Refund),
            literal(False).label("is_undone"),
            Refund.money_minor.label("amount_minor"),
            Purchase.receipt_number,
            Purchase.id.label("purchase_id"),
            literal(False).label("is_amount"),
        )
        .join(Purchase, Purchase.id == Refund.purchase_id)
        .outerjoin(Member, Member.id == Purchase.member_id)
        .where(Refund.occurred_at >= start)
    )


def _of_purchase(kind: str, row: type[Purchase] | type[Refund]) -> list[Any]:
    """The columns of `_columns`, and the unit, for what belongs to no program."""
    return [
        literal(kind).label("kind"),
        literal("").label("cause"),
        literal(0).label("units"),
        row.actor_kind.label("actor_kind"),
        row.actor_id.label("actor_id"),
        row.actor_name.label("actor_name"),
        Purchase.member_id,
        Member.first_name,
        Member.number,
        *(sql_cast(null(), String).label(name) for name in ("program", "program_kind", "reward", "unit")),
    ]


def _no_purchase() -> list[Any]:
    return [
        sql_cast(null(), BigInteger).label("amount_minor"),
        sql_cast(null(), String).label("receipt_number"),
        sql_cast(null(), Uuid).label("purchase_id"),
        literal(False).label("is_amount"),
    ]


def _columns(*own: Any) -> list[Any]:
    names = ("kind", "cause", "units", "actor_kind", "actor_id", "actor_name")
    shared = (
        Enrolment.member_id,
        Member.first_name,
        Member.number,
        Program.name.label("program"),
        Program.kind.label("program_kind"),
        Reward.name.label("reward"),
    )
    return [*(column.label(name) for name, column in zip(names, own, strict=True)), *shared]
