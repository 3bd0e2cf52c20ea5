"""Imports as the API takes and shows them, with the examples of its documentation."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from tenants.api.example_ids import IMPORT
from tenants.api.import_kinds import Kind
from tenants.api.schemas import Answer, Body, Moment, Query

MOST_ROWS = 5_000
Status = Literal["uploaded", "running", "done", "failed", "cancelled", "void"]
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
    status: Status
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
    status: Status
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
            "detail": "This is not an amount that we can read.",
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
