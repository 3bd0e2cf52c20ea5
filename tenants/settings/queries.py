"""What the settings depend on in the merchant's own records."""

from __future__ import annotations

from sqlalchemy import select

from saas.db import db
from tenants.purchases.models import Purchase


def has_purchases() -> bool:
    """Whether an amount is on record: the currency stays what it is from then on."""
    return bool(db.session.scalar(select(select(Purchase.id).exists())))
