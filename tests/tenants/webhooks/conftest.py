"""An endpoint on this machine, a job run by hand, and a setting that lets it be reached."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from saas.db import PLATFORM, db, transaction
from saas.db.horizon import horizon
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.webhooks import operations, outbox
from tenants.webhooks.catalogue import TYPES
from tenants.webhooks.models import Endpoint
from tests.tenants.webhooks.receiver import Receiver, listening


@pytest.fixture
def _loopback(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = app.extensions["regulars"]
    settings = dataclasses.replace(platform.settings, is_webhook_loopback_allowed=True)
    monkeypatch.setitem(app.extensions, "regulars", dataclasses.replace(platform, settings=settings))


@pytest.fixture
def receiver(_loopback: None) -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


@pytest.fixture
def listen(app: Flask) -> Callable[..., Endpoint]:
    """Adds an endpoint to a merchant, told of everything unless said otherwise."""

    def add(merchant: Record, url: str, *types: str) -> Endpoint:
        with app.app_context(), transaction(merchant.binding):
            return operations.add(merchant, url, "Till", list(types or TYPES), "Owner", utcnow())

    return add


@pytest.fixture
def collect(app: Flask) -> Callable[[Record], None]:
    """Reads a merchant's rows on, as the job does, and sends nothing."""

    def run(merchant: Record) -> None:
        with app.app_context():
            with transaction(PLATFORM):
                safe = horizon()
            with transaction(merchant.binding):
                outbox.collect(safe, utcnow())

    return run


@pytest.fixture
def rows(app: Flask) -> Callable[..., list]:
    """Everything that a query finds at a merchant."""

    def ask(merchant: Record, query: object) -> list:
        with app.app_context(), transaction(merchant.binding):
            return list(db.session.scalars(query))

    return ask
