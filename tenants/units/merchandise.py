"""Stock of what is handed out: counted down exactly, whoever asks at the same time."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _
from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from saas.db import db, new_id
from saas.web.refusals import Refusal
from tenants.programs import terms
from tenants.programs.models import Program, ProgramVersion
from tenants.search.rules import fold
from tenants.units.models import Merchandise

MOST = 1_000_000


class OutOfStock(Refusal):
    """Fewer pieces are left than are asked for."""


def set_stock(item: str, stock: int | None, now: dt.datetime) -> None:
    """Say how many pieces there are; None is as many as are asked for."""
    statement = insert(Merchandise).values(id=new_id(), item=item, stock=stock, changed_at=now)
    statement = statement.on_conflict_do_update(
        index_elements=["item"], set_={"stock": statement.excluded.stock, "changed_at": now}
    )
    db.session.execute(statement.execution_options(synchronize_session=False))


def restock(item: str, count: int, now: dt.datetime) -> None:
    """Add pieces that came in, to whatever is left at that moment."""
    statement = insert(Merchandise).values(id=new_id(), item=item, stock=count, changed_at=now)
    added = func.least(func.coalesce(Merchandise.stock, 0) + count, MOST)
    statement = statement.on_conflict_do_update(
        index_elements=["item"], set_={"stock": added, "changed_at": now}
    )
    db.session.execute(statement.execution_options(synchronize_session=False))


def items() -> list[tuple[str, int | None]]:
    """What programs hand out and what is counted, with the pieces left; None where they aren't counted."""
    stocks = dict(db.session.execute(select(Merchandise.item, Merchandise.stock)).all())
    versions = db.session.scalars(
        select(ProgramVersion)
        .join(Program, Program.id == ProgramVersion.program_id)
        .where(Program.status.in_(("published", "paused")), ProgramVersion.number == Program.version_number)
    )
    offered = {
        reward.benefit.item
        for version in versions
        for reward in terms.program_of(version, "").terms.rewards
        if reward.benefit.kind == "merchandise" and reward.benefit.item
    }
    counted = {item for item, stock in stocks.items() if stock is not None}
    return [(item, stocks.get(item)) for item in sorted(offered | counted, key=fold)]


def sold_out() -> frozenset[str]:
    """What none is left of."""
    return frozenset(db.session.scalars(select(Merchandise.item).where(Merchandise.stock == 0)))


def stock_of(item: str) -> int | None:
    """Pieces left; None where they aren't counted."""
    return db.session.scalar(select(Merchandise.stock).where(Merchandise.item == item))


def take(item: str, count: int, now: dt.datetime) -> int:
    """Take pieces out of the stock; answers how many were taken, 0 where they aren't counted. Raises OutOfStock."""
    taken = db.session.scalar(
        update(Merchandise)
        .where(Merchandise.item == item, Merchandise.stock >= count)
        .values(stock=Merchandise.stock - count, changed_at=now)
        .returning(Merchandise.id)
        .execution_options(synchronize_session=False)
    )
    if taken is not None:
        return count
    counted = exists().where(Merchandise.item == item, Merchandise.stock.is_not(None))
    if db.session.scalar(select(counted)):
        raise OutOfStock(_("“%(item)s” is out of stock.", item=item))
    return 0


def give_back(item: str, count: int, now: dt.datetime) -> None:
    """Put pieces back, where they are counted."""
    db.session.execute(
        update(Merchandise)
        .where(Merchandise.item == item, Merchandise.stock.is_not(None))
        .values(stock=Merchandise.stock + count, changed_at=now)
        .execution_options(synchronize_session=False)
    )
