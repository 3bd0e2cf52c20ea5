"""The pages about plans: prices in every money, billing by role and with Stripe away, what stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from saas.billing import choices, trials, usage
from saas.billing.gateway import Gateway
from saas.billing.models import Invoice, Subscription
from saas.config import Billing
from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tests.factories.ledger import stamp_card
from tests.saas.billing.local_stripe.conftest import Visitor


@pytest.fixture
def away(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Plans are sold, and nobody answers at Stripe's address."""
    settings = app.extensions["regulars"].settings
    app.extensions.pop("billing_gateway", None)
    object.__setattr__(
        settings, "billing", Billing("demo", "sk_test_demo", "http://127.0.0.1:9", ("whsec_x",))
    )
    yield
    object.__setattr__(settings, "billing", Billing())
    app.extensions.pop("billing_gateway", None)


@pytest.mark.parametrize(
    ("query", "accepts", "amounts"),
    [
        ("", "el-GR", ("19 €", "49 €")),
        ("", "sv-SE", ("199 kr", "499 kr")),
        ("", "en-GB", ("£16", "£39")),
        ("", "pt-BR", ("R$ 59", "R$ 149")),
        ("", "ja-JP", ("19", "49")),
        ("?currency=usd&interval=year", "en", ("$15.83", "$190, billed once a year")),
        ("?currency=zzz&interval=%00", "en-GB", ("£16",)),
    ],
)
def test_prices_in_the_visitors_money(
    client: FlaskClient, query: str, accepts: str, amounts: tuple[str, ...]
) -> None:
    answer = client.get(f"/pricing{query}", headers={"Accept-Language": accepts})
    page = answer.text.replace("\N{NO-BREAK SPACE}", " ")
    assert answer.status_code == 200
    for amount in amounts:
        assert amount in page
    assert "Accept-Language" in answer.headers["Vary"]


def test_only_owners_see_billing(app: Flask, bakery: Record, as_role: Any, client: FlaskClient) -> None:
    path = f"/console/{bakery.slug}/billing"
    assert as_role(bakery, "owner").get(path).status_code == 200
    assert as_role(bakery, "manager").get(path).status_code == 403
    assert as_role(bakery, "cashier").get(path).status_code == 403
    assert client.get(path).status_code == 303


def test_where_nobody_pays_everything_is_included(bakery: Record, as_role: Any) -> None:
    owner = as_role(bakery, "owner")
    page = owner.get(f"/console/{bakery.slug}/billing").text
    assert "Everything is included" in page
    assert "Choose Starter" not in page
    assert owner.get(f"/console/{bakery.slug}/billing/checkout?price=starter_month_eur").status_code == 404


def test_stripe_away_is_said_and_nothing_is_lost(
    app: Flask, bakery: Record, as_role: Any, away: None
) -> None:
    with app.app_context(), transaction(PLATFORM):
        trials.begin(bakery.id, f"owner@{bakery.slug}.example", utcnow())
    owner, base = as_role(bakery, "owner"), f"/console/{bakery.slug}/billing"
    answer = owner.get(f"{base}/checkout?price=starter_month_eur")
    assert answer.status_code == 503
    assert "Stripe does not answer. Nothing was charged" in answer.text
    assert "Choose Starter" in answer.text
    assert owner.get(f"{base}/checkout?price=starter_month_xxx").status_code == 404
    for way in ("switch?price=growth_month_eur", "portal?to=card", "payment"):
        answer = owner.get(f"{base}/{way}")
        assert answer.status_code == 422, way
        assert "There is no subscription yet" in answer.text
    assert owner.get(f"{base}/portal?to=elsewhere").status_code in (404, 422)
    assert owner.get(f"{base}/back").status_code == 303
    waiting = owner.get(f"{base}/arrival", headers={"HX-Request": "true"})
    assert waiting.status_code == 200
    assert 'hx-trigger="load delay:1s"' in waiting.text
    assert owner.get(f"{base}/arrival?tries=40", headers={"HX-Request": "true"}).status_code == 286


def test_whoever_just_paid_is_not_told_of_the_trial(
    app: Flask, bakery: Record, as_role: Any, away: None
) -> None:
    """Also where this process still remembers the merchant as it was."""
    with app.app_context(), transaction(PLATFORM):
        trials.begin(bakery.id, f"owner@{bakery.slug}.example", utcnow())
    owner, base = as_role(bakery, "owner"), f"/console/{bakery.slug}/billing"
    assert "The trial ends in" in owner.get(base).text
    assert "The trial ends in" not in owner.get(f"{base}/arrival").text
    with app.app_context(), transaction(PLATFORM):
        row = db.session.get_one(Subscription, bakery.id)
        row.stripe_status, row.paid_plan = "active", "starter"
        paid = update(Merchant).where(Merchant.id == bakery.id)
        db.session.execute(paid.values(plan="starter", billing_state="active"))
    assert "The trial ends in" not in owner.get(base).text
    assert "Thank you! Starter is yours" in owner.get(f"{base}/arrival").text


def test_a_switch_that_is_arranged_is_said_and_taken_back(
    app: Flask, bakery: Record, as_role: Any, stripe_side: Gateway, shopper: Visitor
) -> None:
    """A step down waits for the end of the period: the owner reads of it, and may stay."""
    owner, base = as_role(bakery, "owner"), f"/console/{bakery.slug}/billing"
    shopper.open(owner.get(f"{base}/checkout?price=growth_month_eur").headers["Location"])
    shopper.send(card="4242424242424242")
    assert "the plan is" not in owner.get(f"{base}/back", follow_redirects=True).text
    shopper.open(owner.get(f"{base}/portal?to=switch&price=starter_month_eur").headers["Location"])
    shopper.send()
    assert "the plan is Starter." in owner.get(f"{base}/back", follow_redirects=True).text
    other = owner.get(f"{base}/switch?price=network_month_eur").text
    assert "That is arranged already." in other
    assert "Go on to confirm" not in other
    assert owner.post(f"{base}/resumption").status_code == 303
    assert "Go on to confirm" in owner.get(f"{base}/switch?price=network_month_eur").text


def test_invoices_come_page_by_page(app: Flask, bakery: Record, florist: Record, as_role: Any) -> None:
    now = utcnow()
    with app.app_context(), transaction(PLATFORM):
        for shop in (bakery, florist):
            db.session.add_all(
                Invoice(
                    id=f"in_{shop.slug}_{number}",
                    merchant_id=shop.id,
                    number=f"{shop.name}-{number:02}",
                    status="paid",
                    currency="EUR",
                    total_minor=1900,
                    pdf_url="https://pay.example/pdf",
                    created_at=now - dt.timedelta(days=30 * number),
                )
                for number in range(14)
            )
    owner, base = as_role(bakery, "owner"), f"/console/{bakery.slug}/billing"
    first = owner.get(base).text
    assert "Bakery-00" in first
    assert "Bakery-11" in first
    assert "Bakery-12" not in first
    assert "Florist" not in first
    second = owner.get(f"{base}?before=in_{bakery.slug}_11").text
    assert "Bakery-12" in second
    assert "Bakery-11" not in second
    assert "Florist" not in owner.get(f"{base}?before=in_{florist.slug}_3").text


def test_the_owner_chooses_what_stays(app: Flask, bakery: Record, as_role: Any, away: None) -> None:
    with app.app_context(), transaction(bakery.binding):
        ids = [str(stamp_card(name=name).id) for name in ("Coffee", "Bread")]
    with app.app_context(), transaction(PLATFORM):
        db.session.execute(update(Merchant).where(Merchant.id == bakery.id).values(plan="free"))
    registry.forget(bakery.slug)
    owner, path = as_role(bakery, "owner"), f"/console/{bakery.slug}/billing/keep"
    page = owner.get(path).text
    assert "Coffee" in page
    assert "Bread" in page
    answer = owner.post(path, data={"programs": ids})
    assert answer.status_code == 422
    assert "Choose 1 at most" in answer.text
    assert owner.post(path, data={"programs": ids[1], "staff": "nonsense"}).status_code == 303
    with app.app_context():
        usage.apply_limits(str(bakery.id))
        held = {group.what: group for group in choices.groups(bakery.id)}
    assert [str(thing.id) for thing in held["programs"].things if not thing.is_frozen] == [ids[1]]
    kept = [thing for thing in held["staff"].things if not thing.is_frozen]
    assert len(kept) == 2
    assert any(thing.is_fixed for thing in kept)
    assert (
        "wait for a larger plan" in owner.get(f"/console/{bakery.slug}/staff").text.lower()
        or "Waits" in owner.get(f"/console/{bakery.slug}/staff").text
    )
