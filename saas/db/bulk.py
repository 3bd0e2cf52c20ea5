"""Many rows in one statement: a list a column goes over as an array, so that a thousand rows cost one round
trip.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ARRAY, Select, String, Table, Text, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import DeclarativeBase


def table_of(model: type[DeclarativeBase]) -> Table:
    return cast(Table, model.__table__)


def array(values: Sequence[Any], column: Any) -> Any:
    """The values as one array parameter of the column's type; texts without their length, so that none is
    cut off.
    """
    item = Text() if isinstance(column.type, String) else column.type
    return bindparam(None, list(values), type_=ARRAY(item, dimensions=1))


def rows_of(model: type[DeclarativeBase], columns: dict[str, Sequence[Any]], name: str = "given") -> Any:
    """A table of the given values, which a statement can select from or join with."""
    table = table_of(model)
    arrays = [array(values, table.c[key]) for key, values in columns.items()]
    return func.unnest(*arrays).table_valued(*columns, name=name).render_derived()


def insert_rows(
    model: type[DeclarativeBase], columns: dict[str, Sequence[Any]], constants: dict[str, Any] | None = None
) -> Insert:
    """INSERT … SELECT of the given columns, with the same value in each row where `constants` says so."""
    table = table_of(model)
    given = rows_of(model, columns)
    fixed = [literal(value, table.c[key].type).label(key) for key, value in (constants or {}).items()]
    source: Select[Any] = select(*(given.c[key] for key in columns), *fixed)
    return insert(table).from_select([*columns, *(constants or {})], source, include_defaults=False)
