"""The list: filters, order, pages that neither skip nor repeat; and among many it reads only what it shows."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.engine import URL

from saas.db import db
from saas.db.provisioning import analyze
from saas.merchants.registry import Record
from tenants.products import catalogue, operations, queries, writing
from tenants.products.models import Product
from tenants.products.operations import Line
from tenants.products.queries import Wish
from tenants.products.writing import Change
from tests.factories.products import product

Within = Callable[[Record], AbstractContextManager[None]]
NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
MANY = 20_000


def names(wish: Wish) -> list[str]:
    return [found.name for found in queries.page(wish).items]


def test_filters_and_search(bakery: Record, within: Within) -> None:
    with within(bakery):
        product("C-1", name="Φίλτρου καφές", category="Drinks", tags=["hot", "vegan"])
        product("C-2", name="Éclair", category="Cakes", is_excluded_from_redeeming=True)
        operations.archive(product("C-3", name="Old cake", category="Cakes").id, NOW)
        operations.ensure([Line("till-1", "From the till")], NOW)
        assert names(Wish()) == ["Éclair", "From the till", "Φίλτρου καφές"]
        assert names(Wish(text="ΚΑΦΕΣ φιλ")) == ["Φίλτρου καφές"]
        assert names(Wish(text="c1")) == names(Wish(text="vega drin")) == ["Φίλτρου καφές"]
        assert names(Wish(text="eclair")) == names(Wish(category="Cakes")) == ["Éclair"]
        assert names(Wish(tag="hot")) == ["Φίλτρου καφές"]
        assert names(Wish(tag="ho")) == names(Wish(text="lair")) == names(Wish(text="%")) == []
        assert names(Wish(filter="excluded")) == ["Éclair"]
        assert names(Wish(filter="purchase")) == ["From the till"]
        assert names(Wish(filter="archived")) == ["Old cake"]
        assert queries.categories() == ["Cakes", "Drinks"]
        assert queries.count(Wish()) == 3


def test_unknown_wishes_are_not_said() -> None:
    assert Wish.of({"show": "'", "q": " x " * 200}) == Wish(text=("x  " * 100)[:100])
    assert Wish.of({"category": "a", "tag": "b", "show": "archived"}).asked == {
        "category": "a",
        "tag": "b",
        "show": "archived",
    }


def test_pages_forth_and_back_show_each_once(bakery: Record, within: Within) -> None:
    """Equal names are told apart by their ids."""
    with within(bakery):
        writing.write([Change(str(n), {"name": f"Name {n // 30}"}) for n in range(130)], "import", NOW)
        order = list(db.session.scalars(select(Product.id).order_by(Product.sort_key, Product.id)))
        first = queries.page(Wish())
        assert first.before is None
        second = queries.page(Wish(), after=first.after)
        third = queries.page(Wish(), after=second.after)
        assert third.after is None
        assert [found.id for page in (first, second, third) for found in page.items] == order
        back = queries.page(Wish(), before=third.before)
        assert [found.id for found in back.items] == [found.id for found in second.items]
        start = queries.page(Wish(), before=back.before)
        assert ([found.id for found in start.items], start.before) == (order[:50], None)
        lost = queries.page(Wish(), after=uuid.uuid4())
        assert [found.id for found in lost.items] == order[:50]
        assert queries.page(Wish(), after=order[-1]).items == []
        assert queries.page(Wish(), before=order[0]).items[0].id == order[0]


def plan_of(run: Callable[[], object]) -> tuple[set[str], int]:
    """The kinds of steps and the most rows that any of them gives, of the last statement that `run` sends."""
    sent: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.append((statement, parameters))

    connection = db.session.connection()
    event.listen(connection, "before_cursor_execute", hear)
    run()
    event.remove(connection, "before_cursor_execute", hear)
    statement, parameters = sent[-1]
    explained = connection.exec_driver_sql("EXPLAIN (ANALYZE, FORMAT JSON) " + statement, parameters)
    return _steps(explained.scalar_one()[0]["Plan"])


def _steps(plan: dict[str, Any]) -> tuple[set[str], int]:
    kinds, most = {plan["Node Type"]}, int(plan["Actual Rows"]) * int(plan["Actual Loops"])
    for part in plan.get("Plans", []):
        inner, rows = _steps(part)
        kinds, most = kinds | inner, max(most, rows)
    return kinds, most


def test_among_many_a_page_reads_what_it_shows(bakery: Record, within: Within, control_url: URL) -> None:
    with within(bakery):
        for start in range(0, MANY, 5_000):
            changes = [
                Change(
                    f"SKU-{n:06}",
                    {
                        "name": f"Product {n * 7919 % MANY:06}",
                        "category": f"Shelf {n % 300}",
                        "tags": [f"tag{n % 500}"],
                    },
                )
                for n in range(start, start + 5_000)
            ]
            writing.write(changes, "import", NOW)
    analyze(control_url, bakery.schema_name)
    with within(bakery):
        middle = queries.page(Wish(text="product 010000")).items[0].id
        looks: dict[str, Callable[[], object]] = {
            "first": lambda: queries.page(Wish()),
            "middle": lambda: queries.page(Wish(), after=middle),
            "back": lambda: queries.page(Wish(), before=middle),
            "category": lambda: queries.page(Wish(category="Shelf 7")),
            "tag": lambda: queries.page(Wish(tag="tag7")),
            "categories": queries.categories,
            "line": lambda: catalogue.by_sku(["sku-000007"]),
        }
        for label, look in looks.items():
            kinds, rows = plan_of(look)
            assert "Seq Scan" not in kinds, (label, kinds)
            assert rows <= 1_001, (label, kinds, rows)
        assert len(queries.categories()) == 300
