"""The mail to a shop's owners about an endpoint that switched itself off, each in their own language."""

from __future__ import annotations

import uuid

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from saas.accounts.mails import address_of
from saas.accounts.models import Staff, User
from saas.db import db
from saas.merchants.registry import Record
from saas.web.mail import post


def switched_off(merchant: Record, endpoint_id: uuid.UUID, url: str, reason: str) -> None:
    """Write to every owner who has an account; needs the platform's transaction."""
    owners = (
        select(User.email, User.name, User.language)
        .join(Staff, Staff.user_id == User.id)
        .where(Staff.merchant_id == merchant.id, Staff.role == "owner", Staff.removed_at.is_(None))
    )
    link = address_of("webhooks.show", merchant=merchant.slug, endpoint_id=str(endpoint_id))
    for email, name, language in db.session.execute(owners.order_by(User.email)).all():
        with force_locale(language):
            _write(email, name, merchant.name, url, reason, link)


def _write(email: str, name: str, shop: str, url: str, reason: str, link: str) -> None:
    if reason == "gone":
        why = _("It answered that it is gone for good (410).")
    else:
        why = _("For five days every message to it has failed.")
    post(
        email,
        _("A webhook of %(shop)s is switched off", shop=shop[:100]),
        _(
            "Hello %(name)s,\n\nthis endpoint of %(shop)s no longer gets messages:\n\n%(url)s\n\n%(why)s\n\n"
            "What waits for it is kept for 30 days. See what went wrong, and switch it on again, here:\n\n"
            "%(link)s\n",
            name=name,
            shop=shop,
            url=url,
            why=why,
            link=link,
        ),
    )
