"""Programs in the console: the list, the editor with its preview, publishing, versions; other kinds in kind_pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, abort, g, request
from flask_babel import gettext as _
from flask_login import current_user

from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.render import done, is_fragment, render
from tenants.products import naming
from tenants.programs import (
    kind_offers,
    kind_pages,
    operations,
    poster_views,
    queries,
    telling,
    templates_offered,
)
from tenants.programs.blueprint import bp
from tenants.programs.card_goods import CardForm
from tenants.programs.forms import EARN_NAMES, ICON_NAMES
from tenants.programs.models import Program
from tenants.programs.rules import Terms

__all__ = ["bp", "poster_views"]  # importing the poster's pages is what puts them on the blueprint
EDITOR = "tenants/programs/editor.html"


@bp.get("")
@requires("programs.view")
def index() -> Response:
    """Every program, with what it does; for the first one, three cards and other kinds to begin with."""
    return render(
        "tenants/programs/index.html",
        lines=queries.listed(utcnow()),
        told=telling.told,
        speech_of=telling.speech_of,
        kinds=kind_offers.KINDS,
        offers=templates_offered.OFFERS,
        kind_offers=kind_offers.OFFERS,
    )


@bp.get("/new")
@requires("programs.edit")
def new() -> Response:
    """An empty editor, or one filled with an offered program in the merchant's language."""
    key = request.args.get("template", "")
    if key in kind_offers.BY_KEY:
        return kind_pages.begin(kind_offers.BY_KEY[key])
    offer = templates_offered.BY_KEY.get(key)
    if key and offer is None:
        abort(404)
    name, terms = (
        templates_offered.texts(offer, g.merchant.language)
        if offer
        else ("", templates_offered.blank(g.merchant.category))
    )
    return _editor(None, CardForm.of(g.merchant.currency, name, terms))


@bp.post("")
@requires("programs.edit")
def create() -> Response:
    """Keep a new program as a draft."""
    if kind_pages.is_other(request.form.get("kind")):
        return kind_pages.save(None)
    form = _form()
    if not form.validate() or form.blame(form.mapping()):
        return _editor(None, form, status=422)
    program = operations.create_of_kind("stamp_card", form.called, form.mapping(), utcnow())
    return done(
        "programs.show", _("Saved as a draft. Publish it when it looks right."), program_id=program.id
    )


@bp.get("/<uuid:program_id>")
@requires("programs.view")
def show(program_id: UUID) -> Response:
    """One stamp card: what members see, what it promises, what can be done with it."""
    program = queries.found(program_id)
    if kind_pages.is_other(program.kind):
        return kind_pages.show(program)
    return render(
        "tenants/programs/show.html",
        program=program,
        terms=queries.terms_of(program),
        version=queries.in_force(program),
        change=queries.change(program),
        counts=queries.counts(program_id, utcnow()),
        **words(),
    )


@bp.get("/<uuid:program_id>/edit")
@requires("programs.edit")
def edit(program_id: UUID) -> Response:
    """The editor, filled with the draft."""
    program = queries.found(program_id)
    if kind_pages.is_other(program.kind):
        return kind_pages.edit(program)
    return _editor(program, CardForm.filled(g.merchant.currency, program.name, program.draft))


@bp.post("/<uuid:program_id>/edit")
@requires("programs.edit")
def update(program_id: UUID) -> Response:
    """Keep the draft; what is in force stays until it is published."""
    program = queries.found(program_id)
    if kind_pages.is_other(program.kind):
        return kind_pages.save(program)
    form = _form()
    if not form.validate() or form.blame(form.mapping(program.draft)):
        return _editor(program, form, status=422)
    operations.write_draft(program_id, form.called, form.mapping(program.draft), utcnow())
    return done("programs.show", _("Saved."), program_id=program_id)


@bp.post("/preview", defaults={"program_id": None})
@bp.post("/<uuid:program_id>/preview")
@requires("programs.edit")
def preview(program_id: UUID | None) -> Response:
    """The card as it is typed: only the card for htmx, the whole editor for a plain form. Keeps nothing."""
    program = queries.found(program_id) if program_id else None
    if kind_pages.is_other(program.kind if program else request.form.get("kind")):
        return kind_pages.preview(program)
    form = _form()
    if is_fragment():
        return render(EDITOR, block="preview", sketch=form.sketch())
    return _editor(program, form)


@bp.get("/<uuid:program_id>/publication")
@requires("programs.publish")
def publication(program_id: UUID) -> Response:
    """What publishing would change, before it does."""
    program = queries.found(program_id)
    if kind_pages.is_other(program.kind):
        return kind_pages.publication(program)
    return render(
        "tenants/programs/publication.html",
        program=program,
        draft=Terms.from_mapping(program.draft),
        change=queries.change(program),
        under_way=queries.under_way(program_id),
        **words(),
    )


@bp.post("/<uuid:program_id>/publication")
@requires("programs.publish")
def publish(program_id: UUID) -> Response:
    """Put the draft in force."""
    operations.publish(program_id, actor_name(), utcnow(), g.merchant)
    return _runs(program_id, _("Published. Every member takes part now."))


@bp.post("/<uuid:program_id>/pause")
@requires("programs.publish")
def pause(program_id: UUID) -> Response:
    """Stop giving stamps for now."""
    operations.pause(program_id, utcnow(), g.merchant)
    return done("programs.show", _("Paused. Members keep their stamps and rewards."), program_id=program_id)


@bp.post("/<uuid:program_id>/resumption")
@requires("programs.publish")
def resume(program_id: UUID) -> Response:
    """Give stamps again."""
    operations.resume(program_id, utcnow(), g.merchant)
    return _runs(program_id, _("Running again."))


def _runs(program_id: UUID, said: str) -> Response:
    """Back to the program; of a frozen one nobody hears that everyone takes part."""
    is_frozen = queries.found(program_id).frozen_at is not None
    return done("programs.show", _("Waits for a larger plan") if is_frozen else said, program_id=program_id)


@bp.post("/<uuid:program_id>/archive")
@requires("programs.publish")
def archive(program_id: UUID) -> Response:
    """Put the stamp card away."""
    operations.archive(program_id, utcnow(), g.merchant)
    return done("programs.show", _("Archived. You can bring it back at any time."), program_id=program_id)


@bp.post("/<uuid:program_id>/restoration")
@requires("programs.publish")
def restore(program_id: UUID) -> Response:
    """Bring an archived stamp card back."""
    operations.restore(program_id, utcnow())
    return done("programs.show", _("It is back."), program_id=program_id)


@bp.get("/<uuid:program_id>/versions")
@requires("programs.view")
def versions(program_id: UUID) -> Response:
    """All terms that were ever in force, who published them and when."""
    program = queries.found(program_id)
    if kind_pages.is_other(program.kind):
        return kind_pages.listed_versions(program)
    listed = [(version, Terms.from_mapping(version.terms)) for version in queries.versions(program_id)]
    chosen = {version.number: terms for version, terms in listed}
    before = request.args.get("before", 0, type=int)
    after = request.args.get("after", 0, type=int)
    return render(
        "tenants/programs/versions.html",
        program=program,
        versions=listed,
        before=before,
        after=after,
        change=queries.between(chosen[before], chosen[after]) if {before, after} <= set(chosen) else None,
        **words(),
    )


def actor_name() -> str:
    """The name that staff know the person by, kept with what they publish."""
    place = current_user.place_at(g.merchant)
    return str(place.staff_name if place else current_user.name)


def words() -> dict[str, Any]:
    return {
        "earn_names": EARN_NAMES,
        "icon_names": ICON_NAMES,
        "currency": g.merchant.currency,
        "at_purchases": telling.at_purchases,
    }


def _form() -> CardForm:
    """What was sent; products that are typed by name are kept by their SKUs."""
    form = CardForm(g.merchant.currency)
    for by, field in ((form.goods_by, form.goods), (form.reward_goods_by, form.reward_goods)):
        if by.data == "products" and field.data:
            field.data = tuple(naming.skus_of(field.data))
    return form


def _editor(program: Program | None, form: CardForm, status: int = 200) -> Response:
    return render(
        EDITOR,
        status=status,
        program=program,
        form=form,
        sketch=form.sketch(),
        currency=g.merchant.currency,
        offers=templates_offered.OFFERS,
        kind_offers=kind_offers.OFFERS,
    )
