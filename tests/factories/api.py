"""The API for tests: keys, a client that shows one, and the shop that the document's examples speak of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from unittest.mock import patch
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from saas.api_keys import operations
from saas.api_keys.operations import Maker
from saas.api_keys.scopes import SCOPES
from saas.db import PLATFORM, db, new_id, transaction
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.api import example_ids
from tenants.api.operation import Operation
from tenants.api.views import OPERATIONS
from tenants.coupons import batches, editing, issuing
from tenants.engine.values import Line
from tenants.locations.models import Location
from tenants.members.models import Member
from tenants.members.rules import new_number
from tenants.products import imports
from tenants.products import operations as products
from tenants.products.models import Product, ProductImport
from tenants.programs.ledger import Actor
from tenants.programs.models import Enrolment, Entry, Program, ProgramVersion, Reward
from tenants.programs.rules import Terms
from tenants.purchases import committing
from tenants.purchases.wishes import Wish
from tenants.webhooks.models import Endpoint
from tests.factories import cast, coupons


def key_for(app: Flask, merchant: Record, scopes: Sequence[str] = SCOPES, name: str = "Till") -> str:
    """A new key's token."""
    with app.app_context(), transaction(PLATFORM):
        owner = cast.staff_of(merchant, "owner")
        assert owner.user_id is not None
        maker = Maker(owner.user_id, owner.name)
        return operations.create(merchant.id, name, scopes, maker, utcnow())[1]


def with_key(app: Flask, token: str) -> FlaskClient:
    """A client that shows the key in every request."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def till(app: Flask, merchant: Record, scopes: Sequence[str] = SCOPES) -> FlaskClient:
    return with_key(app, key_for(app, merchant, scopes))


def address(operation: Operation, ids: dict[str, Any] | None = None) -> str:
    """Where an operation's example is asked, or the same with other ids."""
    path = operation.path
    for name, value in (ids or dict(operation.example.ids)).items():
        path = path.replace(f"<uuid:{name}>", str(value))
    return f"/api/v1{path}"


def operation(endpoint: str) -> Operation:
    return next(one for one in OPERATIONS if one.endpoint == endpoint)


def example_shop(app: Flask, merchant: Record, text: str = "") -> dict[str, UUID]:
    """Rows with just the ids of the examples; with a `text` it stands in every column of words, and ids are others."""
    at = dt.datetime(2026, 10, 1, 7, tzinfo=dt.UTC)
    terms = Terms(
        headline=text or "Your 11th coffee is on us",
        required=10,
        reward_name=text or "Free coffee",
        reward_note=text or "Any size",
    ).to_mapping()
    names = [name for name in vars(example_ids) if name.isupper()]
    ids = {name: new_id() if text else UUID(getattr(example_ids, name)) for name in names}
    with app.app_context(), transaction(merchant.binding):
        old = db.session.scalars(select(Location.id)).one()
        place = {"id": ids["LOCATION"], "name": text or "Old town", "address": text or "Adrianou 12, Athens"}
        db.session.execute(update(Location).where(Location.id == old).values(**place))
        member = Member(
            id=ids["MEMBER"],
            number=new_number(),
            first_name=text or "Eleni",
            email=f"{text or 'eleni'}@mail.example",
            phone="+302101234567",
            language="el",
            birthday=dt.date(1990, 5, 4),
            tags=[text or "regular"],
            external_id=text or "till-1042",
            source="api",
            joined_at=at,
            last_seen_at=at,
        )
        db.session.add(member)
        goods = {
            "name": text or "Flat white",
            "category": text or "Coffee",
            "tags": [text or "hot"],
            "price_minor": 350,
        }
        for name, sku in (("PRODUCT", "flat-white"), ("RETIRED", "iced-tea")):
            product = products.add(f"{text}{sku}", goods, at, "api")
            changes = {"id": ids[name], "is_active": name == "PRODUCT"}
            db.session.execute(update(Product).where(Product.id == product.id).values(**changes))
        statuses = {"PROGRAM": "published", "DRAFT": "draft", "PAUSED": "paused", "ARCHIVED": "archived"}
        for name, status in statuses.items():
            number = 0 if status == "draft" else 1
            program = Program(
                id=ids[name],
                name=text or "Coffee card",
                status=status,
                draft=terms,
                version_number=number,
                created_at=at,
                updated_at=at,
            )
            db.session.add(program)
            db.session.flush()
            if number:
                db.session.add(
                    ProgramVersion(
                        program_id=program.id,
                        number=1,
                        terms=terms,
                        published_at=at,
                        published_by=text or "Owner",
                    )
                )
        db.session.flush()
        version = db.session.scalars(
            select(ProgramVersion).where(ProgramVersion.program_id == ids["PROGRAM"])
        ).one()
        db.session.add(
            Enrolment(
                id=ids["ENROLMENT"],
                program_id=ids["PROGRAM"],
                member_id=member.id,
                version_id=version.id,
                balance=4,
                last_earned_at=at,
                created_at=at,
            )
        )
        db.session.flush()
        reward = Reward(
            id=ids["REWARD"],
            enrolment_id=ids["ENROLMENT"],
            version_id=version.id,
            name=text or "Free coffee",
            issued_at=at,
        )
        db.session.add(reward)
        common = {
            "enrolment_id": ids["ENROLMENT"],
            "version_id": version.id,
            "location_id": ids["LOCATION"],
            "occurred_at": at,
            "recorded_at": at,
        }
        earned = {"kind": "earn", "cause": "api", "actor_kind": "api", "actor_name": text or "Till"}
        db.session.add(Entry(units=12, **earned, **common))
        db.session.add(
            Entry(
                kind="redeem",
                units=-10,
                cause="card_full",
                actor_kind="system",
                reward_id=reward.id,
                **common,
            )
        )
        later = {**common, "occurred_at": at + dt.timedelta(days=1)}
        db.session.add(Entry(id=ids["ENTRY"], units=2, **earned, **later))
        db.session.flush()
        _bought(merchant, ids, text)
        _offered(merchant, ids, text, at)
        endpoint = {"url": f"https://{text or 'till'}.example/hooks", "description": text or "Till"}
        kinds = ["member.joined", "reward.issued"]
        more = {
            "secret_salt": b"0123456789abcdef",
            "position": at,
            "created_by": text or "Till",
            "created_at": at,
        }
        db.session.add(Endpoint(id=ids["ENDPOINT"], event_types=kinds, **endpoint, **more))
        for name, is_active in (("CLOSED_LOCATION", False), ("STALL", True)):
            place = {"name": text or "Harbour", "address": text or "Akti Miaouli 3", "is_active": is_active}
            db.session.add(Location(id=ids[name], created_at=at, **place))
    return ids


def _offered(merchant: Record, ids: dict[str, UUID], text: str, at: dt.datetime) -> None:
    """Coupons in every state, a code with its batch, and a batch that failed."""
    terms = {"conditions": {"goods": {"categories": {"any": [text or "Pastry"]}}, "uses_per_member": 1}}
    benefit = {"kind": "percent", "percent": 20}
    for status in ("published", "draft", "paused", "archived", "personal"):
        is_personal = status == "personal"
        name = "COUPON" if status == "published" else f"{status}_COUPON".upper()
        code = "SPRING" if status == "published" else status.upper()
        more: dict[str, Any] = (
            {"valid_days": 30} if is_personal else {"code": text[2:] + code, "limits": {"total": 500}}
        )
        with patch.object(editing, "new_id", side_effect=[ids[name], new_id()]):
            coupon = coupons.drafted(
                merchant, benefit, trigger="personal" if is_personal else "code",
                name=text or "Spring pastry", at=at, **terms, **more,
            )  # fmt: skip
            if status != "draft":
                editing.publish(coupon.id, text or "Till", merchant, at)
        if status in ("paused", "archived"):
            editing.set_status(coupon.id, status, at)
    coupon = editing.found(ids["COUPON"])
    by = text or "Till"
    for name in ("BATCH", "FAILED_BATCH"):
        with patch.object(batches, "new_id", side_effect=[ids[name]]):
            batch = batches.make(coupon, 1, text or "Flyer in spring", by, merchant, at)
        batch.status, batch.finished_at = "done" if name == "BATCH" else "failed", at
    listed = f"SKU;Name;Price\n{text}mocha;{text}Mocha;3,90\n{text}tea;{text}Tea;?\n".encode()
    reading = imports.upload("menu.csv", listed, by, merchant, at)
    db.session.execute(update(ProductImport).where(ProductImport.id == reading.id).values(id=ids["IMPORT"]))
    constants = {"batch_id": ids["BATCH"]}
    own = f"{text}7KQM2HXW9FTB".upper()
    with patch.object(issuing, "new_id", side_effect=[ids["CODE"]]):
        issuing.insert_codes(coupon, issuing.version_of(coupon), [own], at, constants=constants)


def _bought(merchant: Record, ids: dict[str, UUID], text: str) -> None:
    """A purchase of the member with just that id."""
    wish = Wish(
        lines=(Line("1", 350, Decimal(2), f"{text}flat-white"),),
        member_id=ids["MEMBER"],
        names={"1": text or "Flat white"},
        location_id=ids["LOCATION"],
        receipt_number=text or "2026-004711",
        at=dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC),
    )
    till = Actor("api", None, text or "Till")
    with patch.object(committing, "new_id", side_effect=[ids["PURCHASE"], new_id()]):
        committing.commit(wish, merchant=merchant, actor=till, request_key=f"example {text}", now=utcnow())


def with_ids(value: Any, ids: dict[str, Any]) -> Any:
    """A body or query with every field that is named like an id in `ids` changed to that."""
    if isinstance(value, dict):
        return {
            name: str(ids[name]) if name in ids else with_ids(inner, ids) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [with_ids(inner, ids) for inner in value]
    return value
