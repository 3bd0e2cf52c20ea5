"""Phones at the bakery: what the tests of the card have in common."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.counter import codes
from tests.factories import ledger as factory

Within = Callable[[Record], AbstractContextManager[None]]


@dataclass
class Phone:
    """A browser at one merchant's card."""

    client: FlaskClient
    home: str

    def get(self, path: str = "", **options: Any) -> TestResponse:
        return self.client.get(self.home + path, **options)

    def post(self, path: str, **fields: Any) -> TestResponse:
        return self.client.post(self.home + path, data=fields)

    def join(self, first_name: str = "Eleni", **fields: Any) -> TestResponse:
        page = self.get().text
        nonce = re.search(r'name="nonce"[^>]*value="([^"]+)"', page)
        assert nonce
        return self.post("/join", first_name=first_name, nonce=nonce[1], **fields)

    def stamps(self) -> str:
        """What the card says of its first program, as "7 of 10"."""
        found = re.search(r'class="pass-count">(\d+ of \d+)', self.get().text)
        assert found
        return found[1]


@pytest.fixture
def phone(app: Flask, bakery: Record) -> Callable[[], Phone]:
    """Makes a new phone at the bakery."""
    return lambda: Phone(app.test_client(), f"/c/{bakery.slug}")


@pytest.fixture
def program(bakery: Record, within: Within) -> uuid.UUID:
    """The bakery's stamp card of 10."""
    with within(bakery):
        return factory.stamp_card(10, icon="bread").id


@pytest.fixture
def counter_code(bakery: Record, within: Within, program: uuid.UUID) -> Callable[..., tuple[str, str]]:
    """Makes a code on the bakery's counter; gives its token and its digits."""

    def make(units: int = 1, *, merchant: Record = bakery) -> tuple[str, str]:
        with within(merchant):
            made = codes.issue_stamp(units, None, None, uuid.uuid4(), "Maria", utcnow())
            return made.token, made.digits

    return make
