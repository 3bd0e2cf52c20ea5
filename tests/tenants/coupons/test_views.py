"""The coupons' pages: written, previewed, published, issued, found, taken back, by who may."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select

from saas.db import db, transaction
from saas.web.clock import utcnow
from saas.web.jobs import run_waiting
from tenants.coupons import issuing, rules, templates_offered, words
from tenants.coupons.forms import CouponForm
from tenants.coupons.models import Coupon, CouponBatch, CouponCode
from tenants.coupons.rules import Plan
from tenants.members import operations as members
from tests.factories import coupons as make
from tests.factories.ledger import member

HTMX = {"HX-Request": "true"}
FORM = {
    "name": "Ten off",
    "kind": "percent",
    "percent": "10",
    "trigger": "code",
    "code": "TEN",
    "on": "goods",
}


@pytest.fixture
def owner(as_role, bakery):
    return as_role(bakery, "owner")


def only(app, merchant, model=Coupon):
    with app.app_context(), transaction(merchant.binding):
        return db.session.scalars(select(model)).one()


def test_a_coupon_is_written_previewed_published_and_paused(app, owner, bakery):
    base = f"/console/{bakery.slug}/coupons"
    assert "No coupons yet" in owner.get(base).text
    fragment = owner.post(f"{base}/preview", data=FORM, headers=HTMX).text
    assert "10% off everything" in fragment
    assert "€0.50" in fragment
    assert "<form" not in fragment
    other = owner.post(
        f"{base}/preview", data={**FORM, "kind": "buy_x_get_y"}, headers={**HTMX, "HX-Target": "coupon-form"}
    )
    assert 'name="buy"' in other.text
    piece = owner.post(f"{base}/preview", data={**FORM, "kind": "merchandise"}).text
    assert 'list="item-known"' in piece
    assert "<html" not in other.text
    assert "<html" in owner.post(f"{base}/preview", data=FORM).text
    assert owner.post(base, data=FORM).status_code == 303
    page = f"{base}/{only(app, bakery).id}"
    assert "Publish" in owner.get(page).text
    for verb, word in (
        ("publication", "Published"),
        ("pause", "Paused"),
        ("resumption", "Running"),
        ("archive", "Archived"),
        ("restoration", "back"),
    ):
        assert word in owner.post(f"{page}/{verb}", follow_redirects=True).text
    assert only(app, bakery).version_number == 1


def test_every_offered_coupon_opens_and_makes_a_sentence(owner, bakery, app):
    for offer in templates_offered.OFFERS:
        page = owner.get(f"/console/{bakery.slug}/coupons/new?template={offer.key}")
        assert page.status_code == 200
        assert ('class="coupon-sentence"' in page.text) == (offer.key != "next"), offer.key
    assert owner.get(f"/console/{bakery.slug}/coupons/new?template=nosuch").status_code == 404


FULL = {
    "kind": "amount", "amount": "5", "on": "order", "max_discount": "5", "trigger": "automatic", "min_amount": "30",
    "goods_categories": "pastry, cake", "goods_tags_none": "tobacco", "weekdays": ["2", "3"],
    "hours": "8:00-10:00, 16:30-18:00", "first_day": "2026-12-01", "last_day": "2026-12-24", "days_before": "0",
    "days_after": "6", "tiers": "gold", "member_tags": "vip", "first_purchase": "y", "uses_per_member": "1",
    "mode": "best_of", "group": "winter", "priority": "-1", "total": "100", "per_period": "10", "period": "week",
    "target_products": "COFFEE", "goods_max_price": "9.50", "amount_of": "order", "name": "Full",
}  # fmt: skip


def test_every_field_comes_back_as_it_was_typed(app, owner, bakery):
    assert owner.post(f"/console/{bakery.slug}/coupons", data=FULL).status_code == 303
    coupon = only(app, bakery)
    plan = Plan.from_mapping(coupon.draft)
    conditions = plan.terms.conditions
    assert (plan.terms.benefit.amount_minor, conditions.goods.max_price_minor) == (500, 950)
    assert conditions.birthday is not None
    assert (conditions.birthday.days_after, len(conditions.hours), conditions.weekdays) == (6, 2, {2, 3})
    assert (plan.limits.per_period, plan.limits.period, plan.terms.stacking.group) == (10, "week", "winter")
    page = owner.get(f"/console/{bakery.slug}/coupons/{coupon.id}/edit").text
    for value in ("cake, pastry", "08:00-10:00, 16:30-18:00", "2026-12-24", "winter", "9.50", "COFFEE"):
        assert f'value="{value}"' in page, value
    with app.test_request_context():
        again = CouponForm.of("EUR", {}, "Full", coupon.draft)
        assert Plan.from_mapping(again.mapping()) == plan


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"percent": ""}, "percent"),
        ({"percent": "101"}, "percent"),
        ({"percent": "ten"}, "percent"),
        ({"kind": "amount", "amount": ""}, "amount"),
        ({"kind": "cheapest_free", "quantity": "2", "get": "2", "percent": "100"}, "get"),
        ({"first_day": "2026-12-24", "last_day": "2026-12-01"}, "last_day"),
        ({"hours": "8 to 10"}, "hours"),
        ({"holdout_percent": "99"}, "holdout_percent"),
        ({"mode": "best_of"}, "group"),
        ({"days_after": "200"}, "days_after"),
        ({"goods_categories_all": "a", "goods_categories_none": "a"}, "goods_categories_none"),
        ({"code": "A"}, "code"),
        ({"name": ""}, "name"),
    ],
)
def test_a_fault_lands_at_its_field(owner, bakery, change, field):
    answer = owner.post(f"/console/{bakery.slug}/coupons", data={**FORM, **change})
    assert answer.status_code == 422
    assert set(re.findall(r'id="([a-z_]+)-error"', answer.text)) == {field}


def test_codes_are_made_found_downloaded_printed_and_taken_back(app, within, owner, bakery):
    with within(bakery):
        coupon = make.published(bakery)
    base = f"/console/{bakery.slug}/coupons/{coupon.id}"
    assert owner.post(f"{base}/batches", data={"count": "0"}).status_code == 422
    assert owner.post(f"{base}/batches", data={"count": "30", "name": "Flyer"}).status_code == 303
    batch = only(app, bakery, CouponBatch)
    page = f"{base}/batches/{batch.id}"
    assert 'hx-trigger="every 1s"' in owner.get(page).text
    run_waiting(app)
    assert owner.get(page, headers=HTMX).status_code == 286
    assert "codes.csv" in owner.get(page).text
    with within(bakery):
        db.session.get(CouponBatch, batch.id).status = "running"
    assert "codes.csv" not in owner.get(page).text  # half a list is not handed out as if it were all
    with within(bakery):
        db.session.get(CouponBatch, batch.id).status = "done"
    lines = owner.get(f"{page}/codes.csv").data.decode("utf-8-sig").splitlines()
    assert len(lines) == 31
    code = lines[1].split(",")[0]
    assert re.fullmatch(r"(\w{4}-){2}\w{4}", code)
    sheet = owner.get(f"{page}/sheet").text
    assert sheet.count("<svg") >= 24
    assert "after=" in sheet
    found = owner.get(f"{base}/codes?q={code[:7].lower()}", headers=HTMX).text
    assert found.count("<tr>") == 2
    with within(bakery):
        row = db.session.scalars(select(CouponCode).where(CouponCode.code == code.replace("-", ""))).one()
    assert "The code is void" in owner.post(f"{base}/codes/{row.id}/voiding", follow_redirects=True).text
    assert code in owner.get(f"{base}/codes?show=void").text
    assert "29 codes are void" in owner.post(f"{page}/voiding", follow_redirects=True).text


def test_a_personal_coupon_is_given_and_seen_with_the_member(app, within, owner, bakery):
    with within(bakery):
        coupon = make.published(bakery, trigger="personal", holdout_percent=50)
        person, _other = member("Eleni"), member("Nikos")
    base = f"/console/{bakery.slug}/coupons/{coupon.id}"
    assert owner.post(f"{base}/gifts", data={"number": "nobody"}).status_code == 422
    assert owner.post(f"{base}/gifts", data={"who": "whoever"}).status_code == 422
    assert (
        "Eleni has the coupon now"
        in owner.post(f"{base}/gifts", data={"number": person.number}, follow_redirects=True).text
    )
    assert owner.get(f"{base}/codes?q=ele").text.count("<tr>") == 2
    assert owner.post(f"{base}/gifts", data={"who": "all"}).status_code == 303
    run_waiting(app)
    page = owner.get(f"{base}/codes?show=held").text
    assert page.count("Left out") == 3
    assert "drawn by chance" in owner.get(base).text


def test_codes_from_a_file_are_shown_before_they_count(app, within, owner, bakery):
    with within(bakery):
        coupon = make.published(bakery)
    base = f"/console/{bakery.slug}/coupons/{coupon.id}"
    assert owner.post(f"{base}/imports", data={}).status_code == 422
    file = (io.BytesIO(b"code\nSPRING-001\nabc\n"), "spring.csv")
    page = owner.post(f"{base}/imports", data={"file": file}, follow_redirects=True).text
    assert "at least 6 letters" in page
    batch = only(app, bakery, CouponBatch)
    assert batch.status == "uploaded"
    owner.post(f"{base}/batches/{batch.id}/start")
    run_waiting(app)
    assert only(app, bakery, CouponCode).code == "SPRING001"


def test_the_list_is_searched_and_paged(within, owner, bakery):
    with within(bakery):
        for number in range(55):
            make.drafted(bakery, name=f"Offer {number:02}")
    page = owner.get(f"/console/{bakery.slug}/coupons").text
    assert page.count('class="coupon-name"') == 50
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    assert owner.get(following[1].replace("&amp;", "&")).text.count('class="coupon-name"') == 5
    assert (
        owner.get(f"/console/{bakery.slug}/coupons?q=offer+07", headers=HTMX).text.count(
            'class="coupon-name"'
        )
        == 1
    )
    assert "No coupon found" in owner.get(f"/console/{bakery.slug}/coupons?q=nothing").text


def test_a_cashier_sees_and_changes_nothing(within, as_role, bakery):
    with within(bakery):
        coupon = make.published(bakery, code="SEEN")
    cashier = as_role(bakery, "cashier")
    assert "SEEN" in cashier.get(f"/console/{bakery.slug}/coupons/{coupon.id}").text
    assert cashier.get(f"/console/{bakery.slug}/coupons/new").status_code == 403
    for verb in ("pause", "archive", "publication", "edit", "batches", "gifts", "imports"):
        assert cashier.post(f"/console/{bakery.slug}/coupons/{coupon.id}/{verb}").status_code == 403, verb


def test_a_code_that_another_coupon_has_is_refused_in_words(within, owner, bakery):
    with within(bakery):
        make.published(bakery, code="TAKEN")
        second = make.drafted(bakery, code="taken", name="Second")
    answer = owner.post(f"/console/{bakery.slug}/coupons/{second.id}/publication")
    assert answer.status_code == 422
    assert "Another coupon has this code" in answer.text


SENTENCES = [
    (
        {"terms": {"benefit": {"kind": "percent", "percent": 10, "max_discount_minor": 500},
                   "conditions": {"goods": {"categories": {"any": ["pastry"]}}, "uses_per_member": 1,
                                  "hours": [{"start": "00:00:00", "end": "10:00:00"}]}}},
        "10% off pastry, at most €5.00, before 10:00\u202fAM, once a member",
    ),
    (
        {"terms": {"benefit": {"kind": "cheapest_free", "quantity": 3, "get": 1}, "trigger": "automatic"}},
        "3 of everything for the price of 2",
    ),
    (
        {"terms": {"benefit": {"kind": "amount", "amount_minor": 500, "on": "order"},
                   "conditions": {"min_amount_minor": 3000}}, "limits": {"total": 50}},
        "€5.00 off the whole purchase, for purchases from €30.00, only 50 times in all",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("plan", "expected"), SENTENCES)
def test_terms_are_one_sentence(app, plan, expected):
    with app.test_request_context():
        assert words.sentence(Plan.from_mapping(plan), "EUR") == expected


def test_the_card_shows_what_the_member_holds_and_nothing_that_was_held_back(app, within, owner, bakery):
    with within(bakery):
        coupon = make.published(bakery, trigger="personal", valid_days=30, name="Five off")
        who = member("Eleni")
        code = issuing.give(coupon, who.id, utcnow())
        issuing.insert_codes(
            coupon, code.version_id, ["HELDBACK2222"], utcnow(),
            constants={"member_id": who.id, "is_holdout": True},
        )  # fmt: skip
        token = members.sign_in(who.id, utcnow())
    phone = app.test_client()
    phone.set_cookie(f"card-{bakery.slug}", token, path=f"/c/{bakery.slug}")
    card = phone.get(f"/c/{bakery.slug}").text
    shown = rules.shown(code.code)
    assert "10% off everything" in card
    assert shown in card
    assert "Valid until" in card
    assert card.count("coupon’s code as a QR code") == 1
    assert shown in owner.get(f"/console/{bakery.slug}/members/{who.id}").text
    with within(bakery):
        issuing.void(coupon.id, code.id)
    assert shown not in phone.get(f"/c/{bakery.slug}").text


@pytest.mark.parametrize("language", ["en", "pt", "sv", "el", "fr", "es"])
def test_every_benefit_and_condition_is_said_in_every_language(app, language):
    conditions = {
        "goods": {"categories": {"any": ["a", "b"], "none": ["c"]}}, "min_quantity": 2, "min_amount_minor": 100,
        "weekdays": [1, 2], "hours": [{"start": "08:00:00", "end": "10:00:00"}], "first_day": "2026-12-01",
        "last_day": "2026-12-24", "birthday": {"days_after": 6}, "tiers": {"any": ["gold"]},
        "locations": {"any": ["here"]}, "days_away": 30, "uses_per_member": 2, "members_only": True,
    }  # fmt: skip
    limits = {"total": 9, "per_period": 3, "per_member_period": 2, "period": "week"}
    benefits = [
        {"kind": "percent", "percent": 10, "max_discount_minor": 500}, {"kind": "percent", "on": "delivery"},
        {"kind": "amount", "amount_minor": 500, "per": "amount", "step_minor": 1000, "max_times": 3},
        {"kind": "amount", "amount_minor": 500, "per": "item", "quantity": 2},
        {"kind": "fixed_price", "quantity": 3, "amount_minor": 1000}, {"kind": "free_item", "quantity": 1},
        {"kind": "buy_x_get_y", "buy": 2, "get": 1, "percent": 50}, {"kind": "cheapest_free", "quantity": 3, "get": 1},
        {"kind": "coupon", "item": "x"}, {"kind": "gift_card", "amount_minor": 1000}, {"kind": "gift_card"},
        {"kind": "merchandise", "item": "cup"}, {"kind": "early_access", "item": "autumn"},
    ]  # fmt: skip
    with app.test_request_context(headers={"Accept-Language": language}):
        for benefit in benefits:
            plan = Plan.from_mapping(
                {
                    "terms": {"benefit": benefit, "conditions": conditions, "trigger": "automatic"},
                    "limits": limits,
                }
            )
            said = words.sentence(plan, "EUR", {"here": "Old town"})
            assert "Old town" in said
            assert said.count(",") >= 8
