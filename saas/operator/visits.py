"""An operator's look into a merchant's console: begun for a reason, told to the owners, over after half an hour."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select, update

from saas.accounts.mails import address_of
from saas.accounts.models import Staff, User
from saas.db import db
from saas.merchants.models import Merchant
from saas.operator import audit
from saas.operator.models import OperatorVisit
from saas.web.mail import post

LASTS = dt.timedelta(minutes=30)


def begin(
    merchant: Merchant, reason: str, session_id: uuid.UUID, *, now: dt.datetime, **who: Any
) -> OperatorVisit:
    """Open the console to this browser's operator, and tell the owners; a visit that runs is ended first."""
    end(session_id, now=now, **who)
    visit = OperatorVisit(
        operator_id=who["operator_id"],
        session_id=session_id,
        merchant_id=merchant.id,
        reason=reason,
        began_at=now,
        ends_at=now + LASTS,
    )
    db.session.add(visit)
    audit.append("visit_began", merchant_id=merchant.id, subject=merchant.name, reason=reason, now=now, **who)
    _tell_owners(merchant, who["operator_name"], reason)
    return visit


def end(session_id: uuid.UUID, *, now: dt.datetime, **who: Any) -> uuid.UUID | None:
    """End the visit of this browser; whose console it was, None where none ran."""
    statement = (
        update(OperatorVisit)
        .where(
            OperatorVisit.session_id == session_id,
            OperatorVisit.ended_at.is_(None),
            OperatorVisit.ends_at > now,
        )
        .values(ended_at=now)
        .returning(OperatorVisit.merchant_id)
    )
    merchant_id = db.session.scalar(statement)
    if merchant_id is not None:
        merchant = db.session.get_one(Merchant, merchant_id)
        audit.append("visit_ended", merchant_id=merchant_id, subject=merchant.name, now=now, **who)
    return merchant_id


def running(session_id: uuid.UUID, merchant_id: uuid.UUID, now: dt.datetime) -> OperatorVisit | None:
    """This browser's visit to a merchant, if one runs."""
    return db.session.scalar(
        select(OperatorVisit).where(
            OperatorVisit.session_id == session_id,
            OperatorVisit.merchant_id == merchant_id,
            OperatorVisit.ended_at.is_(None),
            OperatorVisit.ends_at > now,
        )
    )


def _tell_owners(merchant: Merchant, operator: str, reason: str) -> None:
    owners = db.session.scalars(
        select(User)
        .join(Staff, Staff.user_id == User.id)
        .where(Staff.merchant_id == merchant.id, Staff.role == "owner", Staff.removed_at.is_(None))
    )
    link = address_of("visits.index", merchant=merchant.slug)
    for owner in owners:
        with force_locale(owner.language):
            post(
                owner.email,
                _("Regulars looks at %(shop)s", shop=merchant.name),
                _(
                    "Hello %(name)s,\n\n%(operator)s, who runs Regulars, looks into the console of %(shop)s for up to "
                    "30 minutes. Nothing can be changed, and no data taken away.\n\nThe reason: %(reason)s\n\n"
                    "Everything the operator did with your shop is listed here:\n\n%(link)s\n",
                    name=owner.name,
                    operator=operator,
                    shop=merchant.name,
                    reason=reason,
                    link=link,
                ),
            )
