"""Imports in the console: upload, columns and preview, progress, report, and the refused rows as a file."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, Response, abort, g, request
from flask_babel import gettext as _
from flask_login import current_user

from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, is_fragment, render
from saas.web.throttle import throttle
from tenants.programs import queries as programs
from tenants.purchases import choices, operations, queries, words
from tenants.purchases.choices import Choice
from tenants.purchases.forms import ColumnsForm, UploadForm
from tenants.purchases.models import PurchaseImport
from tenants.sheets import decoding
from tenants.sheets.faults import refused_csv

bp = Blueprint("purchases", __name__, url_prefix="/console/<slug:merchant>/imports")
SHOW = "tenants/purchases/import_show.html"
POLLING_ENDS = 286
MOST_BYTES = 16 * 1024 * 1024
UPLOADS_AN_HOUR = 30


@bp.get("")
@requires("imports.run")
def import_index() -> Response:
    """What was imported, and the way to import more."""
    return _index(UploadForm())


def _index(form: UploadForm, status: int = 200) -> Response:
    return render("tenants/purchases/import_index.html", status=status, form=form, imports=queries.recent())


@bp.post("")
@requires("imports.run")
def import_upload() -> Response:
    """Keep a file and go to its columns."""
    form = UploadForm()
    upload = request.files.get("file")
    name = upload.filename if upload else ""
    try:
        if not form.validate() or upload is None or not name:
            raise Refusal(words.of_file("no_file"))
        throttle("import", str(g.merchant.id), UPLOADS_AN_HOUR, 3600)
        content = upload.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise Refusal(words.of_file("large"))
        found = operations.upload(name, content, current_user.name, g.merchant, utcnow())
    except Refusal as refusal:
        form.file.errors = [str(refusal)]
        return _index(form, status=refusal.status)
    return done("purchases.import_show", import_id=found.id)


@bp.get("/<uuid:import_id>")
@requires("imports.run")
def import_show(import_id: UUID) -> Response:
    """Columns with a preview, or the progress, or the report, as far as it is."""
    found = _found(import_id)
    if found.status in operations.STARTABLE:
        choice, form = _form(found)
        return _columns(found, choice, form)
    status = POLLING_ENDS if is_fragment() and found.status != "running" else 200
    refusals = queries.refusals(import_id) if found.status == "done" else {}
    return render(
        SHOW, block="state", status=status, found=found, refusals=refusals, totals=queries.totals(),
        form=None, preview=None, words=words,
    )  # fmt: skip


@bp.post("/<uuid:import_id>/columns")
@requires("imports.run")
def import_columns(import_id: UUID) -> Response:
    """Read the file again with other columns; nothing is added."""
    found = _found(import_id)
    choice, form = _form(found)
    if not form.validate():
        return _columns(found, choice, form, status=422)
    chosen = _chosen(found, choice, form)
    operations.choose(import_id, chosen)
    if is_fragment() and not form.is_relaid(choice.layout):
        return _columns(found, chosen, form)
    return done("purchases.import_show", import_id=import_id)


@bp.post("/<uuid:import_id>/runs")
@requires("imports.run")
def import_start(import_id: UUID) -> Response:
    """Start it with the columns that were sent."""
    found = _found(import_id)
    choice, form = _form(found)
    if not form.validate():
        return _columns(found, choice, form, status=422)
    chosen = _chosen(found, choice, form)
    try:
        operations.start(import_id, chosen, g.merchant, utcnow())
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return _columns(found, chosen, form, status=422)
    return done("purchases.import_show", import_id=import_id)


@bp.post("/<uuid:import_id>/cancellation")
@requires("imports.run")
def import_cancel(import_id: UUID) -> Response:
    """Stop it; what was added stays, and it may be started again."""
    _found(import_id)
    stopped = operations.cancel(import_id, utcnow())
    message = _("Stopped. What was added so far stays.") if stopped else _("It was finished already.")
    return done("purchases.import_show", message, import_id=import_id)


@bp.get("/<uuid:import_id>/refused.csv")
@requires("imports.run")
def import_refused(import_id: UUID) -> Response:
    """The refused rows with their reasons, ready to be mended in a spreadsheet and imported again."""
    _found(import_id)
    kept = queries.refusals(import_id)
    heads = [_("Line"), _("Column"), _("Reason")]
    lines, titles = kept.get("lines", []), kept.get("titles", [])
    return Response(
        refused_csv(heads, titles, lines, words.of_field, words.of_row),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="refused.csv"', "Cache-Control": "no-store"},
    )


def _found(import_id: UUID) -> PurchaseImport:
    return queries.get(import_id) or abort(404)


def _form(found: PurchaseImport) -> tuple[Choice, ColumnsForm]:
    choice = Choice.from_json(found.mapping)
    text = decoding.decode(queries.content(found.id)[: decoding.SAMPLE_BYTES * 4], choice.layout.encoding)
    offered = [(program.id, program.name) for program, _version, _terms in programs.running()]
    titles = decoding.titles(text, choice.layout)
    return choice, ColumnsForm.of(choice, titles, decoding.examples(text, choice.layout), offered)


def _chosen(found: PurchaseImport, choice: Choice, form: ColumnsForm) -> Choice:
    """The choice as sent; another separator makes other columns, which are then guessed anew."""
    program_id = UUID(form.program.data) if form.program.data else None
    after = replace(choice, program_id=program_id, rewards=form.rewards.data)
    if not form.is_relaid(choice.layout):
        return replace(after, mapping=form.mapping(choice.mapping))
    content = queries.content(found.id)
    layout = decoding.relaid(
        content,
        choice.layout,
        encoding=form.encoding.data,
        delimiter=form.delimiter.data,
        has_header=form.has_header.data,
    )
    return replace(after, layout=layout, mapping=choices.guess_columns(content, layout, g.merchant))


def _columns(found: PurchaseImport, choice: Choice, form: ColumnsForm, status: int = 200) -> Response:
    """The columns with the preview, which needs at least a date and a member."""
    preview = None
    content = queries.content(found.id)
    if not content and not form.form_errors:
        form.form_errors.append(words.of_file("vanished"))
    elif content and not choice.mapping.missing:
        preview = queries.preview(content, choice, g.merchant, utcnow())
    return render(
        SHOW, block="preview", status=status, found=found, form=form, choice=choice, preview=preview,
        words=words, refusals={}, totals=None,
    )  # fmt: skip
