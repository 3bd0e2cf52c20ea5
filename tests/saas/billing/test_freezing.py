"""What is frozen comes back: when a place becomes free, at night, and for an owner at once; newcomers pass it by."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, g
from sqlalchemy import select, update

from saas.accounts import inviting, roster
from saas.accounts.models import Invitation, Staff
from saas.billing import choices, copies, meter, usage
from saas.billing.models import Subscription
from saas.billing.standing import Standing
from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.tokens import token_hash
from tenants.card import holdings
from tenants.card import operations as card
from tenants.card import queries as cards
from tenants.counter import queries as counter
from tenants.locations.models import Location
from tenants.programs import operations, queries
from tenants.programs.ledger import ProgramNotRunning
from tenants.programs.models import Program
from tests.factories import api, cast
from tests.factories.ledger import member, stamp_card
from tests.factories.purchases import POINTS, published

Within = Callable[[Record], AbstractContextManager[None]]
Asked = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def shop(app: Flask, bakery: Record, sold: None) -> Record:
    """A shop on the free plan."""
    with app.app_context(), transaction(PLATFORM):
        db.session.execute(update(Merchant).where(Merchant.id == bakery.id).values(plan="free"))
    registry.forget(bakery.slug)
    return replace(bakery, plan="free")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The jobs that were asked to apply limits."""
    found: Asked = []
    monkeypatch.setattr(choices, "defer", lambda name, **rest: found.append((name, rest)))
    return found


def test_an_owner_is_never_frozen_and_only_who_can_log_in_stays(app: Flask, bakery: Record) -> None:
    now = utcnow()
    with app.app_context(), transaction(PLATFORM):
        owner, other = cast.staff_of(bakery, "owner"), cast.staff_of(bakery, "manager")
        other.role, other.frozen_at = "owner", now
        db.session.flush()
        with pytest.raises(roster.LastOwner):
            roster.remove(owner, "owner", now)
        with pytest.raises(roster.LastOwner):
            roster.change_role(owner, "manager", "owner", now)
        other.role = "manager"
        roster.change_role(other, "owner", "owner", now)
        assert frozen_at(other.id) is None
        roster.change_role(owner, "manager", "owner", now)
        owner.frozen_at = now
        roster.remove(owner, "owner", now)
        assert frozen_at(owner.id) is None


def frozen_at(staff_id: uuid.UUID) -> dt.datetime | None:
    return db.session.scalar(select(Staff.frozen_at).where(Staff.id == staff_id))


def test_who_comes_back_is_not_frozen(app: Flask, bakery: Record) -> None:
    now = utcnow()
    with app.app_context(), transaction(PLATFORM):
        staff = cast.staff_of(bakery, "manager")
        staff.removed_at = staff.frozen_at = now
        db.session.add(
            Invitation(
                merchant_id=bakery.id,
                email="back@bakery.example",
                name="Back",
                role="cashier",
                token_hash=token_hash("back"),
                expires_at=now + inviting.LIFETIME,
                invited_by=cast.staff_of(bakery, "owner").user_id,
                created_at=now,
            )
        )
        db.session.flush()
        assert staff.user_id is not None
        inviting.accept_as(staff.user_id, "Back", "back", now)
        row = select(Staff.frozen_at, Staff.removed_at).where(Staff.id == staff.id)
        assert tuple(db.session.execute(row).one()) == (None, None)


def test_a_place_that_becomes_free_is_given_on(
    app: Flask, shop: Record, within: Within, as_role: Any, asked: Asked
) -> None:
    """Each way to free one, in console and API, asks for the limits under the one lock, and none is left out."""
    with within(shop):
        ids = [str(stamp_card(name=name).id) for name in "ABCD"]
        places = [Location(name=name, created_at=utcnow()) for name in ("Harbour", "Market")]
        db.session.add_all(places)
        db.session.flush()
        one, two = (str(place.id) for place in places)
    with app.app_context(), transaction(PLATFORM):
        cashier = cast.staff_of(shop, "cashier").id
        invitation = Invitation(
            merchant_id=shop.id,
            email="new@bakery.example",
            name="New",
            role="cashier",
            token_hash=token_hash("new"),
            expires_at=utcnow() + inviting.LIFETIME,
            invited_by=cast.staff_of(shop, "owner").user_id,
            created_at=utcnow(),
        )
        db.session.add(invitation)
        db.session.flush()
        invited = invitation.id
    owner, till, console = as_role(shop, "owner"), api.till(app, shop), f"/console/{shop.slug}"
    ways = [
        (owner, f"{console}/programs/{ids[0]}/pause"),
        (owner, f"{console}/programs/{ids[1]}/archive"),
        (till, f"/api/v1/programs/{ids[2]}/pause"),
        (till, f"/api/v1/programs/{ids[3]}/archive"),
        (owner, f"{console}/settings/locations/{one}/closing"),
        (till, f"/api/v1/locations/{two}/closing"),
        (owner, f"{console}/staff/invitations/{invited}/revoke"),
        (owner, f"{console}/staff/{cashier}/remove"),
    ]
    wanted = ("billing.apply_limits", {"lock": f"billing.limits:{shop.id}", "merchant_id": str(shop.id)})
    for number, (client, path) in enumerate(ways, 1):
        assert client.post(path).status_code in (200, 303), path
        assert asked == [wanted] * number, path


def test_changes_of_the_plan_wait_for_each_other_and_none_is_dropped(
    app: Flask, shop: Record, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = f"billing.limits:{shop.id}"
    nightly: Asked = []
    monkeypatch.setattr(usage, "defer", lambda name, **rest: nightly.append((name, rest)))
    with app.app_context():
        with transaction(PLATFORM):
            row = Subscription(merchant_id=shop.id)
            for plan in ("growth", "starter"):
                copies.keep(row, Standing(state="active", plan=plan, until=None), utcnow())
        usage.count_all()
    assert asked == [("billing.apply_limits", {"lock": lock, "merchant_id": str(shop.id)})] * 2
    assert lock in [rest["lock"] for _name, rest in nightly]


def test_the_night_brings_back_what_has_a_place(
    app: Flask, shop: Record, within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "report", lambda *_args: None)
    with within(shop):
        first, second = stamp_card().id, stamp_card().id
    with app.app_context():
        choices.apply(shop.id, utcnow())
    with within(shop):
        operations.archive(first, utcnow())
        assert db.session.get_one(Program, second).frozen_at is not None
    with app.app_context():
        usage.count_one(str(shop.id))
    with within(shop):
        assert db.session.get_one(Program, second).frozen_at is None


def test_publishing_a_frozen_program_says_the_truth(shop: Record, within: Within, as_role: Any) -> None:
    """One that runs and is frozen stays so, and says it; one that takes a free place is frozen no longer."""
    with within(shop):
        first, second = stamp_card(), stamp_card()
        second.frozen_at = utcnow()
        ids = first.id, second.id
    owner, path = as_role(shop, "owner"), f"/console/{shop.slug}/programs/{ids[1]}"
    for verb in ("publication", "resumption"):
        page = owner.post(f"{path}/{verb}", follow_redirects=True).text
        assert "Waits for a larger plan" in page
        assert "Every member takes part now" not in page
    with within(shop):
        operations.pause(ids[1], utcnow(), shop)
        operations.pause(ids[0], utcnow(), shop)
    assert "Running again" in owner.post(f"{path}/resumption", follow_redirects=True).text
    with within(shop):
        assert db.session.get_one(Program, ids[1]).frozen_at is None


def test_newcomers_are_led_past_what_is_frozen(bakery: Record, within: Within) -> None:
    with within(bakery):
        g.merchant = bakery
        old = stamp_card(name="Old", icon="bread").id
        points = published(POINTS).id
        loyal = member("Ada")
        db.session.execute(update(Program).where(Program.id.in_((old, points))).values(frozen_at=utcnow()))
        new = stamp_card(name="New", icon="coffee").id
        late = member("Bob")
        db.session.expire_all()
        assert [row[0].id for row in queries.running()] == [new, old]
        assert [sample.program_id for sample in cards.samples()] == [new]
        assert cards.shop_icon() == "coffee"
        assert holdings.promised() == []
        assert holdings.of(late, bakery, utcnow()) == []
        assert len(holdings.of(loyal, bakery, utcnow())) == 1
        found = {person.member.id: ids_of(person) for person in counter.found([loyal, late])}
        assert found == {loyal.id: [new, old], late.id: [new]}
        operations.archive(new, utcnow())
        assert card._first_program(loyal.id) == old
        with pytest.raises(ProgramNotRunning):
            card._first_program(late.id)


def ids_of(person: counter.Found) -> list[uuid.UUID]:
    return [one.program_id for one in person.cards]


def test_of_a_choice_only_what_there_is_is_kept(
    app: Flask, shop: Record, within: Within, as_role: Any, asked: Asked
) -> None:
    """However much is sent, the row holds no more than there are things, and no word that isn't asked for."""
    with within(shop):
        _first, second = stamp_card(), stamp_card()
        wanted = str(second.id)
    made_up = [str(uuid.uuid4()) for _time in range(300)]
    sent = {"programs": [wanted, wanted, *made_up, "x" * 10_000], "staff": made_up, "invented": [wanted]}
    assert as_role(shop, "owner").post(f"/console/{shop.slug}/billing/keep", data=sent).status_code == 303
    with app.app_context(), transaction(PLATFORM):
        stored = choices.stored(shop.id)
        staff = set(map(str, db.session.scalars(select(Staff.id).where(Staff.merchant_id == shop.id))))
    assert stored["programs"] == [wanted]
    assert set(stored) <= {"programs", "staff", "locations"}
    assert set(stored.get("staff", [])) <= staff
