"""The operators' console: merchants, and one of them with what can be done about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext as _

from saas.accounts.permissions import ROLE_NAMES
from saas.billing.plans import PLANS
from saas.operator import (
    audit,
    event_views,
    failed_jobs,
    interventions,
    log_in_views,
    merchants,
    records,
    revenue_views,
    visits,
    words,
)
from saas.operator.blueprint import asked_uuid, bp, by
from saas.operator.forms import ReasonForm, TrialForm
from saas.operator.merchants import Wish
from saas.web.access import operator
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, render

__all__ = [
    "bp",
    "event_views",
    "log_in_views",
    "revenue_views",
]  # importing the other pages is what puts them on the blueprint

SHOW = "saas/operator/merchant.html"


@bp.get("", strict_slashes=False)
@operator()
def shops() -> Response:
    """The merchants as they are wanted, the newest first."""
    asked = request.args
    wish = Wish.of(
        asked.get("q", ""), asked.get("plan", ""), asked.get("state", ""), asked.get("failing", "")
    )
    before = asked_uuid("before")
    lines, older = merchants.page(wish, before)
    kept: dict[str, Any] = {
        "q": wish.text,
        "plan": wish.plan,
        "state": wish.state,
        "failing": "1" if wish.is_failing else None,
    }
    kept = {name: value or None for name, value in kept.items()}
    return render(
        "saas/operator/merchants.html",
        block="list",
        lines=lines,
        total=merchants.total(wish),
        wish=wish,
        plans=PLANS,
        words=words,
        newest_url=url_for("operator.shops", **kept) if before else None,
        older_url=url_for("operator.shops", **kept, before=older) if older else None,
    )


@bp.get("/merchants/<uuid:merchant_id>")
@operator()
def shop(merchant_id: UUID) -> Response:
    """One merchant: how it stands, what it pays and uses, who works there, what failed."""
    return page(merchant_id)


def page(merchant_id: UUID, status: int = 200, **forms: Any) -> Response:
    merchant = merchants.get(merchant_id)
    failed, _more = failed_jobs.page(slug=merchant.slug)
    return render(
        SHOW,
        status=status,
        merchant=merchant,
        line=merchants.line(merchant),
        subscription=records.subscription(merchant_id),
        invoices=records.invoices(merchant_id),
        events=records.events(merchant_id),
        usage=records.usage(merchant_id, utcnow().date()),
        staff=records.staff(merchant_id),
        jobs=failed,
        actions=audit.of_merchant(merchant_id),
        visit=visits.running(g.operator.session_id, merchant_id, utcnow()),
        role_names=ROLE_NAMES,
        plans=PLANS,
        words=words,
        **{"suspending": None, "trial": None, "visiting": None, **forms},
    )


@bp.post("/merchants/<uuid:merchant_id>/suspension")
@operator()
def suspend(merchant_id: UUID) -> Response:
    """Close a merchant's pages to members; the owner reads the reason."""
    form, merchant = ReasonForm(prefix="suspend"), merchants.get(merchant_id)
    if not form.validate():
        return page(merchant_id, 422, suspending=form)
    interventions.suspend(merchant, form.reason.data, **by())
    return done("operator.shop", _("%(name)s is suspended.", name=merchant.name), merchant_id=merchant_id)


@bp.post("/merchants/<uuid:merchant_id>/restoration")
@operator()
def restore(merchant_id: UUID) -> Response:
    """Open a suspended merchant again."""
    merchant = merchants.get(merchant_id)
    interventions.restore(merchant, **by())
    return done("operator.shop", _("%(name)s is open again.", name=merchant.name), merchant_id=merchant_id)


@bp.post("/merchants/<uuid:merchant_id>/trial")
@operator()
def extend_trial(merchant_id: UUID) -> Response:
    """Let a trial last longer."""
    form, merchant = TrialForm(prefix="trial"), merchants.get(merchant_id)
    if not form.validate():
        return page(merchant_id, 422, trial=form)
    try:
        ends = interventions.extend_trial(merchant, form.days.data, form.reason.data, **by())
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return page(merchant_id, refusal.status, trial=form)
    return done(
        "operator.shop", _("The trial lasts until %(date)s.", date=words.day(ends)), merchant_id=merchant_id
    )


@bp.post("/merchants/<uuid:merchant_id>/visits")
@operator()
def enter(merchant_id: UUID) -> Response:
    """Look into a merchant's console for half an hour; the owner gets a mail."""
    form, merchant = ReasonForm(prefix="visit"), merchants.get(merchant_id)
    if not form.validate():
        return page(merchant_id, 422, visiting=form)
    visits.begin(merchant, form.reason.data, g.operator.session_id, **by())
    return redirect(url_for("stats.dashboard", merchant=merchant.slug), 303)  # type: ignore[return-value]


@bp.post("/visits/end")
@operator()
def leave() -> Response:
    """End the visits of this browser."""
    merchant_id = visits.end(g.operator.session_id, **by())
    if merchant_id is None:
        return done("operator.shops", _("The visit was over already."))
    return done("operator.shop", _("The visit is over."), merchant_id=merchant_id)
