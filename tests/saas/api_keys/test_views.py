"""API keys in the console: owners only, shown once, revoked for good, the stranger's out of reach."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from saas.accounts import proving
from saas.accounts.models import User, UserSession
from saas.accounts.passwords import hash_secret
from saas.api_keys import operations
from saas.api_keys.models import ApiKey
from saas.db import PLATFORM, db, transaction
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.tokens import token_hash
from tests.factories import api, cast

AsRole = Callable[[Record, str], FlaskClient]
FORM = {"name": "Till at the counter", "scopes": ["members:read", "members:write"]}


def page(merchant: Record) -> str:
    return f"/console/{merchant.slug}/settings/api-keys"


def keys(app: Flask, merchant: Record) -> list[ApiKey]:
    with app.app_context(), transaction(PLATFORM):
        return list(db.session.scalars(select(ApiKey).where(ApiKey.merchant_id == merchant.id)))


def shown_key(html: str) -> str:
    found = re.search(r'id="new-key" value="(rgl_[^"]+)"', html)
    assert found
    return found[1]


def test_after_a_while_the_password_is_asked_again(app: Flask, bakery: Record, as_role: AsRole) -> None:
    owner = as_role(bakery, "owner")
    assert 'name="password"' not in owner.get(page(bakery)).text
    with app.app_context(), transaction(PLATFORM):
        user_id = cast.staff_of(bakery, "owner").user_id
        db.session.execute(
            update(User).where(User.id == user_id).values(password_hash=hash_secret("a long password"))
        )
        before = utcnow() - proving.FRESH_FOR
        db.session.execute(
            update(UserSession).where(UserSession.user_id == user_id).values(created_at=before)
        )
    asked = owner.get(page(bakery)).text
    assert 'type="password"' in asked
    assert 'autocomplete="current-password"' in asked
    for password in ("", "another password"):
        refused = owner.post(page(bakery), data={**FORM, "password": password})
        assert refused.status_code == 422
        assert "That is not your present password." in refused.text
        assert 'value="Till at the counter"' in refused.text
        assert "another password" not in refused.text
    assert keys(app, bakery) == []
    assert shown_key(owner.post(page(bakery), data={**FORM, "password": "a long password"}).text)


@pytest.mark.parametrize("role", ["manager", "cashier"])
def test_owners_only(app: Flask, bakery: Record, as_role: AsRole, role: str) -> None:
    browser = as_role(bakery, role)
    assert browser.get(page(bakery)).status_code == 403
    assert browser.post(page(bakery), data=FORM).status_code == 403
    assert keys(app, bakery) == []


def test_a_key_is_shown_once_and_kept_as_a_hash(app: Flask, bakery: Record, as_role: AsRole) -> None:
    owner = as_role(bakery, "owner")
    made = owner.post(page(bakery), data=FORM)
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store, private"
    token = shown_key(made.text)
    row = keys(app, bakery)[0]
    assert (row.token_hash, row.last_four) == (token_hash(token), token[-4:])
    assert row.scopes == FORM["scopes"]
    assert row.created_by_name == "Owner of Bakery"
    later = owner.get(page(bakery)).text
    assert token not in later
    assert f"…{token[-4:]}" in later
    assert "Never used." in later
    till = api.with_key(app, token)
    assert till.get("/api/v1/members").status_code == 200
    assert "Last used:" in owner.get(page(bakery)).text


def test_a_revoked_key_works_no_more(app: Flask, bakery: Record, as_role: AsRole) -> None:
    till, owner = api.till(app, bakery), as_role(bakery, "owner")
    assert till.get("/api/v1/members").status_code == 200
    address = f"{page(bakery)}/{keys(app, bakery)[0].id}/revocation"
    assert owner.post(address).status_code == 303
    assert till.get("/api/v1/members").status_code == 401
    first = keys(app, bakery)[0].revoked_at
    assert owner.post(address).status_code == 303
    assert keys(app, bakery)[0].revoked_at == first
    assert "Revoked by Owner of Bakery" in owner.get(page(bakery)).text


def test_a_strangers_key_is_out_of_reach(
    app: Flask, bakery: Record, florist: Record, as_role: AsRole
) -> None:
    api.key_for(app, florist)
    key = keys(app, florist)[0]
    assert as_role(bakery, "owner").post(f"{page(bakery)}/{key.id}/revocation").status_code == 404
    assert keys(app, florist)[0].revoked_at is None


@pytest.mark.parametrize(
    "changes", [{"name": " "}, {"name": "x" * 81}, {"scopes": []}, {"scopes": ["members:fly"]}]
)
def test_bad_forms_make_no_key(
    app: Flask, bakery: Record, as_role: AsRole, changes: dict[str, object]
) -> None:
    answer = as_role(bakery, "owner").post(page(bakery), data={**FORM, **changes})
    assert answer.status_code == 422
    assert keys(app, bakery) == []


def test_there_is_an_end_to_keys(
    app: Flask, bakery: Record, as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MOST_KEYS", 1)
    api.key_for(app, bakery)
    answer = as_role(bakery, "owner").post(page(bakery), data=FORM)
    assert answer.status_code == 422
    assert "Revoke one first" in answer.text
    assert len(keys(app, bakery)) == 1
