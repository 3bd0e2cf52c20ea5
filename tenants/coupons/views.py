"""Coupons in the console: the list, the editor with its preview, one coupon, and putting it in force."""

from __future__ import annotations

import copy
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from flask import Response, abort, g, request
from flask_babel import gettext as _
from flask_login import current_user

from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, is_fragment, render
from tenants.coupons import code_views, editing, queries, sample, templates_offered
from tenants.coupons.blueprint import bp
from tenants.coupons.forms import CouponForm, fault
from tenants.coupons.models import Coupon
from tenants.coupons.pages import page_of, people, places, sentences
from tenants.coupons.paths import PATHS
from tenants.coupons.queries import Wish
from tenants.coupons.templates_offered import Offered
from tenants.engine.mapping import Invalid
from tenants.products import naming

__all__ = ["bp", "code_views"]  # importing the codes' pages is what puts them on the blueprint
EDITOR = "tenants/coupons/editor.html"


@bp.get("")
@requires("coupons.view")
def index() -> Response:
    """The coupons as they are wanted, each in a sentence with what it did."""
    wish = Wish.of(request.args)
    page = queries.page(wish, request.args.get("after", type=UUID))
    ids = [coupon.id for coupon in page.items]
    return render(
        "tenants/coupons/index.html",
        block="list",
        page=page,
        wish=wish,
        counts=queries.counts(),
        did=queries.did(ids),
        sentences=dict(zip(ids, sentences([coupon.draft for coupon in page.items]), strict=True)),
        offers=templates_offered.OFFERS,
    )


@bp.get("/new")
@requires("coupons.manage")
def new() -> Response:
    """An empty editor, or one filled with an offered coupon."""
    key = request.args.get("template", "")
    offer = templates_offered.BY_KEY.get(key)
    if key and offer is None:
        abort(404)
    name, plan = (str(offer.name), _in_money(offer)) if offer else ("", {})
    return _editor(None, CouponForm.of(g.merchant.currency, places(), name, plan, people()))


def _in_money(offer: Offered) -> dict[str, Any]:
    """An offered plan with its amounts in the merchant's currency, where an amount of 5 means little ten times that."""
    plan, unit = copy.deepcopy(offer.plan), 10 ** get_currency_precision(g.merchant.currency)
    if "amount" in offer.money:
        plan["terms"]["benefit"]["amount_minor"] = offer.money["amount"] * unit
    if "min_amount" in offer.money:
        plan["terms"]["conditions"]["min_amount_minor"] = offer.money["min_amount"] * unit
    return plan


def _form() -> CouponForm:
    """What was sent; products that are typed by name are kept by their SKUs."""
    form = CouponForm(g.merchant.currency, places(), people=people())
    for name, (path, _how) in PATHS.items():
        if ".products." in path and form[name].data:
            typed = [part for part in (part.strip() for part in form[name].data.split(",")) if part]
            form[name].data = ", ".join(naming.skus_of(typed))
    return form


@bp.post("")
@requires("coupons.manage")
def create() -> Response:
    """Keep a new coupon as a draft."""
    form = _form()
    plan = form.plan()
    if plan is None:
        return _editor(None, form, status=422)
    coupon = editing.create(form.name.data or "", plan, g.merchant, utcnow())
    return done("coupons.show", _("Saved as a draft. Publish it when it looks right."), coupon_id=coupon.id)


@bp.post("/preview", defaults={"coupon_id": None})
@bp.post("/<uuid:coupon_id>/preview")
@requires("coupons.manage")
def preview(coupon_id: UUID | None) -> Response:
    """The coupon as it is typed: its sentence and a sample, or the editor with the fields of another benefit."""
    coupon, form = (
        editing.found(coupon_id) if coupon_id else None,
        _form(),
    )
    block = "form" if request.headers.get("HX-Target") == "coupon-form" else "preview"
    return _editor(coupon, form, block=block if is_fragment() else None)


@bp.get("/<uuid:coupon_id>")
@requires("coupons.view")
def show(coupon_id: UUID) -> Response:
    """One coupon: its sentence, what it did, its codes, its versions."""
    return page_of(editing.found(coupon_id))


@bp.get("/<uuid:coupon_id>/edit")
@requires("coupons.manage")
def edit(coupon_id: UUID) -> Response:
    """The editor, filled with the draft."""
    coupon = editing.found(coupon_id)
    return _editor(coupon, CouponForm.of(g.merchant.currency, places(), coupon.name, coupon.draft, people()))


@bp.post("/<uuid:coupon_id>/edit")
@requires("coupons.manage")
def update(coupon_id: UUID) -> Response:
    """Keep the draft; what is in force stays until it is published."""
    coupon, form = editing.found(coupon_id), _form()
    plan = form.plan()
    if plan is None:
        return _editor(coupon, form, status=422)
    editing.save(coupon_id, form.name.data or "", plan, utcnow())
    return done("coupons.show", _("Saved."), coupon_id=coupon_id)


@bp.post("/<uuid:coupon_id>/publication")
@requires("coupons.manage")
def publish(coupon_id: UUID) -> Response:
    """Put the draft in force."""
    coupon = editing.found(coupon_id)
    try:
        editing.publish(coupon_id, actor_name(), g.merchant, utcnow())
    except Refusal as refusal:
        return page_of(coupon, str(refusal), refusal.status)
    except Invalid as invalid:
        return page_of(coupon, fault(invalid.problems[0]), 422)
    return done("coupons.show", _("Published. It counts from now on."), coupon_id=coupon_id)


@bp.post("/<uuid:coupon_id>/pause")
@requires("coupons.manage")
def pause(coupon_id: UUID) -> Response:
    """Stop it for now."""
    editing.set_status(coupon_id, "paused", utcnow())
    return done("coupons.show", _("Paused. Nobody can use it now."), coupon_id=coupon_id)


@bp.post("/<uuid:coupon_id>/resumption")
@requires("coupons.manage")
def resume(coupon_id: UUID) -> Response:
    """Let it run again."""
    try:
        editing.set_status(coupon_id, "published", utcnow())
    except Refusal as refusal:
        return page_of(editing.found(coupon_id), str(refusal), refusal.status)
    return done("coupons.show", _("Running again."), coupon_id=coupon_id)


@bp.post("/<uuid:coupon_id>/archive")
@requires("coupons.manage")
def archive(coupon_id: UUID) -> Response:
    """Put it away."""
    editing.set_status(coupon_id, "archived", utcnow())
    return done("coupons.show", _("Archived. You can bring it back at any time."), coupon_id=coupon_id)


@bp.post("/<uuid:coupon_id>/restoration")
@requires("coupons.manage")
def restore(coupon_id: UUID) -> Response:
    """Bring it back, paused."""
    editing.set_status(coupon_id, "paused", utcnow())
    return done("coupons.show", _("It is back."), coupon_id=coupon_id)


def actor_name() -> str:
    """The name that staff know the person by, kept with what they publish."""
    place = current_user.place_at(g.merchant)
    return str(place.staff_name if place else current_user.name)


def _editor(coupon: Coupon | None, form: CouponForm, status: int = 200, block: str | None = None) -> Response:
    plan, currency = form.sketch(), g.merchant.currency
    return render(
        EDITOR,
        status=status,
        block=block,
        coupon=coupon,
        form=form,
        sentence=sentences([plan.to_mapping()])[0] if plan else "",
        sample=sample.priced(plan, currency, utcnow()) if plan else None,
        currency=currency,
        personal=queries.personal(),
        offers=templates_offered.OFFERS,
    )
