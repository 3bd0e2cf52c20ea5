"""The job that issues many codes."""

from __future__ import annotations

from uuid import UUID

from flask import current_app
from sqlalchemy.exc import DBAPIError

from saas.merchants import registry
from saas.web.jobs import task
from tenants.coupons import batches


@task("coupons.issue")
def issue(slug: str, batch_id: str) -> None:
    """Carry a batch out. A line that is down leaves it running, for the queue's next try."""
    merchant = registry.find(slug)
    if merchant is None:
        return
    try:
        batches.run(merchant, UUID(batch_id))
    except DBAPIError as error:
        if not error.connection_invalidated:
            batches.fail(merchant, UUID(batch_id))
        raise
    except Exception:
        current_app.logger.exception("issuing coupons %s of %s failed", batch_id, slug)
        batches.fail(merchant, UUID(batch_id))
