"""Among many rows a search for something rare reads what it finds; one for something common stops at a page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from psycopg import sql
from sqlalchemy import Integer, String, column, select, table, update
from sqlalchemy.engine import URL

from saas.db import db, new_id
from saas.db.bulk import insert_rows
from saas.db.migrations import connect
from saas.db.planning import FEW, few_or_all
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.directory import queries
from tenants.directory.queries import Wish
from tenants.members.models import Member
from tenants.members.queries import matches
from tenants.members.rules import new_numbers, sort_name, words_of
from tenants.segments.queries import When

MANY = 20_000
READ = table(
    "pg_stat_xact_user_tables",
    column("relname", String),
    column("schemaname", String),
    column("seq_tup_read", Integer),
    column("idx_tup_fetch", Integer),
)
Within = Callable[[Record], AbstractContextManager[None]]


def rows_read(merchant: Record) -> int:
    """Rows of members that this transaction has read so far, by whatever way."""
    query = select(READ.c.seq_tup_read + READ.c.idx_tup_fetch)
    return db.session.execute(
        query.where(READ.c.relname == "member", READ.c.schemaname == merchant.schema_name)
    ).scalar_one()


def fill(count: int) -> None:
    names = ["Zoë Rare" if place == count // 2 else f"Maria {place % 7}" for place in range(count)]
    columns = {
        "id": [new_id() for _name in names],
        "number": new_numbers(count),
        "first_name": names,
        "sort_name": [sort_name(name) for name in names],
        "email": [f"member{place}@example.com" for place in range(count)],
    }
    fixed = {"language": "en", "source": "card", "joined_at": utcnow()}
    db.session.execute(insert_rows(Member, columns, fixed))
    for name in set(names):
        named = update(Member).where(Member.first_name == name).values(words=words_of(name))
        db.session.execute(named.execution_options(synchronize_session=False))


def test_a_search_reads_what_it_shows(bakery: Record, within: Within, control_url: URL) -> None:
    with within(bakery):
        fill(MANY)
    with connect(control_url) as connection:
        connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(bakery.schema_name, "member")))
    when = When(utcnow(), bakery.time_zone)
    for text, found, most in (("zoe", 1, 20), ("nobody", 0, 20), ("member17@", 1, 20), ("maria", 50, 1_500)):
        with within(bakery):
            before = rows_read(bakery)
            wish = Wish(text=text)
            page = queries.page(wish, queries.wanted(wish, when))
            read = rows_read(bakery) - before
            assert (len(page.items), read <= most) == (found, True), (text, read)


@pytest.mark.parametrize(("text", "count"), [("zoe", 1), ("maria", FEW + 50), ("nobody", 0)])
def test_few_or_all_are_the_same_rows(bakery: Record, within: Within, text: str, count: int) -> None:
    with within(bakery):
        fill(FEW + 51)
        test = matches(text)
        found = db.session.scalars(select(Member.id).where(few_or_all(Member.id, test))).all()
        assert set(found) == set(db.session.scalars(select(Member.id).where(test)))
        assert len(found) == count
