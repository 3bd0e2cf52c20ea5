"""A lost card, brought back by a mailed link. The answer is the same whether an address is known."""

from __future__ import annotations

from flask import Response, g

from saas.db import db
from saas.web.access import merchant_page
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.throttle import address, throttle
from tenants.card import operations, queries
from tenants.card.forms import RecoveryForm
from tenants.card.visit import bp, page, sign_in, to_card
from tenants.members import operations as members
from tenants.members.models import Member

DAY = 24 * 3600
MAILS_A_DAY = 5
TRIES_A_DAY = 30


@bp.route("/c/<slug:merchant>/recover", methods=["GET", "POST"])
@merchant_page()
def recover() -> Response:
    """Ask for the link."""
    form = RecoveryForm()
    if not form.validate_on_submit():
        return page(
            "recover",
            status=422 if form.is_submitted() else 200,
            form=form,
            is_sent=False,
            shop_icon=queries.shop_icon(),
        )
    email = form.email.data or ""
    try:
        throttle("recover-address", f"{g.merchant.id}:{address()}", TRIES_A_DAY, DAY)
        throttle("recover-mail", f"{g.merchant.id}:{email}", MAILS_A_DAY, DAY)
    except Refusal as refusal:
        form.email.errors = [str(refusal)]
        return page("recover", status=refusal.status, form=form, is_sent=False, shop_icon=queries.shop_icon())
    operations.mail_recovery(email, g.merchant, utcnow())
    return page("recover", form=form, is_sent=True, shop_icon=queries.shop_icon())


@bp.route("/c/<slug:merchant>/recover/<string:token>", methods=["GET"], endpoint="recovered")
@merchant_page(on="nothing")
def show_button(token: str) -> Response:
    """The page that the mail opens: looking at it, as mail scanners do, uses nothing up."""
    return page("recovered", token=token, is_refused=False)


@bp.post("/c/<slug:merchant>/recover/<string:token>")
@merchant_page()
def take_back(token: str) -> Response:
    """Use the link up and give this browser the card."""
    member_id = members.recover(token, utcnow())
    if member_id is None:
        return page("recovered", status=422, token=token, is_refused=True)
    return sign_in(db.session.get_one(Member, member_id), to_card())
