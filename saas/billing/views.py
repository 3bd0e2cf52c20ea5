"""Billing in the console, for owners: the plan, what is used of it, the invoices, and what stays in a smaller one."""

from __future__ import annotations

from flask import Response, g, request
from flask_babel import gettext as _

from saas.billing import choices, customers, page, ways
from saas.billing.blueprint import bp
from saas.billing.entitlements import NAMES
from saas.billing.forms import KeepForm
from saas.db import PLATFORM, transaction
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.render import done, render

__all__ = ["bp", "ways"]  # importing the ways to Stripe is what puts them on the blueprint


@bp.get("")
@requires("billing.manage", on="nothing")
def show() -> Response:
    """The plan, its state in a sentence, what is used of it, the other plans, and the invoices."""
    return page.show()


@bp.get("/keep")
@requires("billing.manage", on="nothing")
def keep() -> Response:
    """What stays where the plan holds less than there is."""
    return render("saas/billing/keep.html", groups=_groups(), names=NAMES, form=KeepForm(formdata=None))


@bp.post("/keep")
@requires("billing.manage", on="nothing")
def choose() -> Response:
    """Keep the owner's choice; a job freezes the rest, in turn with other changes of the plan."""
    form = KeepForm()
    groups = _groups()
    wanted = {
        group.what: sorted(map(str, group.counted(request.form.getlist(group.what)))) for group in groups
    }
    for group in groups:
        if group.limit is not None and len(group.counted(wanted[group.what])) > group.limit:
            form.form_errors.append(
                _("Choose %(limit)s at most: %(what)s.", limit=group.limit, what=NAMES[group.what])
            )
    if not form.validate() or form.form_errors:
        return render("saas/billing/keep.html", status=422, groups=groups, names=NAMES, form=form)
    with transaction(PLATFORM):
        customers.row(g.merchant.id, utcnow())
        choices.choose(g.merchant.id, wanted)
        choices.ask(g.merchant.id)
    return done("billing.show", _("Kept. A larger plan brings back all of it."))


def _groups() -> list[choices.Group]:
    return [group for group in choices.groups(g.merchant.id) if group.is_over]
