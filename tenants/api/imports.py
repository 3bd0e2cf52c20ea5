"""Imports at the API: a file or rows are kept and looked through, their columns chosen, then a job takes them in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from flask import abort, g
from flask_babel import gettext as _
from sqlalchemy import select, union_all

from saas.db import db
from saas.web.clock import utcnow
from saas.web.problems import Fault, Invalid
from saas.web.throttle import throttle
from tenants.api import import_answers, import_files
from tenants.api.coupon_codes import known
from tenants.api.cursors import page
from tenants.api.example_ids import IMPORT
from tenants.api.import_kinds import READERS, REASONS, Kind, Row
from tenants.api.import_schemas import (
    READ,
    RUNNING,
    SUMMARY,
    Import,
    ImportChange,
    ImportPage,
    ImportQuery,
    NewImport,
)
from tenants.api.operation import Example, Resource
from tenants.api.schemas import PageQuery
from tenants.api.words import pointer
from tenants.coupons import batches, issuing
from tenants.coupons import imports as code_files
from tenants.coupons.models import CouponBatch
from tenants.products import imports as product_imports
from tenants.products.models import ProductImport
from tenants.purchases import choices, operations, queries
from tenants.purchases.models import PurchaseImport
from tenants.sheets.faults import refused_csv

resource = Resource(
    "imports",
    "Imports",
    "Purchases, products and coupon codes from files or rows: what comes is kept and looked through, which changes "
    "nothing; a run takes in what is not refused. A row that came before is not taken twice.",
)
IMPORTS_AN_HOUR = 120


@resource.get(
    "/imports",
    "imports:read",
    "List imports",
    query=PageQuery,
    answer=ImportPage,
    example=Example(answer={"data": [SUMMARY], "next_cursor": None}),
)
def index(query: PageQuery) -> ImportPage:
    every = union_all(
        select(ProductImport.id),
        select(PurchaseImport.id),
        select(CouponBatch.id).where(CouponBatch.kind == "imported"),
    ).subquery()
    rows, cursor = page(select(every.c.id), [every.c.id], query)
    found = import_files.listed([row[0] for row in rows])
    return ImportPage(data=[import_answers.summary(kind, row) for kind, row in found], next_cursor=cursor)


@resource.get(
    "/imports/<uuid:import_id>",
    "imports:read",
    "Get an import with its progress",
    answer=Import,
    example=Example(ids={"import_id": IMPORT}, answer=READ),
)
def get(import_id: UUID) -> Import:
    """Before it is started it says what it would do; then how far it is."""
    return import_answers.of(*import_files.found(import_id))


@resource.post(
    "/imports",
    "imports:write",
    "Bring a file or rows",
    query=ImportQuery,
    body=NewImport,
    takes_files=True,
    answer=Import,
    status=201,
    refusals=(product_imports.UnreadableFile, issuing.NotIssuable),
    example=Example(
        query={"kind": "products", "filename": "till.csv"},
        body={"rows": [{"sku": "beans-500", "name": "Beans, 500 g", "price_minor": "21.90"}]},
        answer={**READ, "filename": "till.csv", "refused": []},
    ),
)
def create(query: ImportQuery, body: NewImport | bytes) -> Import:
    """Send a file as `text/csv`, at most 16 MB (codes 8 MB), in any usual encoding and with any usual separator, or
    rows as JSON. It is kept and looked through; nothing changes before its run.
    """
    throttle("api.import", str(g.merchant.id), IMPORTS_AN_HOUR, 3600)
    _check_kind(query)
    data, laid = (body, None) if isinstance(body, bytes) else _rows(query.kind, body)
    name, by, now = query.filename or f"{query.kind}.csv", g.api_key.name, utcnow()
    if query.coupon_id is not None:
        if len(data) > code_files.MOST_BYTES:
            abort(413)
        coupon = known(query.coupon_id, "coupon_id")
        row: Row = batches.upload(coupon, code_files.read(data), name, by, now)
    elif query.kind == "products":
        row = import_files.keep_products(name, data, laid, by, g.merchant, now)
    else:
        stamps = query.program_id, query.rewards or choices.HANDED_OUT
        row = import_files.keep_purchases(name, data, laid, stamps, by, g.merchant, now)
    db.session.refresh(row)
    return import_answers.of(query.kind, row)


@resource.patch(
    "/imports/<uuid:import_id>",
    "imports:write",
    "Choose an import’s columns",
    body=ImportChange,
    answer=Import,
    refusals=(operations.NotStartable,),
    example=Example(
        ids={"import_id": IMPORT},
        body={"columns": {"sku": "SKU", "name": 1}},
        answer={**READ, "columns": {"sku": 0, "name": 1}, "refused": []},
    ),
)
def update(import_id: UUID, body: ImportChange) -> Import:
    """By number, from 0, or by title. The answer says what the file would do with them."""
    kind, row = import_files.found(import_id)
    reader, now = READERS[kind], utcnow()
    if kind == "coupon_codes":
        words = _("There are no columns to choose: codes are found by their header, or stand first.")
        raise Invalid([Fault(words, "not_of_this_kind", pointer="/columns")])
    if not reader.is_startable(row, now):
        raise operations.NotStartable(_("This import runs already, or is finished."))
    titles = reader.titles(row)
    columns = {name: _column(name, at, titles, reader.fields) for name, at in body.columns.items()}
    if len(set(columns.values())) < len(columns) or not columns:
        words = _("Each column can hold one field, and at least one is needed.")
        raise Invalid([Fault(words, "not_one_to_one", pointer="/columns")])
    reader.choose(row, columns, now)
    db.session.refresh(row)
    return import_answers.of(kind, row)


@resource.post(
    "/imports/<uuid:import_id>/run",
    "imports:write",
    "Start an import",
    answer=Import,
    status=202,
    refusals=(
        operations.NotStartable,
        operations.ColumnsMissing,
        product_imports.ColumnMissing,
        product_imports.UnreadableFile,
    ),
    example=Example(ids={"import_id": IMPORT}, answer=RUNNING),
)
def run(import_id: UUID) -> Import:
    """A job takes the rows in; get the import until its `status` is `done`. One that failed goes on."""
    kind, row = import_files.found(import_id)
    READERS[kind].start(row, g.merchant, utcnow())
    db.session.refresh(row)
    return import_answers.of(kind, row)


@resource.get(
    "/imports/<uuid:import_id>/refused-rows.csv",
    "imports:read",
    "Download the refused rows",
    example=Example(
        ids={"import_id": IMPORT},
        answer="Line;Column;Reason;SKU;Name;Price\r\n3;Price;This is not an amount that we can read.;tea;Tea;?\r\n",
    ),
)
def refused_rows(import_id: UUID) -> Iterator[bytes]:
    """With their reasons, ready to be mended and brought again; before a run those that would be refused."""
    kind, row = import_files.found(import_id)
    reader, tried = READERS[kind], import_answers.trial(kind, row)
    lines = tried.refused if tried else reader.refused(row)
    heads = [_("Line"), _("Column"), _("Reason")]
    of_field, of_row = REASONS[kind]
    return iter([refused_csv(heads, reader.titles(row), lines, of_field, of_row)])


def _check_kind(query: ImportQuery) -> None:
    """Raise Invalid for parameters of another kind, or that name nothing."""
    is_codes, is_purchases = query.kind == "coupon_codes", query.kind == "purchases"
    if is_codes != (query.coupon_id is not None):
        words = _("Codes need this, and nothing else has it.")
        raise Invalid([Fault(words, "not_of_this_kind", parameter="coupon_id")])
    for name in ("program_id", "rewards"):
        if getattr(query, name) is not None and not is_purchases:
            raise Invalid([Fault(_("Only purchases have this."), "not_of_this_kind", parameter=name)])
    if query.program_id is not None and queries.terms_of(query.program_id) is None:
        words = _("There is no such stamp card in force.")
        raise Invalid([Fault(words, "unknown_program", parameter="program_id")])


def _rows(kind: Kind, body: NewImport) -> tuple[bytes, import_files.Laid]:
    """The rows as a file; raises Invalid where a row has a field that there is not."""
    fields = READERS[kind].fields
    unknown = [(index, name) for index, row in enumerate(body.rows) for name in row if name not in fields]
    if unknown:
        words = _("There is no such field here.")
        places = [pointer(["rows", index, name]) for index, name in unknown[: import_answers.MOST_SHOWN]]
        raise Invalid([Fault(words, "extra_forbidden", pointer=place) for place in places])
    return import_files.as_file(body.rows, fields)


def _column(name: str, at: int | str, titles: Sequence[str], fields: Sequence[str]) -> int:
    """The number of a column; raises Invalid for a field or a column that there is not."""
    place = pointer(["columns", name])
    if name not in fields:
        raise Invalid([Fault(_("There is no such field here."), "extra_forbidden", pointer=place)])
    if isinstance(at, int) and at < len(titles):
        return at
    if isinstance(at, str) and at in titles:
        return titles.index(at)
    raise Invalid([Fault(_("The file has no such column."), "unknown_column", pointer=place)])
