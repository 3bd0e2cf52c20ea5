"""The account that a key belongs to: one, for the demo."""

from __future__ import annotations

from .calls import Call, answers
from .store import Obj


@answers("get", "/v1/account")
def retrieve(call: Call) -> Obj:
    return {
        "id": "acct_demo",
        "object": "account",
        "charges_enabled": True,
        "country": "SE",
        "default_currency": "eur",
        "details_submitted": True,
        "email": "demo@regulars.example",
        "payouts_enabled": False,
        "type": "standard",
    }
