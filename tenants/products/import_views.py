"""Product lists in the console: upload, columns and preview, progress, report, and the refused rows as a file."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Response, abort, g, request
from flask_babel import gettext as _
from flask_login import current_user

from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, is_fragment, render
from saas.web.throttle import throttle
from tenants.products import imports, previews, words
from tenants.products.blueprint import bp
from tenants.products.import_forms import ColumnsForm, UploadForm
from tenants.products.imports import Choice
from tenants.products.models import ProductImport
from tenants.sheets import decoding
from tenants.sheets.faults import refused_csv

SHOW = "tenants/products/import_show.html"
POLLING_ENDS = 286
MOST_BYTES = 16 * 1024 * 1024
UPLOADS_AN_HOUR = 30


@bp.get("/imports")
@requires("products.edit")
def import_index() -> Response:
    """What was imported, and the way to import more."""
    return _index(UploadForm())


def _index(form: UploadForm, status: int = 200) -> Response:
    return render("tenants/products/import_index.html", status=status, form=form, imports=imports.recent())


@bp.post("/imports")
@requires("products.edit")
def import_upload() -> Response:
    """Keep a file and go to its columns."""
    form, upload = UploadForm(), request.files.get("file")
    try:
        if not form.validate() or upload is None or not upload.filename:
            raise Refusal(words.of_file("no_file"))
        throttle("import", str(g.merchant.id), UPLOADS_AN_HOUR, 3600)
        content = upload.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise Refusal(words.of_file("large"))
        found = imports.upload(upload.filename, content, current_user.name, g.merchant, utcnow())
    except Refusal as refusal:
        form.file.errors = [str(refusal)]
        return _index(form, status=refusal.status)
    return done("products.import_show", upload_id=found.id)


@bp.get("/imports/<uuid:upload_id>")
@requires("products.edit")
def import_show(upload_id: UUID) -> Response:
    """Columns with a preview, or the progress, or the report, as far as it is."""
    found = _found(upload_id)
    if found.is_startable(utcnow()):
        return _columns(found, *_form(found))
    status = POLLING_ENDS if is_fragment() and found.status != "running" else 200
    refusals = imports.refusals(upload_id) if found.status == "done" else {}
    return render(
        SHOW,
        block="state",
        status=status,
        found=found,
        refusals=refusals,
        form=None,
        preview=None,
        words=words,
    )


@bp.post("/imports/<uuid:upload_id>/columns")
@requires("products.edit")
def import_columns(upload_id: UUID) -> Response:
    """Read the file again with other columns; nothing is changed."""
    found = _found(upload_id)
    choice, form = _form(found)
    if not form.validate():
        return _columns(found, choice, form, status=422)
    chosen = _chosen(found, choice, form)
    imports.choose(upload_id, chosen, utcnow())
    if is_fragment() and not form.is_relaid(choice.layout):
        return _columns(found, chosen, form)
    return done("products.import_show", upload_id=upload_id)


@bp.post("/imports/<uuid:upload_id>/runs")
@requires("products.edit")
def import_start(upload_id: UUID) -> Response:
    """Start it with the columns that were sent."""
    found = _found(upload_id)
    choice, form = _form(found)
    if not form.validate():
        return _columns(found, choice, form, status=422)
    chosen = _chosen(found, choice, form)
    try:
        imports.start(upload_id, chosen, g.merchant, utcnow())
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return _columns(found, chosen, form, status=422)
    return done("products.import_show", upload_id=upload_id)


@bp.get("/imports/<uuid:upload_id>/refused.csv")
@requires("products.edit")
def import_refused(upload_id: UUID) -> Response:
    """The refused rows with their reasons, ready to be mended in a spreadsheet and imported again."""
    _found(upload_id)
    kept = imports.refusals(upload_id)
    heads = [_("Line"), _("Column"), _("Reason")]
    lines, titles = kept.get("lines", []), kept.get("titles", [])
    return Response(
        refused_csv(heads, titles, lines, words.of_field, words.of_row),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="refused.csv"', "Cache-Control": "no-store"},
    )


def _found(upload_id: UUID) -> ProductImport:
    return imports.get(upload_id) or abort(404)


def _form(found: ProductImport) -> tuple[Choice, ColumnsForm]:
    choice = Choice.from_json(found.mapping)
    text = decoding.decode(imports.content(found.id)[: decoding.SAMPLE_BYTES * 4], choice.layout.encoding)
    titles, examples = decoding.titles(text, choice.layout), decoding.examples(text, choice.layout)
    return choice, ColumnsForm.of(choice, titles, examples)


def _chosen(found: ProductImport, choice: Choice, form: ColumnsForm) -> Choice:
    """The choice as sent; another separator makes other columns, which are then guessed anew."""
    if not form.is_relaid(choice.layout):
        return replace(choice, mapping=form.mapping())
    content = imports.content(found.id)
    layout = decoding.relaid(
        content,
        choice.layout,
        encoding=form.encoding.data,
        delimiter=form.delimiter.data,
        has_header=form.has_header.data,
    )
    return imports.guessed(content, layout, g.merchant)


def _columns(found: ProductImport, choice: Choice, form: ColumnsForm, status: int = 200) -> Response:
    """The columns with the preview, which needs at least the SKU."""
    preview = None
    content = imports.content(found.id)
    if not content and not form.form_errors:
        form.form_errors.append(words.of_file("vanished"))
    elif content and "sku" in choice.mapping.columns:
        preview = previews.preview(content, choice, g.merchant)
    return render(
        SHOW,
        block="preview",
        status=status,
        found=found,
        form=form,
        preview=preview,
        words=words,
        refusals={},
    )
