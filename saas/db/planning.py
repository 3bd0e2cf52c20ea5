"""Searches in large tables that stay fast whether they find nothing, a few rows, or half of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, any_, select, text
from sqlalchemy.orm import InstrumentedAttribute

from saas.db.bulk import array
from saas.db.session import db

FEW = 1_000


def few_or_all(
    key: InstrumentedAttribute[uuid.UUID],
    test: ColumnElement[bool],
    most: int = FEW,
    otherwise: ColumnElement[bool] | None = None,
) -> ColumnElement[bool]:
    """The rows that meet a test by their keys where they are few, else the test itself, or the same put `otherwise`.

    PostgreSQL can't know how rare a word or a beginning is. It would look for the first fifty in the order of the list,
    and read the whole table when there are none; where many meet the test, just that is the fast way.
    """
    found = first_keys(key, test, most + 1)
    if len(found) <= most:
        return key == any_(array(found, key.expression))
    return test if otherwise is None else otherwise


def first_keys(
    key: InstrumentedAttribute[uuid.UUID], test: ColumnElement[bool], limit: int
) -> Sequence[uuid.UUID]:
    """The keys of some rows that meet a test, by the indexes: what is materialized is planned as if all were wanted,
    and read no further than is. For the values at hand, since a plan for any value can't use an index for beginnings.
    """
    db.session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    found = select(key.label("key")).where(test).cte("found").prefix_with("MATERIALIZED")
    return db.session.scalars(select(found.c.key).limit(limit)).all()
