"""A shop with a bit of everything: a running card and a draft, members at every stage, staff, imports."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from saas.accounts import links, roster
from saas.accounts.models import Invitation
from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.tokens import new_token, token_hash
from tenants.counter import codes
from tenants.engine.mapping import to_mapping
from tenants.locations.queries import default_location
from tenants.members import operations as members
from tenants.members import tagging
from tenants.previews import operations as previews
from tenants.previews import runs
from tenants.programs import kind_offers, operations
from tenants.programs.enrolments import enrol
from tenants.programs.ledger import fulfil
from tenants.programs.models import Enrolment, Reward
from tenants.purchases import operations as imports
from tenants.purchases.tasks import import_file
from tenants.segments import operations as segments
from tenants.segments.rules import Terms
from tests.factories import api, cast, coupons, ledger, products, programs, purchases, webhooks

REGULARS = (
    "Eleni", "Konstantinos", "Maria", "Giorgos", "Alexandra", "Dimitris", "Sofia", "Ingrid", "João", "Amélie",
    "Bartholomew", "Aikaterini",
)  # fmt: skip
STAGES = {"fresh": 0, "half": 5, "almost": 9, "ready": 12}
NAMES = {"fresh": "Nikos", "half": "Anna", "almost": "Petros", "ready": "Eleni"}
SALES = "date,email,amount,receipt\n" + "".join(
    f"2026-0{1 + n % 6}-1{n % 10},guest{n % 4}@example.com,{3 + n % 9}.50,{1000 + n}\n" for n in range(24)
)


@dataclass(frozen=True)
class Filled:
    """The shop, and what the addresses of its pages need."""

    merchant: Record
    program_id: uuid.UUID
    draft_id: uuid.UUID
    members: dict[str, uuid.UUID]
    cards: dict[str, str]
    reward_id: uuid.UUID
    entry_id: uuid.UUID
    location_id: uuid.UUID
    purchase_id: uuid.UUID
    staff_id: uuid.UUID
    import_id: uuid.UUID
    upload_id: uuid.UUID
    number: str
    code: str
    recovery: str
    tokens: dict[str, str]
    webhooks: dict[str, uuid.UUID]
    products: dict[str, uuid.UUID]
    coupons: dict[str, uuid.UUID]
    previews: dict[str, uuid.UUID]
    segment_id: uuid.UUID


def fill(app: Flask, merchant: Record) -> Filled:
    """Fill an opened shop by the operations themselves; takes no open transaction."""
    api.key_for(app, merchant, name="Till at the counter")
    with app.app_context():
        return _fill(merchant)


def _fill(merchant: Record) -> Filled:
    now, chance = utcnow(), random.Random(1)
    with transaction(merchant.binding):
        program = programs.published_program(
            10, name="Coffee card", icon="coffee", reward_note="Any size, any milk"
        )
        draft = programs.draft_program(6, name="Summer ice-cream", icon="ice-cream", reward_name="Free cone")
        for name in REGULARS:
            _regular(name, program.id, chance, now)
        ids, tokens = {}, {}
        for stage, stamps in STAGES.items():
            member_id = _joined(NAMES[stage], now - dt.timedelta(days=30))
            for number in range(stamps):
                at = now - dt.timedelta(days=2 * (stamps - number), minutes=7)
                ledger.stamp(member_id, program.id, at=at)
            ids[stage], tokens[stage] = member_id, members.sign_in(member_id, now)
        last = ledger.stamp(ids["half"], program.id, at=now)
        reward = db.session.scalars(
            select(Reward)
            .join(Enrolment)
            .where(Enrolment.member_id == ids["ready"], Reward.status == "issued")
        ).first()
        location = default_location()
        assert reward is not None
        assert location is not None
        code = codes.issue_stamp(1, program.id, location.id, None, "Casey", now)
        code.expires_at = now + dt.timedelta(days=1)
        recovery = members.new_recovery(ids["half"], now)
        upload = imports.upload("till-july.csv", SALES.encode(), "Owner", merchant, now)
        hooks = webhooks.filled(now)
        goods = products.filled(merchant, now)
        offers = coupons.filled(merchant, now, ids["ready"])
        bought = _purchase(merchant)
        kept = _segment(ids["ready"], now)
        number = db.session.get_one(members.Member, ids["half"]).number
        filled_ids = (program.id, draft.id, reward.id, last.entry_id, location.id, code.token, upload.id)
    report_id = _import(merchant)
    tried = _previews(merchant, filled_ids[0], filled_ids[1], now)
    with transaction(PLATFORM):
        staff = roster.add_cashier(merchant.id, "Konstantina Papadopoulou", "4711", now)
        owner = cast.staff_of(merchant, "owner")
        mailed = {"invitation": _invitation(merchant, owner.user_id, now)}
        for purpose in links.LIFETIME:
            assert owner.user_id is not None
            mailed[purpose] = links.issue(owner.user_id, purpose, now)
        staff_id = staff.id
    registry.forget_all()
    program_id, draft_id, reward_id, entry_id, location_id, token, upload_id = filled_ids
    return Filled(
        merchant, program_id, draft_id, ids, tokens, reward_id, entry_id, location_id, bought, staff_id, report_id,
        upload_id, number, token, recovery, mailed, hooks, goods, offers, tried, kept,
    )  # fmt: skip


def _previews(
    merchant: Record, program_id: uuid.UUID, draft_id: uuid.UUID, now: dt.datetime
) -> dict[str, uuid.UUID]:
    """A draft played on the past, one that still runs, and programs of other kinds beside them."""
    with transaction(merchant.binding):
        kinds = {key: _offered(key, now) for key in ("points", "tiers")}
        begun = previews.begin(draft_id, merchant, "Owner", now).id
        running = previews.begin(program_id, merchant, "Owner", now).id
    runs.run(merchant, begun)
    return {"done": begun, "running": running, **kinds}


def _offered(key: str, now: dt.datetime) -> uuid.UUID:
    """An offered program as a draft, so that members see what they saw."""
    name, terms, words = kind_offers.begun(kind_offers.BY_KEY[key], "en", 100)
    return operations.create_of_kind(terms.kind, name, {"engine": to_mapping(terms), "words": words}, now).id


def _segment(member_id: uuid.UUID, now: dt.datetime) -> uuid.UUID:
    """Tagged regulars under a name."""
    tagging.add(db.session.get_one(members.Member, member_id), "regular", now)
    return segments.keep("Our regulars", Terms(tags=frozenset(["regular"]), min_visits=5), "Owner", now).id


def _purchase(merchant: Record) -> uuid.UUID:
    """Two lines bought today by nobody known."""
    goods = purchases.lines({"unit_price_minor": 250, "quantity": 3}, {"unit_price_minor": 480})
    names = {"1": "Sesame ring", "2": "Dark country loaf"}
    return purchases.commit(merchant, None, goods, names=names, receipt_number="2026-0417").purchase_id


def _joined(name: str, at: dt.datetime) -> uuid.UUID:
    email = f"{name.lower()}@example.com" if name.isascii() else None
    member = members.join(
        first_name=name, email=email, phone=None, language="en", source="card", consent_text=None, now=at
    )
    enrol(member.id, at)
    return member.id


def _regular(name: str, program_id: uuid.UUID, chance: random.Random, now: dt.datetime) -> None:
    """A member who came now and then during two months, and takes a reward on the spot."""
    joined = now - dt.timedelta(days=chance.randrange(5, 60))
    member_id = _joined(name, joined)
    for visit in sorted(joined + (now - joined) * chance.random() for _ in range(chance.randrange(3, 16))):
        ledger.stamp(member_id, program_id, at=visit)
        ready = (
            select(Reward).join(Enrolment).where(Enrolment.member_id == member_id, Reward.status == "issued")
        )
        for reward in db.session.scalars(ready).all():
            fulfil(reward.id, actor=ledger.CASHIER, now=visit)


def _import(merchant: Record) -> uuid.UUID:
    """A finished import with one refused row."""
    broken = SALES + "no date,guest1@example.com,4.00,2000\n"
    import_file(merchant, Path("till-june.csv"), content=broken.encode())
    with transaction(merchant.binding):
        done = select(imports.PurchaseImport.id).where(imports.PurchaseImport.status == "done")
        return db.session.scalars(done).one()


def _invitation(merchant: Record, inviter: uuid.UUID | None, now: dt.datetime) -> str:
    token = new_token()
    db.session.add(
        Invitation(
            merchant_id=merchant.id, email=f"new-{merchant.slug}@example.com", name="Nefeli", role="cashier",
            token_hash=token_hash(token), invited_by=inviter, created_at=now, expires_at=now + dt.timedelta(days=7),
        )
    )  # fmt: skip
    db.session.flush()
    return token
