"""Issued codes in the console: the list, making and giving many, files in and out, sheets to print, taking back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g, request, stream_with_context
from flask_babel import gettext as _
from flask_login import current_user

from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.qr import qr_svg
from saas.web.refusals import Refusal
from saas.web.render import done, is_fragment, render
from saas.web.throttle import throttle
from tenants.coupons import batches, editing, export, imports, issuing, queries, rules, words
from tenants.coupons.blueprint import bp
from tenants.coupons.models import Coupon, CouponBatch, CouponCode
from tenants.coupons.pages import page_of
from tenants.coupons.rules import Plan
from tenants.members import queries as members
from tenants.sheets.words import FILES

POLLING_ENDS = 286
ON_A_SHEET = 24
BATCHES_AN_HOUR = 60


@bp.get("/<uuid:coupon_id>/codes")
@requires("coupons.view", shows_secrets=True)
def codes(coupon_id: UUID) -> Response:
    """The codes of a coupon, found by code or member, by state, page by page."""
    coupon, now = editing.found(coupon_id), utcnow()
    text, state = request.args.get("q", "").strip()[:100], request.args.get("show", "")
    state = state if state in queries.STATES else ""
    page = queries.codes(coupon_id, text, state, now, request.args.get("after", type=UUID))
    rows = [(code, member, queries.state_of(code, now)) for code, member in page.items]
    context: dict[str, Any] = {
        "coupon": coupon,
        "rows": rows,
        "after": page.after,
        "text": text,
        "state": state,
    }
    return render("tenants/coupons/codes.html", block="list", shown=rules.shown, **context)


@bp.post("/<uuid:coupon_id>/codes/<uuid:code_id>/voiding")
@requires("coupons.manage")
def void_code(coupon_id: UUID, code_id: UUID) -> Response:
    """Take one code back."""
    is_done = issuing.void(coupon_id, code_id)
    return done(
        "coupons.codes", _("The code is void.") if is_done else _("It was used already."), coupon_id=coupon_id
    )


@bp.post("/<uuid:coupon_id>/batches")
@requires("coupons.manage")
def make(coupon_id: UUID) -> Response:
    """Make codes for whoever shows them, by a job."""
    count = request.form.get("count", type=int) or 0
    name = request.form.get("name", "").strip()
    coupon = editing.found(coupon_id)
    try:
        if not 1 <= count <= batches.MOST_CODES:
            raise Refusal(_("Say how many codes, at most a million."))
        throttle("coupons.batch", str(g.merchant.id), BATCHES_AN_HOUR, 3600)
        batch = batches.make(coupon, count, name, current_user.name, g.merchant, utcnow())
    except Refusal as refusal:
        return _refused(coupon, refusal)
    return done("coupons.batch", coupon_id=coupon_id, batch_id=batch.id)


@bp.post("/<uuid:coupon_id>/gifts")
@requires("coupons.manage")
def give(coupon_id: UUID) -> Response:
    """Give a personal coupon: to one member by number, or to all of a filter by a job."""
    coupon, who, number = (
        editing.found(coupon_id),
        request.form.get("who", ""),
        request.form.get("number", ""),
    )
    try:
        if number.strip():
            member = members.by_number(number)
            if member is None:
                raise Refusal(_("No member has this number."))
            issuing.give(coupon, member.id, utcnow())
            message = _("%(name)s has the coupon now.", name=member.first_name)
            return done("coupons.codes", message, coupon_id=coupon_id)
        if who not in batches.FILTERS:
            raise Refusal(_("Say whom it is for."))
        throttle("coupons.batch", str(g.merchant.id), BATCHES_AN_HOUR, 3600)
        batch = batches.give(coupon, who, "", current_user.name, g.merchant, utcnow())
    except Refusal as refusal:
        return _refused(coupon, refusal)
    return done("coupons.batch", coupon_id=coupon_id, batch_id=batch.id)


@bp.post("/<uuid:coupon_id>/imports")
@requires("coupons.manage")
def upload(coupon_id: UUID) -> Response:
    """Read a file of codes and show what would be taken."""
    coupon, file = editing.found(coupon_id), request.files.get("file")
    try:
        if file is None or not file.filename:
            raise Refusal(str(FILES["no_file"]))
        throttle("coupons.batch", str(g.merchant.id), BATCHES_AN_HOUR, 3600)
        content = file.read(imports.MOST_BYTES + 1)
        if len(content) > imports.MOST_BYTES:
            raise Refusal(str(FILES["large"]))
        name = file.filename.replace("\\", "/").rsplit("/", 1)[-1]
        batch = batches.upload(coupon, imports.read(content), name, current_user.name, utcnow())
    except Refusal as refusal:
        return _refused(coupon, refusal)
    return done("coupons.batch", coupon_id=coupon_id, batch_id=batch.id)


@bp.get("/<uuid:coupon_id>/batches/<uuid:batch_id>")
@requires("coupons.view", shows_secrets=True)
def batch(coupon_id: UUID, batch_id: UUID) -> Response:
    """A batch: what a file would bring, how far the job is, what can be done with the codes."""
    coupon, found = _both(coupon_id, batch_id)
    status = POLLING_ENDS if is_fragment() and found.status != "running" else 200
    refusals = found.choice.get("refusals", [])
    return render(
        "tenants/coupons/batch.html", block="state", status=status, coupon=coupon, batch=found,
        refusals=refusals[:50], reasons=imports.ROWS,
        is_stuck=batches.is_stuck(found, utcnow()),
    )  # fmt: skip


@bp.post("/<uuid:coupon_id>/batches/<uuid:batch_id>/start")
@requires("coupons.manage")
def start(coupon_id: UUID, batch_id: UUID) -> Response:
    """Take the codes of a file that was looked through, or go on with a batch that failed."""
    _coupon, found = _both(coupon_id, batch_id)
    if found.status == "uploaded":
        batches.start(found, g.merchant)
    else:
        batches.resume(found, g.merchant, utcnow())
    return done("coupons.batch", coupon_id=coupon_id, batch_id=batch_id)


@bp.post("/<uuid:coupon_id>/batches/<uuid:batch_id>/voiding")
@requires("coupons.manage")
def void_batch(coupon_id: UUID, batch_id: UUID) -> Response:
    """Take all codes of a batch back that are not used."""
    _coupon, found = _both(coupon_id, batch_id)
    count = batches.void(found, utcnow())
    return done(
        "coupons.batch", _("%(count)s codes are void.", count=count), coupon_id=coupon_id, batch_id=batch_id
    )


@bp.get("/<uuid:coupon_id>/batches/<uuid:batch_id>/codes.csv")
@requires("coupons.manage", shows_secrets=True)
def download(coupon_id: UUID, batch_id: UUID) -> Response:
    """The codes as a file, sent while it is read."""
    _coupon, found = _both(coupon_id, batch_id)
    headers = {
        "Content-Disposition": f'attachment; filename="codes-{g.merchant.slug}.csv"',
        "Cache-Control": "no-store, private",
    }
    return Response(
        stream_with_context(export.parts(found.id, g.merchant)), mimetype="text/csv", headers=headers
    )


@bp.get("/<uuid:coupon_id>/batches/<uuid:batch_id>/sheet")
@requires("coupons.manage", shows_secrets=True)
def sheet(coupon_id: UUID, batch_id: UUID) -> Response:
    """A sheet of coupons to print and cut, each with its QR code; more sheets follow."""
    coupon, found = _both(coupon_id, batch_id)
    some = queries.every(found.id, request.args.get("after", type=UUID), ON_A_SHEET + 1)
    return render(
        "tenants/coupons/sheet.html",
        coupon=coupon,
        batch=found,
        codes=[_printed(code) for code in some[:ON_A_SHEET]],
        after=some[ON_A_SHEET - 1].id if len(some) > ON_A_SHEET else None,
        sentence=words.sentence(Plan.from_mapping(coupon.draft), coupon.currency),
        theme_url=None,
    )


def _printed(code: CouponCode) -> tuple[str, Any, CouponCode]:
    return rules.shown(code.code), qr_svg(code.code, error="m", border=2), code


def _both(coupon_id: UUID, batch_id: UUID) -> tuple[Coupon, CouponBatch]:
    return editing.found(coupon_id), batches.found(coupon_id, batch_id)


def _refused(coupon: Coupon, refusal: Refusal) -> Response:
    return page_of(coupon, str(refusal), refusal.status)
