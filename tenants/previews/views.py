"""Trying a draft on the shop's own past: begin, watch it run, read what would change, take it along as a file."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, g
from flask_login import current_user

from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.render import done, is_fragment, render
from tenants.previews import operations, queries, replay
from tenants.previews.models import ProgramPreview
from tenants.programs import queries as programs
from tenants.programs import terms
from tenants.programs.telling import speech_of
from tenants.sheets import faults

bp = Blueprint(
    "previews", __name__, url_prefix="/console/<slug:merchant>/programs/<uuid:program_id>/previews"
)
POLLING_ENDS = 286


@bp.post("")
@requires("programs.publish")
def create(program_id: UUID) -> Response:
    """Begin a preview of the draft."""
    place = current_user.place_at(g.merchant)
    by = str(place.staff_name if place else current_user.name)
    preview = operations.begin(program_id, g.merchant, by, utcnow())
    return done("previews.show", program_id=program_id, preview_id=preview.id)


@bp.get("/<uuid:preview_id>")
@requires("programs.publish")
def show(program_id: UUID, preview_id: UUID) -> Response:
    """How far it is, and what it found."""
    preview, program = queries.found(program_id, preview_id), programs.found(program_id)
    is_over = preview.status != "running"
    return render(
        "tenants/previews/show.html",
        block="state",
        status=POLLING_ENDS if is_over and is_fragment() else 200,
        preview=preview,
        program=program,
        speech=speech_of(program.kind, preview.terms),
        percent=preview.purchases_done * 100 // max(preview.purchases_total, 1),
        worths=_worths(preview),
        gaining=queries.most(preview_id, losing=False) if is_over else [],
        losing=queries.most(preview_id, losing=True) if is_over else [],
        currency=g.merchant.currency,
    )


@bp.get("/<uuid:preview_id>/members")
@requires("programs.publish")
def members(program_id: UUID, preview_id: UUID) -> Response:
    """Every member with both results, as a file."""
    preview = queries.found(program_id, preview_id)
    content = faults.as_csv(queries.as_rows(queries.every(preview.id)))
    name = f"preview-{g.merchant.slug}-{preview.begun_at:%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store, private"}
    return Response(content, mimetype="text/csv", headers=headers)


def _worths(preview: ProgramPreview) -> dict[str, int | None]:
    """What was earned and what is still open in money, where a unit's worth is known."""
    new = replay.worth(terms.terms_of(preview.terms))
    old = None
    if preview.version_id:
        versions = terms.versions_of([preview.version_id], g.merchant.currency)
        old = replay.worth(versions[str(preview.version_id)].terms)
    each = {"before": old, "after": new}
    return {
        f"{side}_{what}": int(preview.totals.get(f"{side}_{what}", 0) * value) if value is not None else None
        for side, value in each.items()
        for what in ("earned", "open")
    }
