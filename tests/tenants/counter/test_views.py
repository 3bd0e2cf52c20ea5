"""The counter's pages: as pages, as fragments, as plain forms, and every refusal in words."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from saas.accounts import pins
from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.counter import codes
from tenants.counter.models import OneTimeCode
from tenants.locations.models import Location
from tenants.members import operations as members
from tenants.members.models import Member, RecoveryLink
from tenants.programs.models import Entry, Reward
from tests.factories import cast, coupons
from tests.factories import ledger as make
from tests.factories.purchases import POINTS, published

Within = Callable[[Record], AbstractContextManager[None]]
AsRole = Callable[[Record, str], FlaskClient]
HX = {"HX-Request": "true"}


class Till:
    """A cashier's browser at one shop's counter, with one member and one stamp card."""

    def __init__(self, client: FlaskClient, shop: Record, within: Within, **terms: object) -> None:
        self.client, self.shop, self.within = client, shop, within
        self.root = f"/counter/{shop.slug}"
        with within(shop):
            self.program_id = make.stamp_card(**{"required": 5, **terms}).id  # type: ignore[arg-type]
            member = make.member("Eleni", phone="+306912345678")
            self.member_id, self.number = member.id, member.number

    def get(self, path: str = "", *, hx: bool = False) -> TestResponse:
        return self.client.get(self.root + path, headers=HX if hx else {})

    def post(self, path: str, *, hx: bool = True, **fields: object) -> TestResponse:
        return self.client.post(self.root + path, data=fields, headers=HX if hx else {})

    def stamp(
        self, units: object = 1, *, key: str | None = None, hx: bool = True, **fields: object
    ) -> TestResponse:
        given = {
            "program_id": self.program_id,
            "units": units,
            "request_key": key or uuid.uuid4().hex,
            **fields,
        }
        return self.post(f"/members/{self.member_id}/stamps", hx=hx, **given)

    def count(self, *where: object) -> int:
        with self.within(self.shop):
            return db.session.scalar(select(func.count()).select_from(Entry).where(*where)) or 0  # type: ignore[arg-type]

    def last_stamp(self) -> uuid.UUID:
        with self.within(self.shop):
            return db.session.scalars(
                select(Entry.id).where(Entry.kind == "earn").order_by(Entry.occurred_at.desc())
            ).first()  # type: ignore[return-value]

    def reward(self) -> Reward:
        with self.within(self.shop):
            return db.session.scalars(select(Reward)).one()


@pytest.fixture
def till(bakery: Record, within: Within, as_role: AsRole) -> Till:
    return Till(as_role(bakery, "cashier"), bakery, within)


def test_the_screen_shows_code_search_and_today(till: Till) -> None:
    page = till.get().text
    assert "Scan this for a stamp" in page
    assert "Serve a member" in page
    assert "Nothing yet today" in page
    assert "Cashier of Bakery" in page


def test_without_a_running_card_it_says_what_to_do(bakery: Record, as_role: AsRole) -> None:
    answer = as_role(bakery, "owner").get(f"/counter/{bakery.slug}")
    assert answer.status_code == 200
    assert "No stamp card is running" in answer.text


def test_a_shop_with_points_only_is_told_to_enter_purchases(
    bakery: Record, within: Within, as_role: AsRole
) -> None:
    with within(bakery):
        published(POINTS)
    page = as_role(bakery, "cashier").get(f"/counter/{bakery.slug}").text
    assert "No stamp card is running" not in page
    assert "Members earn with each purchase here: find the member, then enter what was paid." in page
    assert "Scan this for a stamp" not in page


def test_a_shop_with_coupons_only_is_told_to_enter_purchases(
    bakery: Record, within: Within, as_role: AsRole
) -> None:
    with within(bakery):
        coupons.published(bakery)
    page = as_role(bakery, "cashier").get(f"/counter/{bakery.slug}").text
    assert ("No stamp card is running" in page, "Coupons count with a purchase here" in page) == (False, True)


def test_the_code_changes_when_it_is_old_or_used_or_another_is_asked_for(till: Till) -> None:
    first = till.post("/codes", program_id=till.program_id, units=1)
    assert first.status_code == 200
    assert first.text.count("<html") == 0
    seen = re.search(r'name="seen" value="([^"]+)"', first.text)[1]  # type: ignore[index]
    assert till.post("/codes", program_id=till.program_id, units=1, seen=seen).status_code == 204
    assert till.post("/codes", program_id=till.program_id, units=3, seen=seen).status_code == 200
    assert till.post("/codes", program_id=till.program_id, units=1, seen=seen, fresh=1).status_code == 200
    with till.within(till.shop):
        code = db.session.get_one(OneTimeCode, uuid.UUID(seen))
        code.created_at -= dt.timedelta(seconds=21)
    assert till.post("/codes", program_id=till.program_id, units=1, seen=seen).status_code == 200
    for wrong in ({"units": 0}, {"units": 51}, {"program_id": "x"}, {"units": "many"}):
        answer = till.post("/codes", **{"program_id": till.program_id, "units": 1, **wrong})
        assert answer.status_code == 400, wrong


def test_a_used_code_says_who_got_it_and_the_next_gives_one_again(till: Till) -> None:
    answer = till.post("/codes", program_id=till.program_id, units=3)
    seen = re.search(r'name="seen" value="([^"]+)"', answer.text)[1]  # type: ignore[index]
    with till.within(till.shop):
        code = codes.burn_stamp(
            db.session.get_one(OneTimeCode, uuid.UUID(seen)).token, till.member_id, utcnow()
        )
        make.ledger.earn(
            till.member_id,
            till.program_id,
            3,
            actor=make.CASHIER,
            cause="counter_code",
            request_key=f"code:{code.id}",
            now=utcnow(),
        )
    answer = till.post("/codes", program_id=till.program_id, units=3, seen=seen)
    assert "3 stamps for Eleni" in answer.text
    assert 'name="units" value="1"' in answer.text
    assert answer.headers["HX-Trigger"] == "counted"


def test_without_scripts_a_button_shows_a_code(till: Till) -> None:
    answer = till.post("/codes", hx=False, program_id=till.program_id, units=1)
    assert answer.status_code == 303
    page = till.client.get(answer.location).text
    assert "<svg" in page
    assert re.search(r"data-code>\d{3} \d{3}<", page)


@pytest.mark.parametrize(
    "spelling", ["{0}", " {0} ", "R:{0}", "https://any.example/c/x/n/{0}", "ele", "5678"]
)
def test_a_member_is_found_by_number_scan_name_and_phone(till: Till, spelling: str) -> None:
    q = spelling.format(till.number)
    for hx in (True, False):
        answer = till.client.get(f"{till.root}/find", query_string={"q": q}, headers=HX if hx else {})
        assert "Eleni" in answer.text
        assert ("<html" in answer.text) is not hx


def test_who_is_not_found_is_told_why(till: Till) -> None:
    def find(q: str) -> str:
        return till.client.get(f"{till.root}/find", query_string={"q": q}, headers=HX).text

    wrong = till.number[:-1] + ("A" if till.number[-1] != "A" else "B")
    assert "typing error" in find(wrong)
    from tenants.members.rules import new_number

    assert "No member has this number" in find(new_number())
    assert "Nobody was found" in find("Zorba")
    assert "does not work" in find("000000")
    assert "<script>" not in find("<script>")
    assert "Nobody" in find("\u0000x" * 10)


def test_stamps_are_given_once_whatever_is_retried(till: Till) -> None:
    key = uuid.uuid4().hex
    for _ in range(3):
        answer = till.stamp(2, key=key)
        assert answer.status_code == 200
        assert "2 stamps for Eleni" in answer.text
        assert "2 of 5" in answer.text
    assert till.count() == 1
    assert till.stamp(3, key=key).status_code == 409
    assert till.count() == 1
    with till.within(till.shop):
        entry = db.session.scalars(select(Entry)).one()
        assert (entry.actor_kind, entry.actor_name, entry.cause) == (
            "staff",
            "Cashier of Bakery",
            "member_code",
        )
        assert entry.location_id is not None


def test_stamps_as_a_plain_form_end_on_the_receipt(till: Till) -> None:
    answer = till.stamp(1, hx=False)
    assert answer.status_code == 303
    page = till.client.get(answer.location).text
    assert "1 stamp for Eleni" in page
    assert "Undo" in page


@pytest.mark.parametrize("units", [0, -1, 51, 10**30, ""])
def test_a_count_out_of_bounds_is_refused_at_the_form(till: Till, units: object) -> None:
    answer = till.stamp(units)
    assert answer.status_code == 422
    assert "at least 1 and at most 50" in answer.text
    assert till.count() == 0


def test_cooldown_and_daily_cap_are_refused_in_words(bakery: Record, within: Within, as_role: AsRole) -> None:
    till = Till(as_role(bakery, "cashier"), bakery, within, cooldown_minutes=30)
    assert till.stamp().status_code == 200
    answer = till.stamp()
    assert answer.status_code == 422
    assert "possible in 30 min" in answer.text
    capped = Till(as_role(bakery, "cashier"), bakery, within, daily_cap=2, name="Capped")
    assert capped.stamp(2).status_code == 200
    answer = capped.stamp()
    assert answer.status_code == 422
    assert "No more than 2 stamps a day" in answer.text


def test_a_full_card_shows_its_reward_and_hands_it_out_once(till: Till) -> None:
    answer = till.stamp(6)
    assert "Free coffee" in answer.text
    assert "1 of 5" in answer.text
    reward = till.reward()
    path = f"/rewards/{reward.id}/redemption"
    for _ in range(2):  # the same cashier's retry is answered like the first time
        answer = till.post(path, request_key="k")
        assert answer.status_code == 200
        assert "handed out to Eleni" in answer.text
    with till.within(till.shop):
        db.session.get_one(Reward, reward.id).fulfilled_by = uuid.uuid4()
    answer = till.post(path, request_key="k2")
    assert answer.status_code == 422
    assert "handed out before" in answer.text


def test_a_reward_by_the_members_code(till: Till) -> None:
    till.stamp(5)
    reward = till.reward()
    with till.within(till.shop):
        token = codes.issue_reward(reward.id, utcnow()).token
        foreign = codes.issue_reward(uuid.uuid4(), utcnow()).token
    answer = till.client.get(f"{till.root}/find", query_string={"q": token}, headers=HX)
    assert "Reward for Eleni" in answer.text
    assert token in answer.text
    path = f"/rewards/{reward.id}/redemption"
    assert "does not work" in till.post(path, request_key="k", code=foreign).text
    assert till.reward().status == "issued"
    with till.within(till.shop):  # the refusal burnt nothing
        assert codes.look_at_reward(foreign, utcnow()) is not None
    assert "handed out to Eleni" in till.post(path, request_key="k", code=token).text
    assert till.reward().status == "fulfilled"


def test_undo_is_a_counter_entry_and_happens_once(till: Till) -> None:
    till.stamp(2)
    entry_id, key = till.last_stamp(), uuid.uuid4().hex
    for _ in range(2):
        answer = till.post(f"/entries/{entry_id}/reversal", request_key=key)
        assert answer.status_code == 200
        assert "2 stamps undone" in answer.text
    answer = till.post(f"/entries/{entry_id}/reversal", request_key="other")
    assert answer.status_code == 422
    assert "undone before" in answer.text
    assert till.count() == 2
    today = till.get("/entries").text
    assert "2 stamps undone" in today
    assert "0 stamps" in today


def test_undo_after_the_reward_left_is_refused_and_changes_nothing(till: Till) -> None:
    till.stamp(5)
    till.post(f"/rewards/{till.reward().id}/redemption", request_key="k")
    answer = till.post(f"/entries/{till.last_stamp()}/reversal", request_key="u")
    assert answer.status_code == 422
    assert "handed out already" in answer.text
    assert till.count(Entry.kind == "reverse") == 0


def test_stamps_of_yesterday_are_not_undone_here(till: Till) -> None:
    with till.within(till.shop):
        stamped = make.stamp(till.member_id, till.program_id, at=utcnow() - dt.timedelta(days=1, hours=1))
    answer = till.post(f"/entries/{stamped.entry_id}/reversal", request_key="u")
    assert answer.status_code == 422
    assert "today can be undone" in answer.text
    assert "Nothing yet today" in till.get("/entries").text


def test_todays_list_has_pages_and_names_who_did_it(till: Till) -> None:
    with till.within(till.shop):
        for _ in range(30):
            make.stamp(till.member_id, till.program_id)
    page = till.get("/entries").text
    assert "30 stamps" in page
    assert "1 member" in page
    assert "Casey" in page
    assert "Page 1 of 2" in page
    assert till.get("/entries?page=2").text.count("till-line") < page.count("till-line")
    assert till.get("/entries?page=999").status_code == 200
    assert "<html" not in till.get("/entries?beside=1", hx=True).text


def test_a_member_is_added_by_name_once(till: Till) -> None:
    assert "New member" in till.get("/members/new").text
    member_id = str(uuid.uuid4())
    for _ in range(2):
        answer = till.post("/members", member_id=member_id, first_name="  Nikos ")
        assert answer.status_code == 200
        assert "Nikos is a member now" in answer.text
        assert "<svg" in answer.text
    answer = till.post("/members", member_id=member_id, first_name="  ")
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.text
    with till.within(till.shop):
        names = db.session.scalars(select(Member.first_name).order_by(Member.first_name)).all()
    assert names == ["Eleni", "Nikos"]
    assert "0 of 5" in till.get(f"/members/{member_id}").text


def test_a_form_with_a_members_id_is_no_way_into_their_card(till: Till) -> None:
    again = till.post("/members", member_id=till.member_id, first_name="Thief")
    assert "till-takeover" not in again.text
    with till.within(till.shop):
        assert db.session.scalars(select(RecoveryLink)).all() == []


def test_a_new_members_card_is_offered_until_a_phone_has_it(till: Till) -> None:
    member_id = uuid.uuid4()
    assert "till-takeover" in till.post("/members", member_id=member_id, first_name="Nikos").text
    with time_machine.travel(utcnow() + dt.timedelta(minutes=11)):
        assert "till-takeover" not in till.post("/members", member_id=member_id, first_name="Nikos").text
    with till.within(till.shop):
        members.sign_in(member_id, utcnow())
    assert "till-takeover" not in till.post("/members", member_id=member_id, first_name="Nikos").text


def test_stamps_by_amount(bakery: Record, within: Within, as_role: AsRole) -> None:
    till = Till(as_role(bakery, "cashier"), bakery, within, earn_by="amount", amount_step_minor=500)
    path = f"/members/{till.member_id}/stamps/preview?program_id={till.program_id}&amount="
    assert "= 2 stamps" in till.get(path + "12,50").text
    assert "too small" in till.get(path + "4.99").text
    assert "Type the amount" in till.get(path + "abc").text
    assert "2 stamps for Eleni" in till.stamp("", amount="12,50").text
    for amount, words in (
        ("4", "too small"),
        ("-5", "Type the amount"),
        ("1e400", "Type the amount"),
        ("NaN", "Type"),
    ):
        answer = till.stamp("", amount=amount)
        assert answer.status_code == 422
        assert words in answer.text


def test_a_cashier_takes_over_by_pin(app: Flask, till: Till) -> None:
    with app.app_context(), transaction(PLATFORM):
        manager = cast.staff_of(till.shop, "manager")
        manager.pin_hash = pins.pin_hash("7391")
        manager_id = manager.id
    assert "Manager of Bakery" in till.get("/shift").text
    wrong = till.post("/shift", hx=False, staff_id=manager_id, pin="0000")
    assert wrong.status_code == 422
    assert "not right" in wrong.text
    right = till.post("/shift", hx=False, staff_id=manager_id, pin="7391")
    assert right.status_code == 303
    assert f"Path={till.root}" in right.headers["Set-Cookie"]
    till.stamp()
    with till.within(till.shop):
        assert db.session.scalars(select(Entry.actor_name)).all() == ["Manager of Bakery"]
    with app.app_context(), transaction(PLATFORM):  # who was removed serves no more
        cast.staff_of(till.shop, "manager").removed_at = utcnow()
    assert "Cashier of Bakery" in till.get().text
    assert till.post("/shift/end", hx=False).status_code == 303


def test_a_till_logged_in_as_an_owner_says_what_that_opens(bakery: Record, as_role: AsRole) -> None:
    address, warning = f"/counter/{bakery.slug}/shift", "whoever stands here can open the console"
    owner, cashier = (as_role(bakery, role).get(address).text for role in ("owner", "cashier"))
    assert warning in owner
    assert f'href="/console/{bakery.slug}/staff"' in owner, (
        "nobody has a PIN yet: here is the page that gives one"
    )
    assert warning not in cashier
    assert "/staff" not in cashier


@pytest.mark.parametrize("pin", [None, "8264"])
def test_another_pin_or_none_ends_the_shifts_of_the_first(app: Flask, till: Till, pin: str | None) -> None:
    with app.app_context(), transaction(PLATFORM):
        manager = cast.staff_of(till.shop, "manager")
        manager.pin_hash, manager_id = pins.pin_hash("7391"), manager.id
    assert till.post("/shift", hx=False, staff_id=manager_id, pin="7391").status_code == 303
    till.stamp()
    with app.app_context(), transaction(PLATFORM):
        cast.staff_of(till.shop, "manager").pin_hash = pins.pin_hash(pin) if pin else None
    till.stamp()
    with till.within(till.shop):
        names = db.session.scalars(select(Entry.actor_name).order_by(Entry.recorded_at)).all()
    assert names == ["Manager of Bakery", "Cashier of Bakery"]


def test_the_counter_knows_where_it_stands(till: Till, florist: Record) -> None:
    with till.within(till.shop):
        market = Location(name="Market stall", created_at=utcnow())
        db.session.add(market)
        db.session.flush()
        market_id = market.id
    assert "Market stall" in till.get().text
    assert till.post("/location", hx=False, location_id=market_id).status_code == 303
    till.stamp()
    with till.within(till.shop):
        assert db.session.scalars(select(Entry.location_id)).all() == [market_id]
    assert till.post("/location", hx=False, location_id=uuid.uuid4()).status_code == 404


def test_a_closed_shop_says_that_its_code_gives_nothing_but_the_cashier_can(till: Till) -> None:
    now = utcnow()
    with till.within(till.shop):
        place = db.session.scalars(select(Location)).one()
        place.opening_hours = {str((now.weekday() + 3) % 7): [["10:00", "11:00"]]}
    assert "closed now" in till.get().text
    assert "closed now" in till.post("/codes", program_id=till.program_id, units=1).text
    assert till.stamp().status_code == 200


def test_what_the_merchant_switched_off_is_gone(app: Flask, till: Till) -> None:
    with app.app_context(), transaction(PLATFORM):
        merchant = db.session.get_one(Merchant, till.shop.id)
        merchant.is_counter_code_on = merchant.is_member_code_on = False
    registry.forget_all()
    assert "Scan this for a stamp" not in till.get().text
    assert "Give stamps" not in till.get(f"/members/{till.member_id}").text
    assert till.post("/codes", program_id=till.program_id, units=1).status_code == 400
    assert till.stamp().status_code == 400
    assert till.count() == 0


def test_each_of_two_cards_can_be_stamped(till: Till) -> None:
    with till.within(till.shop):
        second = make.stamp_card(3, name="Bread card").id  # made after the member joined
    page = till.get(f"/members/{till.member_id}").text
    assert page.count("Give stamps") == 2
    answer = till.stamp(2, program_id=second)
    assert "2 of 3" in answer.text
    assert "Bread card" in answer.text


def test_another_shops_rows_are_not_found(
    till: Till, florist: Record, within: Within, as_role: AsRole
) -> None:
    till.stamp(5)
    other = Till(as_role(florist, "owner"), florist, within)
    for path in (
        f"/members/{till.member_id}",
        f"/entries/{till.last_stamp()}",
        f"/rewards/{till.reward().id}",
    ):
        assert other.get(path).status_code == 404
    assert other.post(f"/entries/{till.last_stamp()}/reversal", request_key="k").status_code == 404
    assert other.post(f"/rewards/{till.reward().id}/redemption", request_key="k").status_code == 404
    assert other.client.get(till.root).status_code == 404
