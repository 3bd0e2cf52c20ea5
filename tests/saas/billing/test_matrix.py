"""State × surface over the real app: what console, counter, card and API do in every state of a subscription."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import update

from saas.billing.standing import STATES, TABLE
from saas.config import Billing
from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.members import operations as members
from tests.factories import api
from tests.factories.ledger import member, stamp_card

BANNERS = {
    "incomplete": "asks you to confirm",
    "past_due": "did not go through",
    "restricted": "can only be read",
    "paused": "can only be read",
    "disputed": "is disputed",
}


@dataclass
class Look:
    """One request: what it asks, and whether it is a new offer, which an unpaid plan stops."""

    surface: str
    name: str
    ask: Callable[[], Any]
    is_offer: bool = False


def test_every_state_on_every_surface(app: Flask, bakery: Record, as_role: Any) -> None:
    settings = app.extensions["regulars"].settings
    with app.app_context(), transaction(bakery.binding):
        program = stamp_card()
        ada = member("Ada")
        program_id, ada_id = program.id, ada.id
        token = members.sign_in(ada.id, utcnow())
    slug, base = bakery.slug, f"/console/{bakery.slug}"
    owner, cashier = as_role(bakery, "owner"), as_role(bakery, "cashier")
    phone = app.test_client()
    phone.set_cookie(f"card-{slug}", token, path=f"/c/{slug}")
    till = api.till(app, bakery)
    looks = (
        Look("console", "reads", lambda: owner.get(f"{base}/programs")),
        Look("console", "stops a program", lambda: owner.post(f"{base}/programs/{program_id}/pause")),
        Look("console", "resumes one", lambda: owner.post(f"{base}/programs/{program_id}/resumption"), True),
        Look("console", "invites", lambda: owner.post(f"{base}/staff/invitations", data={}), True),
        Look("console", "corrects a member", lambda: owner.post(f"{base}/members/{ada_id}/edit")),
        Look("console", "writes settings", lambda: owner.post(f"{base}/settings")),
        Look("counter", "opens", lambda: cashier.get(f"/counter/{slug}")),
        Look("counter", "shows a code", lambda: cashier.post(f"/counter/{slug}/codes", data={"units": 1})),
        Look("counter", "adds a member", lambda: cashier.post(f"/counter/{slug}/members")),
        Look("card", "opens", lambda: phone.get(f"/c/{slug}")),
        Look("card", "takes a stamp", lambda: phone.post(f"/c/{slug}/stamps", data={"code": "x"})),
        Look("api", "joins", lambda: till.post("/api/v1/members", json={"first_name": "Kim"})),
        Look("api", "writes a program", lambda: till.post(f"/api/v1/programs/{program_id}/archive"), True),
        Look(
            "console", "brings it back", lambda: owner.post(f"{base}/programs/{program_id}/restoration"), True
        ),
    )
    object.__setattr__(
        settings, "billing", Billing("demo", "sk_test_demo", "http://127.0.0.1:9", ("whsec_x",))
    )
    try:
        for state in STATES:
            with app.app_context(), transaction(PLATFORM):
                row = update(Merchant).where(Merchant.id == bakery.id)
                db.session.execute(row.values(billing_state=state, plan="growth"))
            registry.forget(slug)
            texts = {}
            for look in looks:
                answer = look.ask()
                texts[look.surface, look.name] = answer.text
                refuses = look.is_offer and TABLE[state][look.surface] in ("read_only", "limited")
                label = f"{state}: {look.surface} {look.name} answers {answer.status_code}"
                assert (answer.status_code == 403) is refuses, label
                assert answer.status_code < 500, label
                if refuses and look.surface == "api":
                    assert answer.json["code"] == "plan_unpaid", label
            words = BANNERS.get(state)
            assert words is None or words in texts["console", "reads"], state
            assert "banner" not in texts["counter", "opens"], state
            assert bool(words) or "alert-danger banner" not in texts["console", "reads"], state
    finally:
        object.__setattr__(settings, "billing", Billing())
