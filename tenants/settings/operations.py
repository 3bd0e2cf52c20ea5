"""Writes of the shop's row in the registry; all need the platform's transaction."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

from sqlalchemy import select, update

from saas.db import db
from saas.merchants.models import Merchant
from saas.merchants.registry import Record, record


@dataclass(frozen=True)
class Shop:
    """What the page of the shop can change; `currency` is None where it stays."""

    name: str
    category: str
    country: str
    currency: str | None
    time_zone: str
    language: str
    languages: list[str]
    member_contact: str
    is_contact_required: bool
    is_birthday_asked: bool
    is_counter_code_on: bool
    is_member_code_on: bool


def fresh(merchant_id: uuid.UUID) -> Record:
    """The merchant as it is now, not as this process remembers it: a form is filled from it."""
    return record(db.session.scalars(select(Merchant).where(Merchant.id == merchant_id)).one())


def save_shop(merchant_id: uuid.UUID, shop: Shop) -> None:
    values = {name: value for name, value in asdict(shop).items() if name != "currency" or value}
    db.session.execute(update(Merchant).where(Merchant.id == merchant_id).values(**values))


def save_colour(merchant_id: uuid.UUID, colour: str) -> None:
    db.session.execute(update(Merchant).where(Merchant.id == merchant_id).values(brand_colour=colour))


def set_logo_version(merchant_id: uuid.UUID, version: str | None) -> None:
    db.session.execute(update(Merchant).where(Merchant.id == merchant_id).values(logo_version=version))
