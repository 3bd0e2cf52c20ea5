"""Lists page by page: sorted by columns that tell every row apart, from where a signed cursor says."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from flask import current_app, g, request
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import Select, tuple_

from saas.db import db
from saas.web.problems import Fault, Invalid
from tenants.api.schemas import PageQuery


def page(
    statement: Select[*tuple[Any, ...]], keys: Sequence[Any], query: PageQuery
) -> tuple[list[Any], str | None]:
    """Rows in falling order of `keys`, and the cursor of what comes after them; the keys are the first columns.

    A cursor counts for the merchant and the address that it was given out for; another one raises Invalid.
    """
    if query.cursor is not None:
        statement = statement.where(tuple_(*keys) < tuple_(*_opened(query.cursor, keys)))
    ordered = statement.add_columns(*keys).order_by(*(key.desc() for key in keys)).limit(query.limit + 1)
    rows = list(db.session.execute(ordered))
    shown, has_more = rows[: query.limit], len(rows) > query.limit
    return shown, _sealed(shown[-1][-len(keys) :]) if has_more else None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=f"cursor {g.merchant.id} {request.path}")


def _sealed(values: Sequence[Any]) -> str:
    texts = [value.isoformat() if isinstance(value, dt.datetime) else str(value) for value in values]
    return str(_signer().dumps(texts))


def _opened(cursor: str, keys: Sequence[Any]) -> list[Any]:
    try:
        texts = _signer().loads(cursor)
    except BadData:
        words = _("This cursor was not given out for this list.")
        raise Invalid([Fault(words, "bad_cursor", parameter="cursor")]) from None
    kinds = [key.type.python_type for key in keys]
    return [
        uuid.UUID(text) if kind is uuid.UUID else dt.datetime.fromisoformat(text)
        for text, kind in zip(texts, kinds, strict=True)
    ]
