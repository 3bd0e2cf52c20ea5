"""Signatures: as the specification's own library checks them, and as it is written."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from saas.web.clock import utcnow
from tenants.webhooks import signing

KEY, ENDPOINT, EVENT = "k" * 40, uuid.UUID(int=7), uuid.UUID(int=9)
BODY = '{"type":"member.joined","data":{"name":"Γειά"}}'


def test_the_specifications_library_accepts_it_by_either_secret():
    new, old = (signing.secret_of(KEY, ENDPOINT, bytes([salt] * 16)) for salt in (1, 2))
    sent = signing.headers(EVENT, BODY, [new, old], utcnow())
    for secret in (new, old):
        assert Webhook(secret).verify(BODY.encode(), sent)["type"] == "member.joined"
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.secret_of(KEY, ENDPOINT, bytes(16))).verify(BODY, sent)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(BODY + " ", sent)


def test_it_is_what_the_specification_says():
    now = utcnow()
    secret = signing.secret_of(KEY, ENDPOINT, bytes(16))
    sent = signing.headers(EVENT, BODY, [secret], now)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert 24 <= len(key) <= 64
    text = f"{sent['webhook-id']}.{int(now.timestamp())}.{BODY}".encode()
    wanted = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    assert sent["webhook-signature"] == f"v1,{wanted}"
    assert sent["webhook-id"] == f"msg_{EVENT.hex}"


def test_secrets_differ_by_key_endpoint_and_salt():
    salt = signing.new_salt()
    secrets = {
        signing.secret_of(KEY, ENDPOINT, salt),
        signing.secret_of("other", ENDPOINT, salt),
        signing.secret_of(KEY, uuid.UUID(int=8), salt),
        signing.secret_of(KEY, ENDPOINT, signing.new_salt()),
    }
    assert len(secrets) == 4
