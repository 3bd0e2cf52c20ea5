"""Everything made, or what is missing of it; run again it adds nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import select

from saas.db import PLATFORM, db, transaction
from saas.merchants.models import Merchant
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from tenants.demo.people import open_shop, operator, users
from tenants.demo.regulars import program, regulars
from tenants.demo.sample import SAMPLE, last_day, shifted
from tenants.demo.shops import SHOPS
from tenants.purchases.tasks import import_file

Say = Callable[[str], None]


class NotInProduction(Refusal):
    """The demonstration's log-ins are known to everybody."""


def seed_if_empty() -> None:
    """Seed a database that has no merchant yet; in production nothing."""
    if current_app.extensions["regulars"].settings.is_production:
        return
    with transaction(PLATFORM):
        if db.session.scalar(select(Merchant.id).limit(1)):
            return
    seed(partial(print, file=sys.stderr))


def seed(say: Say | None = None, *, force: bool = False) -> None:
    """Make the three shops or what is missing of them; raises NotInProduction unless forced."""
    if current_app.extensions["regulars"].settings.is_production and not force:
        raise NotInProduction("The demo's passwords are public: it is not for production.")
    tell = say or _say_nothing
    now = utcnow()
    ids = users(now)
    if not current_app.extensions["regulars"].settings.is_production:
        operator(now)
    for number, shop in enumerate(SHOPS, start=1):
        tell(f"Demo {number} of {len(SHOPS)}: {shop.details.name}")
        merchant = open_shop(shop, ids, now)
        with force_locale(shop.details.language), transaction(merchant.binding):
            program_id = program(shop, now)
            regulars(shop, program_id, merchant, now)
        if shop.slug == "cdnow":
            content = shifted(SAMPLE.read_bytes(), last_day(merchant, now))
            tell(str(import_file(merchant, SAMPLE, tell, content=content)))


def _say_nothing(_words: str) -> None:
    pass
