"""Housekeeping of the counter, by the clock."""

from __future__ import annotations

from saas.db import PLATFORM, transaction
from saas.merchants import registry
from saas.web.clock import utcnow
from saas.web.jobs import task
from tenants.counter import codes


@task("counter.forget_codes", cron="40 3 * * *")
def forget_codes() -> None:
    """Delete every merchant's codes that expired a day ago; one transaction a merchant."""
    with transaction(PLATFORM):
        merchants = registry.every_open()
    for merchant in merchants:
        with transaction(merchant.binding):
            codes.forget_old(utcnow())
