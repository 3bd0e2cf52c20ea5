"""The job that plays the past again."""

from __future__ import annotations

from uuid import UUID

from flask import current_app
from sqlalchemy.exc import DBAPIError

from saas.merchants import registry
from saas.web.jobs import task
from tenants.previews import runs


@task("previews.play")
def play(slug: str, preview_id: str) -> None:
    """Carry a preview out. A line that is down leaves it running, for the queue's next try."""
    merchant = registry.find(slug)
    if merchant is None:
        return
    try:
        runs.run(merchant, UUID(preview_id))
    except DBAPIError as error:
        if not error.connection_invalidated:
            runs.fail(merchant, UUID(preview_id))
        raise
    except Exception:
        current_app.logger.exception("preview %s of %s failed", preview_id, slug)
        runs.fail(merchant, UUID(preview_id))
