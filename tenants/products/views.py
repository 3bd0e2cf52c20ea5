"""Products in the console: the list and its file, adding, changing, archiving, and some at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, done_at, render
from tenants.products import export, import_views, naming, operations, queries, rules, words
from tenants.products.blueprint import bp
from tenants.products.forms import ProductForm, SelectionForm
from tenants.products.imports import exponent
from tenants.products.models import Product
from tenants.products.queries import Wish
from tenants.sheets.faults import as_csv

__all__ = ["bp", "import_views"]  # importing the pages of imports is what puts them on the blueprint


@bp.get("")
@requires("products.view")
def index() -> Response:
    """The products, as the search and the filters want them."""
    return _index(Wish.of(request.args), SelectionForm(formdata=None))


def _index(wish: Wish, selection: SelectionForm, status: int = 200) -> Response:
    page = queries.page(wish, request.args.get("after", type=UUID), request.args.get("before", type=UUID))
    return render(
        "tenants/products/index.html",
        block="list",
        status=status,
        page=page,
        wish=wish,
        total=queries.count(wish),
        most=queries.COUNTED,
        has_any=queries.has_any(),
        categories=queries.categories(),
        selection=selection,
        ticked=set(request.form.getlist("product")),
    )


@bp.get("/export.csv", endpoint="export")
@requires("products.view")
def download() -> Response:
    """The list as it is filtered, as a file that can be changed and imported again."""
    rows = export.rows(queries.every(Wish.of(request.args)), exponent(g.merchant))
    name = f"products-{g.merchant.slug}-{utcnow():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store, private"}
    return Response(as_csv(rows), mimetype="text/csv", headers=headers)


@bp.get("/names")
@requires("products.view")
def names() -> Response:
    """What the field that is typed into may be completed to, as the options of its list."""
    typed = next(iter(request.args.values()), "")[:2000]
    return render("tenants/products/names.html", offered=naming.offered(typed))


@bp.get("/new")
@requires("products.edit")
def new() -> Response:
    """An empty form."""
    return _new(_form())


@bp.post("/new")
@requires("products.edit")
def create() -> Response:
    """Add a product."""
    form = _form()
    if not form.validate():
        return _new(form, status=422)
    try:
        product = operations.add(rules.sku(form.sku.data), form.values(), utcnow())
    except Refusal as refusal:
        form.sku.errors = [str(refusal)]
        return _new(form, status=422)
    return done("products.index", _("%(name)s is in the list now.", name=product.name))


def _new(form: ProductForm, status: int = 200) -> Response:
    return render(
        "tenants/products/new.html", block="form", status=status, form=form, categories=queries.categories()
    )


@bp.get("/<uuid:product_id>")
@requires("products.edit")
def edit(product_id: UUID) -> Response:
    """A product's fields, to change."""
    product = queries.get(product_id)
    return _edit(product, _form(product))


@bp.post("/<uuid:product_id>")
@requires("products.edit")
def update(product_id: UUID) -> Response:
    """Keep the changed fields."""
    product = queries.get(product_id)
    form = _form(product)
    if not form.validate():
        return _edit(product, form, status=422)
    operations.change(product, form.values(), utcnow())
    return done("products.index", _("Saved."))


def _edit(product: Product, form: ProductForm, status: int = 200) -> Response:
    return render(
        "tenants/products/edit.html",
        block="form",
        status=status,
        product=product,
        form=form,
        categories=queries.categories(),
    )


def _form(product: Product | None = None) -> ProductForm:
    return ProductForm(g.merchant.country, exponent(g.merchant), product)


@bp.post("/<uuid:product_id>/archive")
@requires("products.edit")
def archive(product_id: UUID) -> Response:
    """Take it off the list."""
    product = queries.get(product_id)
    operations.archive(product.id, utcnow())
    return done("products.index", _("%(name)s is in the archive now.", name=product.name))


@bp.post("/<uuid:product_id>/restoration")
@requires("products.edit")
def restore(product_id: UUID) -> Response:
    """Take it out of the archive."""
    product = queries.get(product_id)
    operations.restore(product.id, utcnow())
    return done("products.index", _("%(name)s is in the list again.", name=product.name))


@bp.post("/selection")
@requires("products.edit")
def change_selected() -> Response:
    """Do the same to all ticked products, and go back to the list as it was filtered."""
    form, wish = SelectionForm(), Wish.of(request.form)
    if not form.validate():
        return _index(wish, form, status=422)
    chosen = request.form.getlist("product", type=UUID)
    try:
        changed = operations.change_selected(chosen, form.act.data, form.text.data or "", utcnow())
    except Refusal as refusal:
        form.text.errors = [str(refusal)]
        return _index(wish, form, status=422)
    except rules.TooLongError:
        form.text.errors = [words.of_row("long" if form.act.data == "category" else "many_tags")]
        return _index(wish, form, status=422)
    message = ngettext("%(num)s product was changed.", "%(num)s products were changed.", changed)
    asked: dict[str, Any] = {**wish.asked}
    return done_at(url_for("products.index", **asked), message)
