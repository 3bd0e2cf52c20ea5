"""Imports at the API: a file or rows are kept and looked through, their columns chosen, then a job takes them in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from flask import abort, g
from flask_babel import gettext as _
from pydantic import Field
from sqlalchemy import literal, select, union_all

from saas.db import db
from saas.web.clock import utcnow
from saas.web.problems import Fault, Invalid
from saas.web.throttle import throttle
from tenants.api import import_files
from tenants.api.coupon_codes import known
from tenants.api.cursors import page
from tenants.api.example_ids import IMPORT
from tenants.api.import_files import READERS, REASONS, Trial
from tenants.api.operation import Example, Resource
from tenants.api.schemas import Answer, Body, Moment, PageQuery, Query
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
Kind = Literal["purchases", "products", "coupon_codes"]
MOST_ROWS, MOST_SHOWN, IMPORTS_AN_HOUR, TRIALS_AN_HOUR = 5_000, 50, 120, 240
Cell = Annotated[str, Field(max_length=1_000)]


class RefusedRow(Answer):
    """A row that is not taken, and why."""

    row: Annotated[int, Field(description="The line of the file, from 1.")]
    field: Annotated[str, Field(description="Empty where the whole row is meant.")]
    code: str
    detail: str
    value: str


class ImportPreview(Answer):
    """What a run would do now."""

    rows_read: int
    rows_refused: int
    is_partial: Annotated[
        bool, Field(description="The file is long, and was looked through at its beginning.")
    ]
    counts: Annotated[dict[str, int], Field(description="Such as `products_new` and `products_known`.")]


class Import(Answer):
    """A file on its way in. `preview` is there until it is started, the rows are counted from then on."""

    id: UUID
    kind: Kind
    filename: str
    status: Literal["uploaded", "running", "done", "failed", "cancelled", "void"]
    titles: Annotated[list[str], Field(description="What the file’s first row calls its columns.")]
    columns: Annotated[dict[str, int] | None, Field(description="Which column, from 0, holds which field.")]
    preview: ImportPreview | None
    rows_total: int
    rows_done: int
    rows_refused: int
    counts: Annotated[dict[str, int], Field(description="Such as `products_added`, `purchases_known`.")]
    refused: Annotated[list[RefusedRow], Field(description="The first 50; the file has all that are kept.")]
    requested_by: str
    created_at: Moment
    finished_at: Moment | None


class ImportSummary(Answer):
    """An import without what is in its file."""

    id: UUID
    kind: Kind
    filename: str
    status: Literal["uploaded", "running", "done", "failed", "cancelled", "void"]
    rows_total: int
    rows_done: int
    rows_refused: int
    requested_by: str
    created_at: Moment
    finished_at: Moment | None


class ImportPage(Answer):
    """Imports, the newest first."""

    data: list[ImportSummary]
    next_cursor: str | None


class ImportQuery(Query):
    """What is imported."""

    kind: Kind
    filename: Annotated[str, Field(max_length=200)] = ""
    coupon_id: Annotated[UUID | None, Field(description="For, and only for, `coupon_codes`.")] = None
    program_id: Annotated[
        UUID | None, Field(description="Of `purchases`: the stamp card that they give stamps on, if any.")
    ] = None
    rewards: Annotated[
        Literal["fulfilled", "issued"] | None,
        Field(
            description="Of `purchases`: what cards that become full turn into; handed out where not said."
        ),
    ] = None


class NewImport(Body):
    """Rows of fields, as texts. Dates are 2026-11-20 or 2026-11-20 10:12, amounts 12.50."""

    rows: Annotated[list[dict[str, Cell]], Field(min_length=1, max_length=MOST_ROWS)]


class ImportChange(Body):
    """Which column holds which field; fields that are not named are not read."""

    columns: dict[str, Annotated[int, Field(ge=0, le=1_000)] | Annotated[str, Field(max_length=200)]]


READ: dict[str, Any] = {
    "id": IMPORT,
    "kind": "products",
    "filename": "menu.csv",
    "status": "uploaded",
    "titles": ["SKU", "Name", "Price"],
    "columns": {"sku": 0, "name": 1, "price_minor": 2},
    "preview": {
        "rows_read": 2,
        "rows_refused": 1,
        "is_partial": False,
        "counts": {"products_new": 1, "products_known": 0},
    },
    "rows_total": 0,
    "rows_done": 0,
    "rows_refused": 0,
    "counts": {"products_added": 0, "products_changed": 0, "products_same": 0},
    "refused": [
        {
            "row": 3,
            "field": "price_minor",
            "code": "amount",
            "value": "?",
            "detail": "This is no amount that we can read.",
        }
    ],
    "requested_by": "Till",
    "created_at": "2026-10-01T07:00:00Z",
    "finished_at": None,
}
SUMMARY = {
    name: value
    for name, value in READ.items()
    if name not in ("titles", "columns", "preview", "counts", "refused")
}
RUNNING = {**READ, "status": "running", "preview": None, "refused": []}


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
        select(ProductImport.id, literal("products").label("kind")),
        select(PurchaseImport.id, literal("purchases")),
        select(CouponBatch.id, literal("coupon_codes")).where(CouponBatch.kind == "imported"),
    ).subquery()
    rows, cursor = page(select(every.c.id, every.c.kind), [every.c.id], query)
    return ImportPage(
        data=[_summary(row[1], import_files.found(row[0])[1]) for row in rows], next_cursor=cursor
    )


@resource.get(
    "/imports/<uuid:import_id>",
    "imports:read",
    "Get an import with its progress",
    answer=Import,
    example=Example(ids={"import_id": IMPORT}, answer=READ),
)
def get(import_id: UUID) -> Import:
    """Before it is started it says what it would do; then how far it is."""
    return _answer(*import_files.found(import_id))


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
        row: import_files.Row = batches.upload(coupon, code_files.read(data), name, by, now)
    elif query.kind == "products":
        row = import_files.keep_products(name, data, laid, by, g.merchant, now)
    else:
        stamps = query.program_id, query.rewards or choices.HANDED_OUT
        row = import_files.keep_purchases(name, data, laid, stamps, by, g.merchant, now)
    db.session.refresh(row)
    return _answer(query.kind, row)


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
    return _answer(kind, row)


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
    return _answer(kind, row)


@resource.get(
    "/imports/<uuid:import_id>/refused-rows.csv",
    "imports:read",
    "Download the refused rows",
    example=Example(
        ids={"import_id": IMPORT},
        answer="Line;Column;Reason;SKU;Name;Price\r\n3;Price;This is no amount that we can read.;tea;Tea;?\r\n",
    ),
)
def refused_rows(import_id: UUID) -> Iterator[bytes]:
    """With their reasons, ready to be mended and brought again; before a run those that would be refused."""
    kind, row = import_files.found(import_id)
    reader, trial = READERS[kind], _trial(kind, row)
    lines = trial.refused if trial else reader.refused(row)
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
        places = [pointer(["rows", index, name]) for index, name in unknown[:MOST_SHOWN]]
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


def _answer(kind: Kind, row: import_files.Row) -> Import:
    reader, trial = READERS[kind], _trial(kind, row)
    refused = trial.refused if trial else reader.refused(row)
    return Import.model_construct(
        **dict(_summary(kind, row)),
        titles=reader.titles(row),
        columns=reader.columns(row),
        preview=_preview(trial) if trial else None,
        counts=reader.counts(row),
        refused=[_refused(kind, fault) for fault in refused[:MOST_SHOWN]],
    )


def _trial(kind: Kind, row: import_files.Row) -> Trial | None:
    """What a run would do, None once it runs. Counted, since a whole file is read for it; raises TooMany."""
    reader, now = READERS[kind], utcnow()
    if not reader.is_startable(row, now):
        return None
    throttle("api.import-trial", str(g.merchant.id), TRIALS_AN_HOUR, 3600)
    return reader.trial(row, g.merchant, now)


def _summary(kind: Kind, row: import_files.Row) -> ImportSummary:
    total, done, refused = READERS[kind].rows(row)
    if isinstance(row, CouponBatch):
        filename, by = row.name, row.requested_by
    else:
        filename, by = row.filename, row.created_by
    return ImportSummary.model_construct(
        id=row.id,
        kind=kind,
        filename=filename,
        status=row.status,
        rows_total=total,
        rows_done=done,
        rows_refused=refused,
        requested_by=by,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _preview(trial: Trial) -> ImportPreview:
    return ImportPreview(
        rows_read=trial.read,
        rows_refused=len(trial.refused),
        is_partial=trial.is_partial,
        counts=trial.counts,
    )


def _refused(kind: Kind, fault: Sequence[Any]) -> RefusedRow:
    line, field, reason, value, _cells = fault
    return RefusedRow(row=line, field=field, code=reason, detail=REASONS[kind][1](reason), value=value)
