"""The mails about money, to every owner in the owner's language; copies.tell() sends each of them once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from saas.accounts.models import Staff, User
from saas.billing.notices import Notice
from saas.db import db
from saas.merchants.models import Merchant
from saas.web.mail import post
from saas.web.template_filters import date, money


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str


def send(merchant_id: uuid.UUID, notice: Notice) -> None:
    """Write to the owners of a shop that is open; needs the platform's transaction."""
    for name, email, language, shop, slug in owners(merchant_id):
        with force_locale(language):
            link = notice.link or billing_page(slug)
            letter = _letter(notice, shop)
            post(
                email,
                letter.subject,
                _("Hello %(name)s,\n\n%(text)s\n\n%(link)s\n", name=name, text=letter.text, link=link),
            )


def billing_page(slug: str) -> str:
    """Where an owner sees plan, state and invoices, from anywhere."""
    return f"{current_app.extensions['regulars'].settings.base_url}/console/{slug}/billing"


def owners(merchant_id: uuid.UUID) -> Iterator[tuple[str, str, str, str, str]]:
    """Name, address and language of each owner, with the shop's name and slug."""
    rows = db.session.execute(
        select(User.name, User.email, User.language, Merchant.name, Merchant.slug)
        .join(Staff, Staff.user_id == User.id)
        .join(Merchant, Merchant.id == Staff.merchant_id)
        .where(
            Merchant.id == merchant_id,
            Merchant.status == "active",
            Staff.role == "owner",
            Staff.removed_at.is_(None),
        )
        .order_by(Staff.created_at)
    )
    for row in rows:
        yield row[0], row[1], row[2], row[3], row[4]


def _letter(notice: Notice, shop: str) -> Letter:
    """The words of a notice; members and their cards are named wherever somebody could be afraid for them."""
    day = date(notice.at, "long") if notice.at else ""
    amount = money(notice.amount_minor, notice.currency) if notice.currency else ""
    return _WORDS[notice.kind]({"shop": shop, "day": day, "amount": amount})


def _payment_failed(given: dict[str, str]) -> Letter:
    return Letter(
        _("%(shop)s: your payment did not go through", shop=given["shop"]),
        _(
            "the payment of %(amount)s for Regulars did not go through. Please check your card, or pay on the page "
            "below. Until %(day)s everything works as before; after that the console can only be read until it is "
            "paid. Your members’ cards and rewards keep working in any case.",
            amount=given["amount"],
            day=given["day"],
        ),
    )


def _action_required(given: dict[str, str]) -> Letter:
    return Letter(
        _("%(shop)s: your bank asks you to confirm a payment", shop=given["shop"]),
        _(
            "your bank wants you to confirm the payment of %(amount)s for Regulars. Open the page below and follow "
            "the steps; nothing is charged before that.",
            amount=given["amount"],
        ),
    )


def _restricted(given: dict[str, str]) -> Letter:
    return Letter(
        _("%(shop)s: the console can only be read for now", shop=given["shop"]),
        _(
            "a payment for Regulars is still missing, so the console can only be read for now. Stamps, rewards and "
            "your members’ cards keep working. As soon as it is paid, everything is as before. Pay here:"
        ),
    )


def _restored(given: dict[str, str]) -> Letter:
    return Letter(
        _("%(shop)s: thank you, the payment arrived", shop=given["shop"]),
        _("your payment of %(amount)s arrived, and everything works as before.", amount=given["amount"]),
    )


def _cancelling(given: dict[str, str]) -> Letter:
    return Letter(
        _("%(shop)s: your plan ends on %(day)s", shop=given["shop"], day=given["day"]),
        _(
            "your plan was cancelled and ends on %(day)s. Until then everything stays as it is; after that the free "
            "plan holds, and your members keep their cards and rewards. If you change your mind, continue here:",
            day=given["day"],
        ),
    )


def _cancelled(given: dict[str, str]) -> Letter:
    return Letter(
        _("%(shop)s is on the free plan now", shop=given["shop"]),
        _(
            "your plan has ended, and the free plan holds from now on. Nothing was deleted, and your members keep "
            "their cards and rewards. You can choose a plan again at any time:"
        ),
    )


def _trial_ending(given: dict[str, str]) -> Letter:
    return Letter(
        _("%(shop)s: your trial ends on %(day)s", shop=given["shop"], day=given["day"]),
        _(
            "your trial of Regulars ends on %(day)s. Nothing will be charged by itself. Choose a plan to keep what "
            "you have, or go on with the free plan; your members keep their cards and rewards either way.",
            day=given["day"],
        ),
    )


def _trial_over(given: dict[str, str]) -> Letter:
    return Letter(
        _("%(shop)s: your trial is over", shop=given["shop"]),
        _(
            "your trial of Regulars is over, and the free plan holds from now on. Nothing was deleted, and your "
            "members keep their cards and rewards. If you need more, choose a plan here:"
        ),
    )


def _grace_ending(given: dict[str, str]) -> Letter:
    return Letter(
        _("%(shop)s: please pay until %(day)s", shop=given["shop"], day=given["day"]),
        _(
            "a payment for Regulars is still missing. From %(day)s on the console can only be read until it is paid. "
            "Your members’ cards and rewards keep working in any case. Pay here:",
            day=given["day"],
        ),
    )


_WORDS = {
    "payment_failed": _payment_failed,
    "action_required": _action_required,
    "restricted": _restricted,
    "restored": _restored,
    "cancelling": _cancelling,
    "cancelled": _cancelled,
    "trial_ending": _trial_ending,
    "trial_over": _trial_over,
    "grace_ending": _grace_ending,
}
