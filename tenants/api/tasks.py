"""Housekeeping of the API, by the clock."""

from __future__ import annotations

from saas.db import PLATFORM, transaction
from saas.merchants import registry
from saas.web.clock import utcnow
from saas.web.jobs import task
from tenants.api import idempotency


@task("api.forget_answers", cron="10 4 * * *")
def forget_answers() -> None:
    """Delete every merchant's kept answers of a day ago; one transaction a merchant."""
    with transaction(PLATFORM):
        merchants = registry.every_open()
    for merchant in merchants:
        with transaction(merchant.binding):
            idempotency.forget_old(utcnow())
