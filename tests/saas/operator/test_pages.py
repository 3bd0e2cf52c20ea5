"""The operators' pages: what they show, what is done on them, and what an operator can't do in a merchant's console."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from sqlalchemy import delete, select, update

from saas.billing.models import BillingEvent, Invoice, Subscription, UsageDay
from saas.db import PLATFORM, db, transaction
from saas.db.migrations import connect
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.operator import audit, failed_jobs, merchants
from saas.operator.models import OperatorVisit
from saas.web.access import LOOKING
from saas.web.clock import utcnow
from saas.web.jobs import defer
from tenants.counter.models import OneTimeCode
from tenants.coupons.models import CouponCode
from tenants.coupons.rules import shown
from tenants.webhooks import signing
from tenants.webhooks.models import Endpoint
from tests.factories import api, cast, operators
from tests.factories.filled import fill

WHY = "They asked why a stamp is missing"


@pytest.fixture
def console(app):
    return operators.logged_in(app)


def platform(app, *rows):
    with app.app_context(), transaction(PLATFORM):
        db.session.add_all(rows)


def event(merchant, number=1, **values):
    base = {
        "id": f"evt_{merchant.slug}_{number}",
        "type": "invoice.paid",
        "object_id": f"in_{number}",
        "customer_id": f"cus_{merchant.slug}",
        "merchant_id": merchant.id,
        "payload": {"type": "invoice.paid", "note": "<script>alert(1)</script>"},
        "created_at": utcnow(),
        "received_at": utcnow(),
        "state": "done",
        "attempts": 1,
    }
    return BillingEvent(**{**base, **values})


def failed_job(app, control_url, merchant) -> int:
    """A job of the merchant's that the queue gave up on."""
    with app.app_context(), transaction(PLATFORM):
        defer("units.keep", slug=merchant.slug, secret="zz-never-shown")
    with connect(control_url) as connection:
        connection.execute("SET search_path = platform")
        row = connection.execute(
            "UPDATE platform.procrastinate_jobs SET status = 'failed' WHERE args ->> 'slug' = %s RETURNING id",
            [merchant.slug],
        ).fetchone()
    return row[0]


def waiting(control_url, task) -> list[dict]:
    with connect(control_url) as connection:
        found = connection.execute(
            "SELECT args FROM platform.procrastinate_jobs WHERE task_name = %s AND status = 'todo'", [task]
        )
        return [row[0] for row in found]


def actions(app, merchant) -> list[tuple[str, str]]:
    with app.app_context(), transaction(PLATFORM):
        return [(action.action, action.reason) for action in reversed(audit.of_merchant(merchant.id))]


def test_every_page_answers_full_and_empty(app, console, bakery, control_url):
    now = utcnow()
    paths = ("", "/events", "/jobs", "/revenue", "/revenue/print", "/actions", f"/merchants/{bakery.id}")
    for path in (*paths, "?q=nobody+at+all", "/events?q=zz&state=failed", "/jobs?q=zz", "/revenue?months=24"):
        assert console.get(f"/operator{path}").status_code == 200, path
    with app.app_context(), transaction(PLATFORM):
        db.session.execute(delete(Subscription).where(Subscription.merchant_id == bakery.id))
        db.session.execute(
            update(Merchant).where(Merchant.id == bakery.id).values(plan="starter", billing_state="active")
        )
    invoice = f"in_{bakery.slug}"
    platform(
        app,
        event(bakery, state="failed", error="no such price"),
        Subscription(
            merchant_id=bakery.id,
            plan="starter",
            paid_plan="starter",
            state="active",
            currency="EUR",
            interval="month",
            amount_minor=1900,
            stripe_subscription_id=f"sub_{bakery.slug}",
            started_at=now - dt.timedelta(days=40),
            notice="price_1 is none of ours",
            changed_at=now,
        ),
        Invoice(
            id=invoice,
            merchant_id=bakery.id,
            number="REG-0001",
            status="paid",
            currency="EUR",
            total_minor=123400,
            paid_minor=123400,
            refunded_minor=3400,
            created_at=now,
            paid_at=now,
        ),
        UsageDay(
            merchant_id=bakery.id, day=now.date() - dt.timedelta(days=1), active_members=700, counted_at=now
        ),
        UsageDay(merchant_id=bakery.id, day=now.date(), active_members=1234, counted_at=now),
    )
    failed_job(app, control_url, bakery)
    for path in paths:
        page = console.get(f"/operator{path}").text
        assert "zz-never-shown" not in page, path
        assert "<script>alert" not in page, path
    shown = console.get(f"/operator?q={bakery.slug}&failing=1").text
    assert "price_1 is none of ours" in shown
    assert "1,234 / 1,000" in shown
    assert "Starter" in shown
    page = console.get(f"/operator/merchants/{bakery.id}").text
    for words in (
        "REG-0001",
        "€1,234.00",
        "€34.00",
        "€19.00",
        "invoice.paid",
        "units.keep",
        "Owner of Bakery",
    ):
        assert words in page, words
    assert "€1,200.00" in console.get("/operator/revenue").text
    said = console.get(f"/operator/events/evt_{bakery.slug}_1").text
    assert "no such price" in said
    assert "&lt;script&gt;" in said
    assert console.get("/operator/events/evt_none").status_code == 404
    assert console.get(f"/operator/merchants/{uuid.uuid4()}").status_code == 404


def test_lists_go_on_where_they_ended(app, bakery, florist, monkeypatch):
    monkeypatch.setattr(merchants, "PAGE", 1)
    with app.app_context(), transaction(PLATFORM):
        wish = merchants.Wish.of("", "", "", "")
        seen, before = [], None
        for _ in range(2):
            lines, before = merchants.page(wish, before)
            seen += [line.merchant.id for line in lines]
        assert seen == [florist.id, bakery.id]
        assert merchants.total(wish) >= 2
        by_mail = merchants.Wish.of(f"OWNER@{florist.slug}.example", "", "", "")
        assert [line.merchant.id for line in merchants.page(by_mail, None)[0]] == [florist.id]
        none = merchants.Wish.of(bakery.slug, "starter", "", "")
        assert merchants.page(none, None) == ([], None)
    console = operators.logged_in(app)
    monkeypatch.setattr("saas.operator.events.PAGE", 2)
    same = utcnow()
    platform(app, *(event(bakery, number, received_at=same) for number in range(1, 6)))
    address, ids = f"/operator/events?merchant={bakery.slug}", []
    while address:
        page = console.get(address).text
        ids += re.findall(r'href="/operator/events/(evt_[^"]+)"', page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older[1].replace("&amp;", "&") if older else None
    assert ids == [f"evt_{bakery.slug}_{number}" for number in (5, 4, 3, 2, 1)]
    assert console.get("/operator/events?before=nonsense").status_code == 200


def test_an_event_is_processed_again(app, console, bakery, control_url):
    platform(app, event(bakery, state="failed"))
    id_ = f"evt_{bakery.slug}_1"
    assert console.post(f"/operator/events/{id_}/processing").status_code == 303
    assert [args for args in waiting(control_url, "billing.process_event") if args["event_id"] == id_]
    assert actions(app, bakery) == [("event_processed", "")]


def test_a_failed_job_is_tried_again_once(app, console, bakery, control_url):
    job = failed_job(app, control_url, bakery)
    assert f"/operator/jobs/{job}/retry" in console.get(f"/operator/jobs?merchant={bakery.slug}").text
    for _ in range(2):
        assert console.post(f"/operator/jobs/{job}/retry", data={"next": "//evil.example"}).status_code == 303
    assert len([args for args in waiting(control_url, "units.keep") if args.get("slug") == bakery.slug]) == 1
    assert actions(app, bakery) == [("job_retried", "")]
    with app.app_context(), transaction(PLATFORM):
        assert bakery.slug not in failed_jobs.counts()


def test_suspended_and_restored(app, console, bakery, as_role):
    owner, till = as_role(bakery, "owner"), api.till(app, bakery)
    there = f"/operator/merchants/{bakery.id}"
    assert console.post(f"{there}/suspension", data={"suspend-reason": " "}).status_code == 422
    assert console.post(f"{there}/suspension", data={"suspend-reason": WHY}).status_code == 303
    registry.forget_all()
    assert app.test_client().get(f"/c/{bakery.slug}").status_code == 410
    assert till.get("/api/v1/members").status_code == 401
    for path in ("/", "/members", "/settings", "/members/export.csv"):
        answer = owner.get(f"/console/{bakery.slug}{path}")
        assert answer.status_code == 200, path
        assert WHY in answer.text or path == "/members/export.csv", path
    for path in (f"/console/{bakery.slug}/settings", f"/console/{bakery.slug}/members/new"):
        answer = owner.post(path)
        assert answer.status_code == 410, path
        assert WHY in answer.text
    assert owner.get(f"/counter/{bakery.slug}").status_code == 410
    assert WHY in owner.get(f"/console/{bakery.slug}/settings/visits").text
    assert console.post(f"{there}/suspension", data={"suspend-reason": WHY}).status_code == 422
    assert console.post(f"{there}/restoration").status_code == 303
    assert console.post(f"{there}/restoration").status_code == 422
    registry.forget_all()
    assert app.test_client().get(f"/c/{bakery.slug}").status_code == 200
    assert WHY not in owner.get(f"/console/{bakery.slug}/settings").text
    assert actions(app, bakery) == [("suspended", WHY), ("restored", "")]


def test_a_trial_is_extended_unless_they_pay(app, console, bakery):
    there = f"/operator/merchants/{bakery.id}/trial"
    for days in ("0", "91", "x"):
        assert console.post(there, data={"trial-days": days, "trial-reason": WHY}).status_code == 422
    assert console.post(there, data={"trial-days": "7", "trial-reason": WHY}).status_code == 303
    with app.app_context(), transaction(PLATFORM):
        row = db.session.get_one(Subscription, bakery.id)
        left = row.trial_ends_at - utcnow()
        assert row.state == "trial"
        assert dt.timedelta(days=6, hours=23) < left < dt.timedelta(days=22)
        assert db.session.get_one(Merchant, bakery.id).billing_state == "trial"
        row.stripe_status, row.paid_plan = "active", "starter"
    answer = console.post(there, data={"trial-days": "7", "trial-reason": WHY})
    assert answer.status_code == 422
    assert actions(app, bakery) == [("trial_extended", WHY)]


@pytest.fixture
def visiting(app, console, bakery):
    """The operator's browser, inside the bakery's console."""
    there = f"/operator/merchants/{bakery.id}/visits"
    assert console.post(there, data={"visit-reason": ""}).status_code == 422
    answer = console.post(there, data={"visit-reason": WHY})
    assert answer.headers["Location"] == f"/console/{bakery.slug}/"
    return console


def test_a_visit_sees_and_the_owner_is_told(app, visiting, bakery, florist, control_url, as_role):
    console = visiting
    for path in (
        "/",
        "/members",
        "/programs",
        "/settings",
        "/staff",
        "/settings/api-keys",
        "/settings/webhooks",
    ):
        answer = console.get(f"/console/{bakery.slug}{path}")
        assert answer.status_code == 200, path
        assert WHY in answer.text, path
        assert "/account/sessions" not in answer.text
    for path in (f"/console/{florist.slug}/", f"/counter/{bakery.slug}", "/shops", "/account"):
        assert console.get(path).status_code in (303, 404), path
    assert (
        operators.logged_in(app).get(f"/console/{bakery.slug}/").status_code == 303
    )  # a visit is of one browser
    own = f"/console/{bakery.slug}/settings/visits"  # other tests' visits wait to be told too
    told = [mail for mail in waiting(control_url, "mail.send") if own in mail["body"]]
    assert [mail["recipient"] for mail in told] == [f"owner@{bakery.slug}.example"]
    assert WHY in told[0]["body"]
    assert WHY in as_role(bakery, "owner").get(f"/console/{bakery.slug}/settings/visits").text
    assert console.post("/operator/visits/end").status_code == 303
    assert console.get(f"/console/{bakery.slug}/").status_code == 303
    assert actions(app, bakery) == [("visit_began", WHY), ("visit_ended", "")]
    with app.app_context(), transaction(PLATFORM):
        cast.staff_of(bakery, "owner").removed_at = utcnow()
    console.post(f"/operator/merchants/{bakery.id}/visits", data={"visit-reason": "Looked at once more"})
    assert actions(app, bakery)[-1] == ("visit_began", "Looked at once more")
    assert "Looked at once more" not in str(waiting(control_url, "mail.send"))  # who left isn't told


def test_a_visit_is_over_after_half_an_hour_and_with_the_session(app, visiting, bakery):
    console = visiting
    with app.app_context(), transaction(PLATFORM):
        db.session.execute(
            update(OperatorVisit)
            .where(OperatorVisit.merchant_id == bakery.id)
            .values(began_at=utcnow() - dt.timedelta(minutes=31), ends_at=utcnow() - dt.timedelta(minutes=1))
        )
    assert console.get(f"/console/{bakery.slug}/").status_code == 303
    console.post(f"/operator/merchants/{bakery.id}/visits", data={"visit-reason": WHY})
    assert console.get(f"/console/{bakery.slug}/").status_code == 200
    token = console.get_cookie("operator").value
    console.post("/operator/log-out")
    console.set_cookie("operator", token)
    assert console.get(f"/console/{bakery.slug}/").status_code == 303
    with app.app_context(), transaction(PLATFORM):
        open_ = select(OperatorVisit.id).where(
            OperatorVisit.merchant_id == bakery.id, OperatorVisit.ended_at.is_(None)
        )
        assert not db.session.scalars(open_).all()


def sums(control_url, merchant) -> dict[str, object]:
    """A sum of every table of the merchant's schema."""
    with connect(control_url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", [merchant.schema_name]
        )
        return {
            name: connection.execute(
                f'SELECT md5(string_agg(t::text, \'|\' ORDER BY t::text)) FROM "{merchant.schema_name}"."{name}" t'
            ).fetchone()
            for (name,) in tables.fetchall()
        }


def test_a_visit_changes_nothing_by_any_address(app, visiting, bakery, control_url):
    """Every address of a merchant's staff: nothing but pages and pictures by GET, and no row is another afterwards."""
    console = visiting
    filled = fill(app, bakery)
    values, secrets = visit_values(filled), worth_something(app, filled)
    before, refused, seen = sums(control_url, bakery), 0, 0
    for rule in app.url_map.iter_rules():
        access = app.view_functions[rule.endpoint].access
        if access.who != "staff":
            continue
        with app.test_request_context():
            arguments = {name: values.get(name, missing(rule, name)) for name in rule.arguments}
            url = app.url_map.bind("localhost").build(rule.endpoint, arguments)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = console.open(url, method=method, data={"next": "/", "pin": "1234"})
            label = f"{method} {url} → {answer.status_code}"
            assert answer.status_code < 500, label
            if method not in LOOKING:
                assert answer.status_code in ((403,) if url.startswith("/console/") else (303,)), label
                refused += 1
            elif answer.status_code == 200:
                assert answer.mimetype.startswith(("text/html", "image/")), label
                assert "attachment" not in answer.headers.get("Content-Disposition", ""), label
                assert not access.shows_secrets, label
                told = {what for what, words in secrets.items() if any(word in answer.text for word in words)}
                assert not told, f"{label} shows {told}"
                seen += 1
    assert refused >= 60
    assert seen >= 25
    assert sums(control_url, bakery) == before


def worth_something(app, filled):
    """What is worth money or opens a door: by kind, every word of it that the shop has."""
    service_key = app.extensions["regulars"].settings.secret_key
    with app.app_context(), transaction(filled.merchant.binding):
        found = {
            "coupon codes": db.session.scalars(select(CouponCode.code)).all(),
            "codes of the counter": db.session.scalars(select(OneTimeCode.token)).all(),
            "secrets of webhooks": [
                signing.secret_of(service_key, endpoint.id, endpoint.secret_salt)
                for endpoint in db.session.scalars(select(Endpoint))
            ],
        }
    found["members' sessions"] = list(filled.cards.values())
    found["links in mails"] = [filled.recovery, *filled.tokens.values()]
    assert all(words and all(len(word) >= 8 for word in words) for words in found.values()), found
    return {what: {*words, *map(shown, words)} for what, words in found.items()}


def missing(rule, name):
    """A value that belongs to no row, for a part of an address."""
    kind = type(rule._converters.get(name)).__name__
    return {"UUIDConverter": uuid.UUID(int=0), "IntegerConverter": 1, "AnyConverter": "svg"}.get(kind, "xxx")


def visit_values(filled):
    return {
        "merchant": filled.merchant.slug,
        "member_id": filled.members["ready"],
        "program_id": filled.program_id,
        "coupon_id": filled.coupons["coupon"],
        "batch_id": filled.coupons["batch"],
        "endpoint_id": filled.webhooks["endpoint"],
        "delivery_id": filled.webhooks["delivery"],
        "product_id": filled.products["product"],
        "upload_id": filled.products["report"],
        "import_id": filled.import_id,
        "location_id": filled.location_id,
        "staff_id": filled.staff_id,
        "purchase_id": filled.purchase_id,
        "entry_id": filled.entry_id,
        "reward_id": filled.reward_id,
        "preview_id": filled.previews["done"],
        "segment_id": filled.segment_id,
        "code_id": filled.coupons["code"],
    }


def test_the_database_itself_refuses_a_visit_that_writes(app, visiting, bakery, monkeypatch):
    """Were a page to write while it is looked at, PostgreSQL would say no: a GET that writes, on purpose."""
    console = visiting
    from tenants.directory import queries

    real = queries.counts

    def writes(since):
        from tenants.locations.models import Location

        db.session.execute(update(Location).values(name="changed"))
        return real(since)

    monkeypatch.setattr(queries, "counts", writes)
    answer = console.get(f"/console/{bakery.slug}/members")
    assert answer.status_code == 403
    assert "does more than look" in answer.text
    assert cast.logged_in(app, bakery, "owner").get(f"/console/{bakery.slug}/members").status_code == 200
