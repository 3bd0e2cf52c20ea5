"""Purchases at the counter: entered, quoted, chosen for, bought once, and returned; as pages and as plain forms."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas.db import db
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.counter.drafts import MOST_ROWS
from tenants.coupons import cards, operations
from tenants.products import operations as products
from tenants.programs.models import Enrolment, Program, Reward
from tenants.purchases import redeeming, seams
from tenants.purchases.models import Purchase, PurchaseLine, Refund
from tests.factories import coupons
from tests.factories import ledger as make
from tests.factories.purchases import POINTS, CouponBook, amount, commit, published

Within = Callable[[Record], AbstractContextManager[None]]
AsRole = Callable[[Record, str], FlaskClient]
HX = {"HX-Request": "true"}
FIELD = re.compile(r"<input([^>]*)>")


class Till:
    """A cashier's browser, with one member, a stamp card for visits and points for money."""

    def __init__(self, client: FlaskClient, shop: Record, within: Within) -> None:
        self.client, self.shop, self.within = client, shop, within
        self.root = f"/counter/{shop.slug}"
        with within(shop):
            make.stamp_card(5)
            published(POINTS)
            self.member_id = make.member("Eleni").id

    def get(self, path: str) -> TestResponse:
        return self.client.get(self.root + path)

    def post(self, path: str, *, hx: bool = False, **fields: object) -> TestResponse:
        return self.client.post(self.root + path, data=fields, headers=HX if hx else {})

    def quote(self, **fields: object) -> TestResponse:
        return self.post("/purchases/quotes", member_id=self.member_id, **fields)

    def send(self, page: TestResponse, to: str, **changed: object) -> TestResponse:
        """Send the form of a page that leads to an address, as a browser without scripts would."""
        return self.client.post(self.root + to, data={**form_of(page.text, to), **changed})

    def balances(self) -> dict[str, int]:
        with self.within(self.shop):
            rows = db.session.execute(
                select(Program.kind, Enrolment.balance)
                .join(Program, Program.id == Enrolment.program_id)
                .where(Enrolment.member_id == self.member_id)
            )
            return {row.kind: row.balance for row in rows}

    def purchases(self) -> list[Purchase]:
        with self.within(self.shop):
            return list(db.session.scalars(select(Purchase).order_by(Purchase.recorded_at)))

    def spend(self, text: str, **more: object) -> Purchase:
        """An amount, entered, quoted and bought."""
        answer = self.send(self.quote(by="amount", amount=text, **more), "/purchases")
        assert answer.status_code == 303, answer.text
        return self.purchases()[-1]


def form_of(text: str, ends: str) -> dict[str, list[str]]:
    """What the form with this address sends: inputs by name, boxes only when they are ticked."""
    form, *_beside = re.findall(rf'<form[^>]*action="[^"]*{re.escape(ends)}"[^>]*>(.*?)</form>', text, re.S)
    found: dict[str, list[str]] = {}
    for attributes in FIELD.findall(form):
        if 'type="checkbox"' in attributes and " checked" not in attributes:
            continue
        name, value = (re.search(rf'\b{word}="([^"]*)"', attributes) for word in ("name", "value"))
        if name:
            found.setdefault(name[1], []).append(value[1] if value else "")
    return found


@pytest.fixture(autouse=True)
def _coupons_as_before() -> Iterator[None]:
    before = list(seams._told)
    yield
    seams._told[:] = before


@pytest.fixture
def till(bakery: Record, within: Within, as_role: AsRole) -> Till:
    return Till(as_role(bakery, "cashier"), bakery, within)


def test_a_members_page_says_how_they_stand_in_every_program(till: Till) -> None:
    with till.within(till.shop):
        tiers = [{"key": "silver", "threshold": 5}, {"key": "gold", "threshold": 900}]
        rules = [{"key": "spend", "step_minor": 100}]
        published({"kind": "tiers", "rules": rules, "tiers": tiers}, name="Club", tiers={"silver": "Silver!"})
        cash = [{"key": "pay", "benefit": {"kind": "payment", "unit_value_minor": 1}}]
        back = [{"key": "spend", "units": 3, "step_minor": 100}]
        published({"kind": "cashback", "rules": back, "rewards": cash}, name="Money back")
    for said in ("0 points", "€0.00"):
        assert f"<b>{said}</b>" in till.get(f"/members/{till.member_id}").text
    till.spend("40")
    page = till.get(f"/members/{till.member_id}").text
    for program, said in (("Points", "40 points"), ("Club", "Silver!"), ("Money back", "€1.20")):
        assert f"<span>{program}</span><b>{said}</b>" in page


def test_the_counter_leads_to_purchases(till: Till) -> None:
    assert "/purchases/new" in till.get("").text
    page = till.get(f"/members/{till.member_id}").text
    assert f"/purchases/new?member_id={till.member_id}" in page
    assert 'name="amount"' in till.get(f"/purchases/new?member_id={till.member_id}").text
    assert 'name="product"' in till.get("/purchases/new?by=lines").text


def test_an_amount_is_quoted_bought_once_and_returned(till: Till) -> None:
    quoted = till.quote(by="amount", amount="12,50", receipt="R-1")
    assert "€12.50" in quoted.text
    assert "+12 points" in quoted.text
    assert "12 points for €12.50 that count." in quoted.text
    assert "+1 stamp" in quoted.text
    assert till.purchases() == []
    assert till.balances() == {"stamp_card": 0, "points": 0}

    sent = form_of(quoted.text, "/purchases")
    first = till.client.post(f"{till.root}/purchases", data=sent)
    again = till.client.post(f"{till.root}/purchases", data=sent)
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    assert till.balances() == {"stamp_card": 1, "points": 12}
    (bought,) = till.purchases()
    assert (bought.amount_minor, bought.receipt_number, bought.actor_name) == (
        1250,
        "R-1",
        "Cashier of Bakery",
    )

    page = till.client.get(first.location)
    assert "€12.50 paid" in page.text
    assert "R-1" in page.text
    asked = till.post(f"/purchases/{bought.id}/refunds/quotes", everything="1", reason="Broken")
    assert "12 points taken back, because what earned them was returned." in asked.text
    assert till.balances() == {"stamp_card": 1, "points": 12}
    done = till.send(asked, f"/purchases/{bought.id}/refunds")
    assert done.status_code == 303
    assert till.balances() == {"stamp_card": 0, "points": 0}
    after = till.get(f"/purchases/{bought.id}").text
    assert "€12.50 returned" in after
    assert "Broken" in after
    assert "refunds/new" not in after


def test_a_fragment_is_the_work_alone(till: Till) -> None:
    answer = till.post("/purchases/quotes", hx=True, by="amount", amount="3", member_id=till.member_id)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    bought = till.post("/purchases", hx=True, **form_of(answer.text, "/purchases"))
    assert "€3.00 paid" in bought.text
    assert "<html" not in bought.text
    assert bought.headers["HX-Trigger"] == "counted"


@pytest.mark.parametrize("text", ["", "free", "-3", "0", "NaN", "1e99", "Infinity"])
def test_what_is_no_amount_is_said(till: Till, text: str) -> None:
    answer = till.quote(by="amount", amount=text)
    assert answer.status_code == 422
    assert "Type the amount paid, such as 12.50." in answer.text


def test_a_purchase_with_another_price_than_quoted_is_quoted_again(till: Till) -> None:
    quoted = till.quote(by="amount", amount="10")
    answer = till.send(quoted, "/purchases", amount="20")
    assert answer.status_code == 422
    assert "The price has changed meanwhile." in answer.text
    assert "€20.00" in answer.text
    assert till.purchases() == []
    assert till.send(answer, "/purchases").status_code == 303


def test_a_receipt_number_is_taken_once_and_finds_its_purchase(till: Till) -> None:
    till.spend("5", receipt="A/17")
    answer = till.send(till.quote(by="amount", amount="6", receipt="A/17"), "/purchases")
    assert answer.status_code == 422
    assert "There is a purchase with the receipt number A/17 already." in answer.text
    assert "€5.00 paid" in till.get("/find?q=A/17").text


def test_the_same_key_with_another_content_is_refused(till: Till) -> None:
    sent = form_of(till.quote(by="amount", amount="5").text, "/purchases")
    assert till.client.post(f"{till.root}/purchases", data=sent).status_code == 303
    other = till.client.post(f"{till.root}/purchases", data={**sent, "amount": "6", "due": "600"})
    assert other.status_code == 409
    assert len(till.purchases()) == 1


def test_a_purchase_without_a_member_earns_nothing(till: Till) -> None:
    quoted = till.post("/purchases/quotes", by="amount", amount="5")
    assert "Without a member nothing is earned." in quoted.text
    assert till.send(quoted, "/purchases").status_code == 303
    assert till.purchases()[0].member_id is None
    assert till.balances() == {"stamp_card": 0, "points": 0}


def test_an_unknown_member_or_purchase_is_404(till: Till) -> None:
    stranger = uuid.uuid4()
    assert till.post("/purchases/quotes", by="amount", amount="5", member_id=stranger).status_code == 404
    for path in ("", "/refunds/new"):
        assert till.get(f"/purchases/{stranger}{path}").status_code == 404
    assert till.post(f"/purchases/{stranger}/refunds", everything="1", request_key="k").status_code == 404


def test_full_cards_open_a_reward_that_can_be_handed_out(till: Till) -> None:
    for _visit in range(4):
        till.spend("2")
    quoted = till.quote(by="amount", amount="2")
    assert "Opens a reward: Free coffee" in quoted.text
    bought = till.client.get(till.send(quoted, "/purchases").location)
    assert "Reward ready" in bought.text
    with till.within(till.shop):
        reward = db.session.scalars(select(Reward)).one()
    assert f"/rewards/{reward.id}/redemption" in bought.text


class TestLines:
    @pytest.fixture(autouse=True)
    def _goods(self, till: Till) -> None:
        with till.within(till.shop):
            goods = [
                products.Line("BUN", "Sweet bun", 250, "Bread", ()),
                products.Line("LOAF", "Dark loaf", 480, "Bread", ()),
                products.Line("5201", "Χωριάτικο ψωμί", 300, "Bread", ()),
            ]
            products.ensure(goods, utcnow())

    def test_products_are_added_by_sku_and_name(self, till: Till) -> None:
        page = till.quote(by="lines", product="bun")
        assert "Sweet bun" in page.text
        assert 'value="2.50"' in page.text
        page = till.send(page, "/purchases/quotes", product="BUN")
        assert form_of(page.text, "/purchases/quotes")["quantity"] == ["2"]
        page = till.send(page, "/purchases/quotes", product="χωριατικο")
        assert form_of(page.text, "/purchases/quotes")["sku"] == ["BUN", "5201"]
        page = till.send(page, "/purchases/quotes", remove="0")
        assert form_of(page.text, "/purchases/quotes")["sku"] == ["5201"]

    def test_prices_are_as_one_types_them_in_greek(self, till: Till) -> None:
        till.client.set_cookie("language", "el")
        page = till.quote(by="lines", product="BUN")
        assert form_of(page.text, "/purchases/quotes")["price"] == ["2,50"]
        quoted = till.send(page, "/purchases/quotes", quantity="0,5")
        assert "1,25\xa0€" in quoted.text
        assert till.send(quoted, "/purchases").status_code == 303
        assert till.purchases()[0].amount_minor == 125

    def test_an_unknown_product_is_said_and_nothing_is_lost(self, till: Till) -> None:
        page = till.send(till.quote(by="lines", product="BUN"), "/purchases/quotes", product="nothing")
        assert page.status_code == 422
        assert "No product has this name or SKU." in page.text
        assert "Sweet bun" in page.text

    def test_several_of_a_name_are_shown_to_choose_from(self, till: Till) -> None:
        page = till.quote(by="lines", product="bread")
        assert 'name="add" value="LOAF"' in page.text
        page = till.send(page, "/purchases/quotes", add="LOAF")
        assert form_of(page.text, "/purchases/quotes")["sku"] == ["LOAF"]

    def test_what_is_no_number_is_said(self, till: Till) -> None:
        page = till.quote(by="lines", product="BUN")
        for name, texts in (
            ("quantity", ("two", "-1", "0", "", "0.3333", "1e9", "NaN")),
            ("price", ("x", "-1", "", "1.234", "Infinity")),
        ):
            for text in texts:
                answer = till.send(page, "/purchases/quotes", **{name: text})
                assert answer.status_code == 422, (name, text)
                assert "such as" in answer.text
                assert "Sweet bun" in answer.text

    def test_thirds_and_what_costs_nothing_are_bought(self, till: Till) -> None:
        page = till.send(till.quote(by="lines", product="BUN"), "/purchases/quotes", product="LOAF")
        quoted = till.send(page, "/purchases/quotes", quantity=["0,333", "2"], price=["19.99", "0"])
        assert till.send(quoted, "/purchases").status_code == 303
        (bought,) = till.purchases()
        assert (bought.amount_minor, till.balances()["points"]) == (666, 6)
        path = f"/purchases/{bought.id}/refunds/quotes"
        for quantities in (["0.334", ""], ["", "3"], ["-1", ""]):
            assert till.post(path, key=["1", "2"], quantity=quantities).status_code == 422
        back = till.send(till.post(path, everything="1"), f"/purchases/{bought.id}/refunds")
        assert back.status_code == 303
        assert till.balances()["points"] == 0
        again = till.post(f"/purchases/{bought.id}/refunds", everything="1", request_key="again")
        assert again.status_code == 422

    def test_a_basket_that_is_too_long_says_so_and_keeps_what_is_there(self, till: Till) -> None:
        many = range(MOST_ROWS)
        rows = {
            "sku": [f"S{place}" for place in many],
            "name": ["Roll"] * MOST_ROWS,
            "price": ["0.10"] * MOST_ROWS,
            "quantity": ["1"] * MOST_ROWS,
        }
        answer = till.quote(by="lines", product="BUN", **rows)
        assert answer.status_code == 422
        assert "A purchase has at most 200 lines here." in answer.text
        assert len(form_of(answer.text, "/purchases/quotes")["sku"]) == MOST_ROWS
        assert "€20.00" in till.quote(by="lines", **rows).text

    def test_lines_are_bought_and_returned_in_part(self, till: Till) -> None:
        page = till.quote(by="lines", product="BUN")
        page = till.send(page, "/purchases/quotes", product="LOAF")
        quoted = till.send(page, "/purchases/quotes", quantity=["3", "1"])
        assert "€12.30" in quoted.text
        assert till.send(quoted, "/purchases").status_code == 303
        assert till.balances()["points"] == 12
        (bought,) = till.purchases()
        with till.within(till.shop):
            stored = db.session.execute(
                select(PurchaseLine.name, PurchaseLine.quantity, PurchaseLine.net_minor).order_by(
                    PurchaseLine.position
                )
            ).all()
        assert [(name, int(quantity), net) for name, quantity, net in stored] == [
            ("Sweet bun", 3, 750),
            ("Dark loaf", 1, 480),
        ]
        choose = till.get(f"/purchases/{bought.id}/refunds/new")
        assert "3 of 3 can be returned" in choose.text
        asked = till.send(choose, f"/purchases/{bought.id}/refunds/quotes", quantity=["2", ""])
        assert "€5.00" in asked.text
        assert till.send(asked, f"/purchases/{bought.id}/refunds").status_code == 303
        assert "1 of 3 can be returned" in till.get(f"/purchases/{bought.id}/refunds/new").text
        too_many = till.post(f"/purchases/{bought.id}/refunds/quotes", key="1", quantity="2")
        assert too_many.status_code == 422
        assert "Left to return on this line: 1" in too_many.text
        nothing = till.post(f"/purchases/{bought.id}/refunds/quotes", key="1", quantity="")
        assert nothing.status_code == 422
        assert till.balances()["points"] == 7


class TestUsing:
    def test_points_buy_a_reward_and_are_back_after_a_return(self, till: Till) -> None:
        till.spend("30")
        quoted = till.quote(by="amount", amount="12")
        assert "Costs 20 points" in quoted.text
        with till.within(till.shop):
            program_id = db.session.scalars(select(Program.id).where(Program.kind == "points")).one()
        chosen = till.send(quoted, "/purchases/quotes", redeem=f"{program_id}/off")
        assert "€7.00" in chosen.text
        assert "instead of €12.00" in chosen.text
        assert till.balances()["points"] == 30
        assert till.send(chosen, "/purchases").status_code == 303
        assert till.balances()["points"] == 30 - 20 + 7
        bought = till.purchases()[-1]
        assert (bought.amount_minor, bought.due_minor) == (700, 700)
        asked = till.post(f"/purchases/{bought.id}/refunds/quotes", everything="1")
        assert "20 points came back" in asked.text
        till.send(asked, f"/purchases/{bought.id}/refunds")
        assert till.balances()["points"] == 30

    def test_points_pay_as_many_as_are_typed(self, till: Till) -> None:
        till.spend("30")
        with till.within(till.shop):
            program_id = db.session.scalars(select(Program.id).where(Program.kind == "points")).one()
        name = f"{program_id}/pay"
        fields = {"by": "amount", "amount": "12", "redeem": name}
        assert till.quote(**fields, **{f"units.{name}": "few"}).status_code == 422
        quoted = till.quote(**fields, **{f"units.{name}": "25"})
        assert "€9.50" in quoted.text
        assert till.send(quoted, "/purchases").status_code == 303
        assert till.purchases()[-1].due_minor == 950

    def test_a_ready_reward_is_used_once(self, till: Till) -> None:
        for _visit in range(5):
            till.spend("2")
        with till.within(till.shop):
            reward = db.session.scalars(select(Reward)).one()
        quoted = till.quote(by="amount", amount="2", ready=reward.id)
        assert "Hand out now: Free coffee" in quoted.text
        assert till.send(quoted, "/purchases").status_code == 303
        with till.within(till.shop):
            assert db.session.get_one(Reward, reward.id).status == "fulfilled"
        again = till.quote(by="amount", amount="2", ready=reward.id)
        assert "This reward is not available." in again.text

    def test_a_coupon_that_units_buy_is_on_the_card_when_it_is_handed_out(self, till: Till) -> None:
        seams.tell(operations)
        with till.within(till.shop):
            coupons.published(till.shop, trigger="personal", name="Next time")
            gift = {"key": "gift", "cost": 5, "benefit": {"kind": "coupon", "item": "next time"}}
            program = published({**POINTS, "rewards": [gift]}, name="Gifts")
            commit(till.shop, till.member_id, amount(500))
            reward = redeeming.issue(
                till.member_id,
                program.id,
                "gift",
                merchant=till.shop,
                actor=make.CASHIER,
                request_key="g",
                now=utcnow(),
            )
        for _twice in range(2):
            assert till.post(f"/rewards/{reward.id}/redemption", request_key="k").status_code == 303
        with till.within(till.shop):
            (held,) = cards.of_member(till.member_id, utcnow())
        assert held.name == "Next time"
        quoted = till.quote(by="amount", amount="10")
        assert held.code in quoted.text

    def test_a_coupon_code_takes_money_off_and_an_unknown_one_says_why(self, till: Till) -> None:
        seams.tell(
            CouponBook({"SAVE2": {"trigger": "code", "benefit": {"kind": "amount", "amount_minor": 200}}})
        )
        quoted = till.post("/purchases/quotes", by="amount", amount="5", code="SAVE2")
        assert "€3.00" in quoted.text
        assert "SAVE2" in quoted.text
        assert till.send(quoted, "/purchases").status_code == 303
        assert till.purchases()[-1].due_minor == 300

    def test_coupons_that_nobody_asked_for_are_no_warnings(self, till: Till) -> None:
        ten = {"trigger": "automatic", "benefit": {"kind": "percent", "percent": 10}}
        seams.tell(
            CouponBook(
                {
                    "Tenoff": {**ten, "conditions": {"min_amount_minor": 2000}},
                    "Faraway": {**ten, "conditions": {"min_amount_minor": 9000}},
                    "Tuesdayten": {**ten, "conditions": {"last_day": "2026-01-01"}},
                }
            )
        )
        quoted = till.post("/purchases/quotes", by="amount", amount="15", code="NOBODYS")
        assert "<b>Tenoff</b> This needs at least €20.00; the goods that count come to €15.00." in quoted.text
        assert "Faraway" not in quoted.text
        assert "Tuesdayten" not in quoted.text
        assert "alert-warning" not in quoted.text
        bought = till.client.get(till.send(quoted, "/purchases").location)
        assert "Tenoff" not in bought.text


def test_today_shows_purchases_and_refunds_and_undoes_an_amount(till: Till) -> None:
    bought = till.spend("12.50", receipt="R-9")
    page = till.get("/entries")
    assert "€12.50" in page.text
    assert "R-9" in page.text
    assert "12 points" in page.text
    assert till.send(page, f"/purchases/{bought.id}/refunds").status_code == 303
    with till.within(till.shop):
        assert db.session.scalars(select(Refund)).one().is_everything
    page = till.get("/entries").text
    assert "−€12.50" in page
    assert f"/purchases/{bought.id}/refunds" not in page


def test_purchases_of_other_days_and_from_files_are_not_of_today(till: Till) -> None:
    with till.within(till.shop):
        commit(till.shop, None, amount(4321), at=utcnow() - dt.timedelta(days=2))
    assert "43.21" not in till.get("/entries").text
