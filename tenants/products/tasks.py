"""The job that carries an import of products out, and the one that empties files that nobody started."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from flask import current_app
from sqlalchemy.exc import DBAPIError

from saas.db import PLATFORM, transaction
from saas.merchants import registry
from saas.web.clock import utcnow
from saas.web.jobs import task
from tenants.products import imports, runs


@task("products.import")
def import_products(slug: str, upload_id: str, begun_at: str) -> None:
    """Carry an import out. A line that is down leaves it running, for the queue's next try."""
    merchant = registry.find(slug)
    if merchant is None:
        return
    own = merchant, UUID(upload_id), dt.datetime.fromisoformat(begun_at)
    try:
        runs.run(*own)
    except DBAPIError as error:
        if not error.connection_invalidated:
            runs.fail(*own)
        raise
    except Exception:
        current_app.logger.exception("import of products %s of %s failed", upload_id, slug)
        runs.fail(*own)


@task("products.forget_files", cron="55 3 * * *")
def forget_files() -> None:
    """Empty every merchant's files that were uploaded and never started; one transaction a merchant."""
    with transaction(PLATFORM):
        merchants = registry.every_open()
    for merchant in merchants:
        with transaction(merchant.binding):
            imports.forget_files(utcnow())
