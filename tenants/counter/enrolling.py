"""Taking a new member in at the counter."""

from __future__ import annotations

import uuid

from flask import Response, g, url_for

from saas.db import new_id
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.qr import qr_svg
from tenants.counter.desk import base_url, bp, page
from tenants.counter.forms import EnrolForm
from tenants.members import operations as members
from tenants.programs import enrolments
from tenants.units import occasions


@bp.get("/counter/<slug:merchant>/members/new")
@requires("members.enrol")
def new_member() -> Response:
    """The form for somebody who has no card yet."""
    return page("tenants/counter/enrol.html", form=_form(member_id=str(new_id())))


@bp.post("/counter/<slug:merchant>/members")
@requires("members.enrol")
def enrol() -> Response:
    """Add a member by name; show the number, and the QR code by which they take the card to their phone."""
    form, now = _form(), utcnow()
    if not form.validate():
        return page("tenants/counter/enrol.html", status=422, form=form)
    joined = members.join(
        first_name=form.first_name.data,
        email=None,
        phone=None,
        language=g.merchant.language,
        source="counter",
        consent_text=None,
        now=now,
        member_id=uuid.UUID(form.member_id.data),
        birthday=form.birthday(),
    )
    enrolments.enrol(joined.id, now)
    occasions.welcome(joined.id, g.merchant, now)
    token = members.new_takeover(joined, now)
    address = base_url() + url_for("card.recovered", token=token) if token else None
    return page("tenants/counter/enrolled.html", member=joined, takeover=qr_svg(address) if address else None)


def _form(member_id: str | None = None) -> EnrolForm:
    form = EnrolForm(member_id=member_id)
    if not g.merchant.is_birthday_asked:
        form.forget_birthday()
    return form
