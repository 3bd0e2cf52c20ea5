"""Segments in the console: the kept ones, and the editor that shows how many a segment holds as it is built."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g
from flask_babel import gettext as _
from flask_login import current_user

from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, render
from tenants.members import queries as members
from tenants.members.models import Segment
from tenants.programs.telling import tier_names
from tenants.segments import operations, queries, words
from tenants.segments.forms import SegmentForm, data_of
from tenants.segments.queries import When

bp = Blueprint("segments", __name__, url_prefix="/console/<slug:merchant>/segments")
SHOWN = 6


@bp.get("")
@requires("members.view")
def index() -> Response:
    """The kept segments, each in words."""
    tiers = tier_names(None)
    kept = [(one, words.told(queries.terms_of(one), tiers)) for one in queries.every()]
    return render("tenants/segments/index.html", kept=kept)


@bp.get("/new")
@requires("members.edit")
def new() -> Response:
    """An empty editor."""
    return _editor(None, _form())


@bp.post("/new")
@requires("members.edit")
def create() -> Response:
    """Keep a segment under a name."""
    form = _form()
    if not form.validate():
        return _editor(None, form, status=422)
    place = current_user.place_at(g.merchant)
    try:
        kept = operations.keep(
            form.name.data or "", form.terms(), place.staff_name if place else "", utcnow()
        )
    except Refusal as refusal:
        form.name.errors = [*form.name.errors, str(refusal)]
        return _editor(None, form, status=422)
    return done("members.index", _("Kept. It stays current by itself."), segment=kept.id)


@bp.get("/<uuid:segment_id>/edit")
@requires("members.edit")
def edit(segment_id: UUID) -> Response:
    """The editor, filled."""
    segment = queries.get(segment_id)
    return _editor(segment, _form(data=data_of(segment.name, queries.terms_of(segment))))


@bp.post("/<uuid:segment_id>/edit")
@requires("members.edit")
def update(segment_id: UUID) -> Response:
    """Keep what it asks from now on."""
    segment, form = queries.get(segment_id), _form()
    form.name.data = segment.name
    form.name.raw_data = [segment.name]
    if not form.validate():
        return _editor(segment, form, status=422)
    operations.change(segment, form.terms(), utcnow())
    return done("members.index", _("Saved."), segment=segment.id)


@bp.post("/preview")
@requires("members.edit")
def preview() -> Response:
    """How many members fit what is chosen so far. Keeps nothing."""
    form = _form()
    return _editor(None, form, block="preview")


@bp.post("/<uuid:segment_id>/deletion")
@requires("members.edit")
def delete(segment_id: UUID) -> Response:
    """Let a segment go."""
    operations.delete(queries.get(segment_id))
    return done("segments.index", _("The segment is gone. No member changed."))


def _form(**kwargs: Any) -> SegmentForm:
    return SegmentForm(members.tag_names(), tier_names(None), **kwargs)


def _editor(
    segment: Segment | None, form: SegmentForm, status: int = 200, block: str | None = None
) -> Response:
    is_clear = _is_clear(form)
    when = When(utcnow(), g.merchant.time_zone)
    size, some = queries.glimpse(form.terms(), when, SHOWN) if is_clear else (None, ())
    return render(
        "tenants/segments/editor.html",
        block=block or ("form" if status != 200 else None),
        status=status,
        segment=segment,
        form=form,
        size=size,
        some=some,
        told=words.told(form.terms(), tier_names(None)) if is_clear else [],
    )


def _is_clear(form: SegmentForm) -> bool:
    """Whether everything but the name makes sense."""
    if not form.is_submitted():
        return True
    form.validate()
    return not set(form.errors) - {"name"}
