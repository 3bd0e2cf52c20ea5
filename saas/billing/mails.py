"""The mails about money, to every owner in the owner's language; copies.tell() sends each of them once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from saas.accounts.models import Staff, User
from saas.billing.notices import Notice
from saas.db import db
from saas.merchants.models import Merchant
from saas.web.mail import post
from saas.web.template_filters import date, money


@dataclass(frozen=True)
class Letter:
    """The words of a mail, which name `%(shop)s`, `%(day)s` and `%(amount)s` as they need."""

    subject: str
    text: str


def send(merchant_id: uuid.UUID, notice: Notice) -> None:
    """Write to the owners of a shop that is open; needs the platform's transaction."""
    for name, email, language, shop, slug in owners(merchant_id):
        with force_locale(language):
            link = notice.link or billing_page(slug)
            letter = written(notice, shop)
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


# Members and their cards are named wherever somebody could be afraid for them.
LETTERS = {
    "payment_failed": Letter(
        _l("%(shop)s: your payment did not go through"),
        _l(
            "the payment of %(amount)s for Regulars did not go through. Please check your card, or pay on the page "
            "below. Until %(day)s everything works as before; after that the console can only be read until it is "
            "paid. Your members’ cards and rewards keep working in any case.",
        ),
    ),
    "action_required": Letter(
        _l("%(shop)s: your bank asks you to confirm a payment"),
        _l(
            "your bank wants you to confirm the payment of %(amount)s for Regulars. Open the page below and follow "
            "the steps; nothing is charged before that.",
        ),
    ),
    "restricted": Letter(
        _l("%(shop)s: the console can only be read for now"),
        _l(
            "a payment for Regulars is still missing, so the console can only be read for now. Stamps, rewards and "
            "your members’ cards keep working. As soon as it is paid, everything is as before. Pay here:"
        ),
    ),
    "restored": Letter(
        _l("%(shop)s: thank you, the payment arrived"),
        _l("your payment of %(amount)s arrived, and everything works as before."),
    ),
    "cancelling": Letter(
        _l("%(shop)s: your plan ends on %(day)s"),
        _l(
            "your plan was cancelled and ends on %(day)s. Until then everything stays as it is; after that you are "
            "on the free plan, and your members keep their cards and rewards. If you change your mind, continue here:",
        ),
    ),
    "cancelled": Letter(
        _l("%(shop)s is on the free plan now"),
        _l(
            "your plan has ended, and you are on the free plan from now on. Nothing was deleted, and your members keep "
            "their cards and rewards. You can choose a plan again at any time:"
        ),
    ),
    "trial_ending": Letter(
        _l("%(shop)s: your trial ends on %(day)s"),
        _l(
            "your trial of Regulars ends on %(day)s. Nothing will be charged automatically. Choose a plan to keep what "
            "you have, or go on with the free plan; your members keep their cards and rewards either way.",
        ),
    ),
    "trial_over": Letter(
        _l("%(shop)s: your trial is over"),
        _l(
            "your trial of Regulars is over, and you are on the free plan from now on. Nothing was deleted, and your "
            "members keep their cards and rewards. If you need more, choose a plan here:"
        ),
    ),
    "grace_ending": Letter(
        _l("%(shop)s: please pay by %(day)s"),
        _l(
            "a payment for Regulars is still missing. From %(day)s on the console can only be read until it is paid. "
            "Your members’ cards and rewards keep working in any case. Pay here:",
        ),
    ),
}


def written(notice: Notice, shop: str) -> Letter:
    """The letter of a notice, in the language that is set."""
    given = {
        "shop": shop,
        "day": date(notice.at, "long") if notice.at else "",
        "amount": money(notice.amount_minor, notice.currency) if notice.currency else "",
    }
    letter = LETTERS[notice.kind]
    return Letter(str(letter.subject) % given, str(letter.text) % given)
