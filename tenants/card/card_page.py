"""The two faces of /c/<merchant>: the card of a member, and the page to join."""

from __future__ import annotations

from flask import Response, g, url_for
from flask_babel import gettext as _

from saas.web.clock import utcnow
from saas.web.qr import qr_svg
from saas.web.render import new_request_key
from tenants.card import history, holdings, queries
from tenants.card.forms import CodeForm, JoinForm
from tenants.card.visit import page, sign
from tenants.coupons import cards as coupons
from tenants.members.models import Member
from tenants.units import merchandise


def consent_text() -> str:
    """What a person agrees to by joining, as shown beside the button; kept with the member."""
    if g.merchant.is_birthday_asked:
        return _(
            "By joining you agree that %(shop)s keeps your name, the contact and the birthday that you give and your "
            "stamps, to run this card.",
            shop=g.merchant.name,
        )
    return _(
        "By joining you agree that %(shop)s keeps your name, the contact that you give and your stamps, "
        "to run this card.",
        shop=g.merchant.name,
    )


def join_page(form: JoinForm, *, status: int = 200, held: str | None = None) -> Response:
    """The page to join, in the shop's colours, with what there is to get."""
    if not form.is_submitted():
        form.nonce.data = sign("join", new_request_key())
        form.held.data = held
    samples = queries.samples()
    return page(
        "join",
        status=status,
        form=form,
        samples=samples,
        promised=holdings.promised(),
        line=queries.shop_line(g.merchant, utcnow()),
        consent=consent_text(),
        has_code=bool(form.held.data),
        shop_icon=samples[0].terms.icon if samples else "building-store",
    )


def card_page(
    member: Member, code_form: CodeForm, *, status: int = 200, refusal: str | None = None
) -> Response:
    """The member's card with everything on it; `refusal` says on top why a scanned code gave no stamp."""
    now = utcnow()
    cards = queries.cards(member, now)
    return page(
        "show",
        status=status,
        member=member,
        cards=cards,
        holdings=holdings.of(member, g.merchant, now),
        rewards=queries.rewards(member, now),
        ending=holdings.stamps_ending(member, now),
        sold_out=merchandise.sold_out(),
        coupons=coupons.of_member(member.id, now),
        line=queries.shop_line(g.merchant, now),
        history=history.page(member, g.merchant),
        number_qr=qr_svg(url_for("card.number", number=member.number, _external=True)),
        code_form=code_form,
        refusal=refusal,
        state=queries.state(member),
        shop_icon=cards[0].terms.icon if cards else "building-store",
    )
