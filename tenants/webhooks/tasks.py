"""The jobs: read what is new, send what is due, tell owners, and keep both going and small by the clock."""

from __future__ import annotations

from uuid import UUID

from saas.db import PLATFORM, transaction
from saas.db.horizon import horizon
from saas.merchants import registry
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.jobs import task
from tenants.webhooks import dispatch, mails, operations, outbox, queries


@task("webhooks.collect")
def collect(slug: str) -> None:
    """Read on, and come again in a few seconds for as long as an endpoint is switched on."""
    merchant = _open(slug)
    if merchant is None:
        return
    with transaction(PLATFORM):
        safe = horizon()
    now = utcnow()
    with transaction(merchant.binding):
        is_listening, is_behind = outbox.collect(safe, now)
        dispatch.defer_due(merchant, now)
        if is_listening:
            operations.defer_collecting(merchant, None if is_behind else now + operations.EVERY)


@task("webhooks.deliver")
def deliver(slug: str, endpoint_id: str) -> None:
    """Send what is due for one endpoint."""
    merchant = _open(slug)
    if merchant is not None:
        dispatch.deliver(merchant, UUID(endpoint_id), utcnow)


@task("webhooks.tell_owners")
def tell_owners(slug: str, endpoint_id: str, url: str, reason: str) -> None:
    """Write to the owners that an endpoint switched itself off."""
    merchant = registry.find(slug)
    if merchant is not None:
        with transaction(PLATFORM):
            mails.switched_off(merchant, UUID(endpoint_id), url, reason)


@task("webhooks.take_up", cron="*/10 * * * *")
def take_up() -> None:
    """Begin reading again wherever an endpoint listens, should the queue have given it up; twice is harmless."""
    for merchant in _every_open():
        with transaction(merchant.binding):
            if queries.is_anything_listening():
                operations.defer_collecting(merchant)


@task("webhooks.forget", cron="20 4 * * *")
def forget() -> None:
    """Delete every merchant's old log; one transaction a merchant."""
    for merchant in _every_open():
        with transaction(merchant.binding):
            operations.forget_old(utcnow())


def _open(slug: str) -> Record | None:
    """A merchant that is suspended tells nobody anything; `take_up` begins again when it is back."""
    merchant = registry.find(slug)
    return merchant if merchant is not None and merchant.is_open else None


def _every_open() -> list[Record]:
    with transaction(PLATFORM):
        return registry.every_open()
