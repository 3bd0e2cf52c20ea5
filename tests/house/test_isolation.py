"""Two merchants, every route and method, zero foreign rows: generated from the app's own table of addresses.

A new parameter without an entry in FOREIGN fails. The florist is the stranger: its text columns hold two canary words,
one in what its public pages show, one in what only its own staff and members may see.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import sql
from sqlalchemy import select, update
from werkzeug.routing import Rule

from saas.accounts.models import Invitation, Staff, UserSession
from saas.api_keys.models import ApiKey
from saas.api_keys.scopes import SCOPES
from saas.billing.models import BillingEvent
from saas.db import PLATFORM, db, transaction
from saas.db.migrations import connect
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.web.access import access_of
from saas.web.clock import utcnow
from saas.web.tokens import token_hash
from tenants.api.views import OPERATIONS
from tenants.counter import codes
from tenants.coupons import batches, issuing
from tenants.coupons.models import CouponCode
from tenants.engine.values import Line
from tenants.locations.models import Image, Location
from tenants.members import operations as members
from tenants.members import tagging
from tenants.members.models import Member
from tenants.previews import operations as previews
from tenants.products import imports as products
from tenants.programs.ledger import Actor
from tenants.programs.models import Entry, Reward
from tenants.purchases import committing
from tenants.purchases.models import PurchaseImport
from tenants.purchases.wishes import Wish
from tenants.segments import operations as segments
from tenants.segments.rules import Terms
from tests.factories import api, cast, coupons, webhooks
from tests.factories.ledger import member, stamp, stamp_card
from tests.factories.products import product

SECRET, SHOWN = "zzsecretcanary", "zzshowncanary"
ROLES = ("owner", "manager", "cashier", "member", "till", "nobody")


@dataclass
class Stranger:
    """The florist with one row of everything: a parameter's name → the florist's value."""

    merchant: Record
    values: dict[str, Any]
    member_token: str


def furnish(app: Flask, merchant: Record) -> Stranger:
    now = utcnow()
    with app.app_context(), transaction(PLATFORM):
        db.session.execute(update(Merchant).where(Merchant.id == merchant.id).values(name=SHOWN))
        db.session.execute(update(Staff).where(Staff.merchant_id == merchant.id).values(name=SECRET))
        owner = cast.staff_of(merchant, "cashier")
        invitation = Invitation(
            merchant_id=merchant.id,
            email=f"{SECRET}@example.org",
            name=SECRET,
            role="cashier",
            token_hash=token_hash(uuid.uuid4().hex),
            invited_by=owner.user_id,
            created_at=now,
            expires_at=now.replace(year=now.year + 1),
        )
        session = UserSession(
            user_id=owner.user_id,
            token_hash=token_hash(uuid.uuid4().hex),
            user_agent=SECRET,
            created_at=now,
            last_used_at=now,
            expires_at=now.replace(year=now.year + 1),
        )
        told = BillingEvent(
            id=f"evt_{merchant.slug}",
            type="invoice.paid",
            merchant_id=merchant.id,
            payload={"note": SECRET},
            created_at=now,
            received_at=now,
            error=SECRET,
            attempts=1,
        )
        db.session.add_all([invitation, session, told])
        db.session.flush()
        key = ApiKey(
            merchant_id=merchant.id,
            name=SECRET,
            scopes=list(SCOPES),
            token_hash=token_hash(uuid.uuid4().hex),
            last_four="zzzz",
            created_by=owner.user_id,
            created_by_name=SECRET,
            created_at=now,
        )
        db.session.add(key)
        db.session.flush()
        values: dict[str, Any] = {
            "key_id": key.id,
            "staff_id": owner.id,
            "invitation_id": invitation.id,
            "session_id": session.id,
        }
    with app.app_context(), transaction(merchant.binding):
        db.session.scalars(select(Location)).one().name = SHOWN
        program = stamp_card(2, name=SHOWN, reward_note=SHOWN)
        person = member(SECRET, email=f"{SECRET}@example.org", phone="+46701234567")
        stamp(person.id, program.id, 3)
        entry = db.session.scalars(select(Entry).where(Entry.kind == "earn")).one()
        reward = db.session.scalars(select(Reward)).one()
        reading = PurchaseImport(
            filename=f"{SECRET}.csv", content=SECRET.encode(), created_by=SECRET, created_at=now
        )
        db.session.add_all(
            [reading, Image(purpose="logo", version="1", content=SECRET.encode(), created_at=now)]
        )
        db.session.flush()
        code = codes.issue_stamp(1, program.id, None, None, SECRET, now)
        reward_code = codes.issue_reward(reward.id, now)
        token = members.sign_in(person.id, now)
        endpoint = webhooks.endpoint(f"https://{SECRET}.example/", now, description=SECRET)
        delivery = webhooks.delivery(endpoint, "member.joined", {"status": SECRET}, now)
        sold = product(SECRET, name=SECRET, category=SECRET, tags=[SECRET], is_excluded_from_earning=True)
        listed = products.upload(
            f"{SECRET}.csv", f"sku;name\n{SECRET};{SECRET}\n".encode(), SECRET, merchant, now
        )
        offer = coupons.published(merchant, name=SECRET, code=SECRET, trigger="code")
        batch = batches.make(offer, 1, SECRET, SECRET, merchant, now)
        batches._make_some(batch, offer, now)
        gift = coupons.published(merchant, name=SECRET, trigger="personal")
        issuing.give(gift, person.id, now)
        wish = Wish(lines=(Line("1", 100),), member_id=person.id, names={"1": SECRET}, receipt_number=SECRET)
        till = Actor("api", None, SECRET)
        bought = committing.commit(wish, merchant=merchant, actor=till, request_key=uuid.uuid4().hex, now=now)
        tried = previews.begin(program.id, merchant, SECRET, now)
        tagging.add(person, SECRET, now)
        segment = segments.keep(SECRET, Terms(tags=frozenset([SECRET])), SECRET, now)
        values |= {
            "preview_id": tried.id,
            "segment_id": segment.id,
            "purchase_id": bought.purchase_id,
            "coupon_id": offer.id,
            "code_id": db.session.scalars(select(CouponCode.id).where(CouponCode.batch_id == batch.id)).one(),
            "batch_id": batch.id,
            "product_id": sold.id,
            "upload_id": listed.id,
            "endpoint_id": endpoint.id,
            "delivery_id": delivery.id,
            "member_id": person.id,
            "program_id": program.id,
            "entry_id": entry.id,
            "reward_id": reward.id,
            "enrolment_id": entry.enrolment_id,
            "import_id": reading.id,
            "location_id": db.session.scalars(select(Location.id)).one(),
            "number": person.number,
            "token": members.new_recovery(person.id, now),
            "digits": code.digits,
            "code": code.token,
            "reward_code": reward_code.token,
            "kind": "svg",
            "event_id": f"evt_{merchant.slug}",
            "merchant_id": merchant.id,
            "job_id": 1,
        }
    return Stranger(merchant, values, token)


def body(stranger: Stranger) -> dict[str, Any]:
    """A form that names the florist's rows wherever a form could name a row."""
    values = {name: str(value) for name, value in stranger.values.items()}
    return {
        **values,
        "q": SECRET[:8],
        "units": "1",
        "member": values["member_id"],
        "product": values["product_id"],
        "act": "archive",
        "program": values["program_id"],
        "location": values["location_id"],
        "staff": values["staff_id"],
        "pin": "1234",
        "request_key": uuid.uuid4().hex,
        "next": "//evil.example/",
        "first_name": "Probe",
        "language": "en",
    }


@dataclass
class Scene:
    app: Flask
    control: Any
    own: Record
    stranger: Stranger

    @cached_property
    def till(self) -> FlaskClient:
        """A till that shows a key of one's own shop, with every scope."""
        return api.till(self.app, self.own)

    def client(self, role: str) -> FlaskClient:
        if role in cast.ROLES:
            return cast.logged_in(self.app, self.own, role)
        if role == "till":
            return self.till
        client = self.app.test_client()
        if role == "member":
            with self.app.app_context(), transaction(self.own.binding):
                person = db.session.scalars(select(Member).limit(1)).one()
                token = members.sign_in(person.id, utcnow())
            client.set_cookie(f"card-{self.own.slug}", token, path=f"/c/{self.own.slug}")
        return client

    def snapshot(self) -> dict[str, str]:
        """A sum of every table of the florist's schema, and of its rows in the platform's."""
        merchant = self.stranger.merchant
        found = {}
        with connect(self.control) as connection:
            tables = [
                str(row[0])
                for row in connection.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname = %s", [merchant.schema_name]
                )
            ]
            for table in tables:
                query = sql.SQL("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t").format(
                    sql.Identifier(merchant.schema_name, table)
                )
                found[table] = str(connection.execute(query).fetchone())
            for table, column in (
                ("staff", "merchant_id"),
                ("invitation", "merchant_id"),
                ("api_key", "merchant_id"),
                ("merchant", "id"),
            ):
                query = sql.SQL(
                    "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t WHERE {} = %s"
                ).format(sql.Identifier("platform", table), sql.Identifier(column))
                found[f"platform.{table}"] = str(connection.execute(query, [merchant.id]).fetchone())
        return found


@pytest.fixture
def scene(app: Flask, control_url: Any, bakery: Record, florist: Record) -> Scene:
    stranger = furnish(app, florist)
    with app.app_context(), transaction(bakery.binding):
        stamp_card()
        member()
    return Scene(app, control_url, bakery, stranger)


def requests(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def address(app: Flask, rule: Rule, slug: str, values: dict[str, Any]) -> str:
    arguments = {}
    for name in rule.arguments:
        if name == "merchant":
            arguments[name] = slug
        else:
            assert name in values, f"{rule}: say in furnish() what {name!r} is for a stranger"
            arguments[name] = values[name]
    with app.test_request_context():
        return app.url_map.bind("localhost").build(rule.endpoint, arguments)


def everything(answer: Any) -> str:
    return f"{answer.headers}\n{answer.get_data(as_text=False)!r}".lower()


@pytest.mark.parametrize("role", ROLES)
def test_no_route_shows_or_changes_a_foreign_row(scene: Scene, role: str) -> None:
    """In one's own shop's addresses, with the ids of another shop's rows in address and form."""
    before = scene.snapshot()
    for rule, method in requests(scene.app):
        url = address(scene.app, rule, scene.own.slug, scene.stranger.values)
        if rule.endpoint in ("invitations.accept", "invitations.join"):
            continue  # a token is whoever holds it; tests/saas/accounts tells whose
        if rule.endpoint == "billing_webhooks.receive":
            continue  # without a secret it takes nothing from anybody (503); tests/saas/billing tells the rest
        client = scene.client(role)
        answer = client.open(url, method=method, data=body(scene.stranger) if method == "POST" else None)
        label = f"{role} {method} {url} → {answer.status_code}"
        assert answer.status_code < 500, label
        text = everything(answer)
        assert SECRET not in text.replace(f"q={SECRET[:8]}", ""), label
        assert SHOWN not in text, label
        assert "evil.example" not in answer.headers.get("Location", ""), label
    assert scene.snapshot() == before


@pytest.mark.parametrize("role", ROLES)
def test_no_right_at_one_shop_opens_another(scene: Scene, role: str) -> None:
    """In the other shop's addresses: staff pages are not there, public ones show what everybody may see."""
    before = scene.snapshot()
    for rule, method in requests(scene.app):
        if "merchant" not in rule.arguments:
            continue
        access = access_of(scene.app.view_functions[rule.endpoint])
        assert access is not None
        values = (
            {**scene.stranger.values, "token": uuid.uuid4().hex}
            if access.who == "visitor"
            else scene.stranger.values
        )
        if access.who == "visitor" and method == "POST" and rule.endpoint == "card.join":
            continue  # whoever joins becomes a member
        url = address(scene.app, rule, scene.stranger.merchant.slug, values)
        answer = scene.client(role).open(
            url, method=method, data=body(scene.stranger) if method == "POST" else None
        )
        label = f"{role} {method} {url} → {answer.status_code}"
        assert SECRET not in everything(answer) or rule.endpoint == "card.logo", label
        if access.who == "staff":
            assert answer.status_code == (404 if role in cast.ROLES else 303), label
            assert SHOWN not in everything(answer), label
        assert answer.status_code < 500, label
    after = scene.snapshot()
    changed = {table for table in before if before[table] != after[table]}
    assert changed == set(), changed


def test_a_missing_and_a_foreign_row_look_alike(scene: Scene) -> None:
    """The same status and the same body, but for the form's own token."""
    client = cast.logged_in(scene.app, scene.own, "owner")
    looked = 0
    for rule, method in requests(scene.app):
        names = rule.arguments & {
            "member_id",
            "program_id",
            "entry_id",
            "reward_id",
            "import_id",
            "location_id",
            "endpoint_id",
            "product_id",
            "purchase_id",
            "upload_id",
        }
        if method != "GET" or not names or not rule.rule.startswith(("/console", "/counter")):
            continue
        foreign = client.get(address(scene.app, rule, scene.own.slug, scene.stranger.values))
        missing = client.get(
            address(
                scene.app,
                rule,
                scene.own.slug,
                {**scene.stranger.values, **dict.fromkeys(names, uuid.uuid4())},
            )
        )
        assert foreign.status_code == missing.status_code == 404, rule
        looked += 1
    assert looked >= 5


def test_a_till_reaches_no_foreign_row_by_what_it_sends(scene: Scene) -> None:
    """Each operation of the API with the body of its example, every id in it and in the address a stranger's."""
    before, asked = scene.snapshot(), 0
    theirs = {name: value for name, value in scene.stranger.values.items() if name.endswith("_id")}
    for operation in OPERATIONS:
        ids = {name: theirs[name] for name in operation.example.ids}
        sent = api.with_ids(operation.example.body, theirs)
        query = api.with_ids(dict(operation.example.query), theirs)
        answer = scene.till.open(
            api.address(operation, ids), method=operation.method, json=sent, query_string=query
        )
        label = f"{operation.endpoint} → {answer.status_code} {answer.text}"
        if ids:
            assert answer.status_code == 404, label
        elif sent != operation.example.body:
            assert answer.status_code == 422, label
        else:
            assert answer.status_code == operation.status, label
        assert SECRET not in everything(answer), label
        assert SHOWN not in everything(answer), label
        asked += 1
    assert asked >= 20
    assert scene.snapshot() == before


def test_the_api_says_the_same_of_a_missing_and_a_foreign_row(scene: Scene) -> None:
    for operation in OPERATIONS:
        if not operation.example.ids:
            continue
        ids = {name: scene.stranger.values[name] for name in operation.example.ids}
        none = {name: uuid.uuid4() for name in ids}
        foreign, missing = (
            scene.till.open(
                api.address(operation, found), method=operation.method, json=operation.example.body
            ).json
            for found in (ids, none)
        )
        assert foreign is not None
        assert missing is not None
        assert {**foreign, "request_id": ""} == {**missing, "request_id": ""}, operation.endpoint
