"""The page of the card that was just stamped, kept by everything on it that isn't the member's own."""

from __future__ import annotations

from functools import lru_cache

from flask import render_template
from markupsafe import escape

from saas.merchants.registry import Record
from saas.web.template_filters import card_number
from tenants.card.lean import Landed
from tenants.programs.rules import Terms

FIRST_NAME, NUMBER = "\ue000first-name\ue001", "\ue000number\ue001"  # private characters, which nobody types


def landed_html(merchant: Record, stamped: Landed, *, card_url: str, locale: str, theme: str) -> str:
    """The page in the language of the request, which is `locale`."""
    shared = _page(
        merchant,
        stamped.terms,
        stamped.units,
        stamped.balance,
        stamped.rewards_issued,
        card_url=card_url,
        locale=locale,
        theme=theme,
    )
    return shared.replace(FIRST_NAME, str(escape(stamped.first_name))).replace(
        NUMBER, card_number(stamped.number)
    )


@lru_cache(maxsize=2048)  # of 2.5 KB each
def _page(
    merchant: Record,
    terms: Terms,
    units: int,
    balance: int,
    rewards_issued: int,
    *,
    card_url: str,
    locale: str,
    theme: str,
) -> str:
    return render_template(
        "tenants/card/landed.html",
        merchant=merchant,
        terms=terms,
        units=units,
        balance=balance,
        rewards_issued=rewards_issued,
        first_name=FIRST_NAME,
        number=NUMBER,
        card_url=card_url,
        locale=locale,
        theme=theme,
    )
