"""The pages on which a cashier takes the counter over by PIN, and gives it back."""

from __future__ import annotations

import uuid

from flask import Response, current_app, g
from flask_babel import gettext as _

from saas.accounts.pins import verify_pin
from saas.web.access import requires
from saas.web.refusals import Refusal
from saas.web.render import done, render
from tenants.counter import shift
from tenants.counter.desk import bp
from tenants.counter.forms import ShiftForm


@bp.get("/counter/<slug:merchant>/shift")
@requires("counter.use", on="platform")
def switch() -> Response:
    """Choose who serves."""
    return _switch_page(_shift_form())


@bp.post("/counter/<slug:merchant>/shift")
@requires("counter.use", on="platform")
def start_shift() -> Response:
    """Take the counter over by name and PIN."""
    form = _shift_form()
    if not form.validate():
        return _switch_page(form, 422)
    try:
        staff = verify_pin(g.merchant.id, uuid.UUID(form.staff_id.data), form.pin.data)
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return _switch_page(form, refusal.status)
    if staff is None:
        form.pin.errors = [_("This PIN is not right.")]
        return _switch_page(form, 422)
    current_app.logger.info("counter taken over by staff %s", staff.id)
    return shift.begin(done("counter.show", _("%(name)s serves now.", name=staff.name)), staff)


@bp.post("/counter/<slug:merchant>/shift/end")
@requires("counter.use", on="platform")
def end_shift() -> Response:
    """Give the counter back to whoever is logged in."""
    return shift.end(done("counter.show"))


def _shift_form() -> ShiftForm:
    form = ShiftForm()
    form.staff_id.choices = [(str(cashier.id), cashier.name) for cashier in shift.team()]
    return form


def _switch_page(form: ShiftForm, status: int = 200) -> Response:
    return render(
        "tenants/counter/shift.html",
        status=status,
        form=form,
        cashier=shift.cashier(),
        is_switched=shift.is_switched(),
    )
