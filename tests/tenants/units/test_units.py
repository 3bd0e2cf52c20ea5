"""Units: expiry by the shop's clock, pending, corrections, occasions, tiers reviewed, warnings, rewards' lives."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections import Counter

import pytest
import time_machine
from flask_babel import force_locale
from sqlalchemy import func, select

from saas.db import PLATFORM, db, transaction
from saas.web import jobs
from saas.web.models import KeptMail
from saas.web.refusals import Conflict
from tenants.card import history
from tenants.coupons import editing
from tenants.coupons.models import CouponCode
from tenants.coupons.operations import CouponUsedUp
from tenants.engine.reasons import CODES
from tenants.engine.values import Redeem, UseReady
from tenants.members.models import Member
from tenants.programs import ledger, operations, reasons
from tenants.programs import terms as stored_terms
from tenants.programs.ledger import AlreadyUndone
from tenants.programs.models import Enrolment, Entry, Reward
from tenants.purchases import redeeming
from tenants.units import adjusting, expiry, merchandise, occasions, rewards, tasks
from tenants.units.models import Lot
from tests.factories import coupons
from tests.factories.ledger import CASHIER, member, stamp_card
from tests.factories.purchases import POINTS, amount, commit, published, refund
from tests.tenants.purchases.test_races import race

JANUARY = dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)
BEFORE = dt.datetime(2025, 6, 1, tzinfo=dt.UTC)


@pytest.fixture
def go_round(app):
    """The hourly round as of a moment."""

    def run(merchant, now):
        with app.app_context():
            tasks.keep_until(merchant, now)

    return run


def enrolment(who):
    query = select(Enrolment).where(Enrolment.member_id == who.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def enrolment_of(enrolment_id):
    return db.session.get(Enrolment, enrolment_id, populate_existing=True)


def entries():
    rows = db.session.execute(select(Entry.kind, Entry.units, Entry.cause).order_by(Entry.id)).all()
    return [tuple(row) for row in rows]


def test_units_expire_at_the_end_of_a_local_day_and_once(within, bakery, go_round):
    with within(bakery):
        published({**POINTS, "expiry": {"months": 1}}, at=BEFORE)
        who = member()
        commit(bakery, who.id, amount(700), at=JANUARY)
        commit(bakery, who.id, amount(100), at=JANUARY + dt.timedelta(days=3))
        last = dt.datetime(2026, 2, 28, 21, 59, tzinfo=dt.UTC)  # a minute before midnight in Athens
        assert expiry.due(last, 9) == []
    go_round(bakery, last)
    for _ in range(2):
        go_round(bakery, last + dt.timedelta(minutes=1))
    with within(bakery):
        assert enrolment(who).balance == 1
        assert entries()[-1] == ("expire", -7, "expiry")
        assert len(entries()) == 3


def test_what_was_spent_does_not_expire_and_what_comes_back_too_late_expires_again(within, bakery, go_round):
    with within(bakery):
        program = published({**POINTS, "expiry": {"months": 1}}, at=BEFORE)
        who = member()
        commit(bakery, who.id, amount(2000), at=JANUARY)
        spent = commit(bakery, who.id, amount(600), at=JANUARY, choices=(Redeem(str(program.id), "off"),))
    go_round(bakery, JANUARY + dt.timedelta(days=60))
    with within(bakery):
        assert enrolment(who).balance == 0
        refund(bakery, spent.purchase_id, now=JANUARY + dt.timedelta(days=61))
        assert enrolment(who).balance == 19  # the one point of the purchase itself had expired, and is owed
    go_round(bakery, JANUARY + dt.timedelta(days=62))
    with within(bakery):
        assert enrolment(who).balance == 0


def test_pending_units_wait_for_the_return_window(within, bakery):
    with within(bakery):
        program = published({**POINTS, "pending_days": 14}, at=BEFORE)
        who = member()
        commit(bakery, who.id, amount(2000), at=JANUARY)
        ask = dict(merchant=bakery, actor=CASHIER, request_key="k")
        with pytest.raises(rewards.NotEnoughUnits), db.session.begin_nested():
            redeeming.issue(who.id, program.id, "off", now=JANUARY + dt.timedelta(days=14), **ask)
        redeeming.issue(who.id, program.id, "off", now=JANUARY + dt.timedelta(days=15), **ask)
        assert enrolment(who).balance == 0


def test_a_reward_lives_once(within, bakery, go_round):
    with within(bakery):
        terms = {**POINTS, "rewards": [{**POINTS["rewards"][0], "valid_days": 7}]}
        program = published(
            terms, at=BEFORE, rewards={"cup": {"name": "A cup", "note": "Blue"}}, unit="beans"
        )
        merchandise.set_stock("cup", 5, JANUARY)
        who = member()
        commit(bakery, who.id, amount(3000), at=JANUARY)
        ask = dict(merchant=bakery, actor=CASHIER, now=JANUARY)
        first = redeeming.issue(who.id, program.id, "cup", request_key="1", **ask)
        assert redeeming.issue(who.id, program.id, "cup", request_key="1", **ask).id == first.id
        with pytest.raises(Conflict):
            redeeming.issue(who.id, program.id, "other", request_key="1", **ask)
        second = redeeming.issue(who.id, program.id, "cup", request_key="2", **ask)
        third = redeeming.issue(who.id, program.id, "cup", request_key="3", **ask)
        assert (first.name, merchandise.stock_of("cup"), enrolment(who).balance) == ("A cup", 2, 0)
        ledger.fulfil(first.id, actor=CASHIER, now=JANUARY)
        rewards.cancel(second.id, actor=CASHIER, now=JANUARY)
        assert (merchandise.stock_of("cup"), enrolment(who).balance) == (3, 10)
        for closed in (first, second):
            with pytest.raises(ledger.RewardGone), db.session.begin_nested():
                rewards.cancel(closed.id, actor=CASHIER, now=JANUARY)
        late = JANUARY + dt.timedelta(days=8)
        used = commit(bakery, who.id, amount(50), at=late, choices=(UseReady(str(third.id)),))
        assert [item.reason.code for item in used.result.refused] == ["reward_expired"]
        with pytest.raises(ledger.RewardGone):
            ledger.fulfil(third.id, actor=CASHIER, now=late)
    go_round(bakery, late)
    go_round(bakery, late)
    with within(bakery):
        assert db.session.get_one(Reward, third.id).status == "expired"
        assert (merchandise.stock_of("cup"), enrolment(who).balance) == (4, 20)
        lines = history.page(db.session.get_one(Member, who.id), bakery).lines
        assert any("10 beans spent on “A cup”." in line.why for line in lines)
        assert any("10 beans are back: “A cup” was not taken." in line.why for line in lines)


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("pay", {}),
        ("nothing", {}),
        ("cup", {"conditions": {"weekdays": [1]}}),  # the last of January 2026 is a Saturday
        ("cup", {"conditions": {"uses_per_member": 1}}),
    ],
)
def test_what_is_not_to_be_had(within, bakery, key, change):
    with within(bakery):
        cup, off, pay = POINTS["rewards"]
        program = published({**POINTS, "rewards": [{**cup, **change}, off, pay]}, at=BEFORE)
        who = member()
        commit(bakery, who.id, amount(9000), at=JANUARY)
        ask = dict(merchant=bakery, actor=CASHIER, now=JANUARY)
        if "uses_per_member" in change.get("conditions", {}):
            redeeming.issue(who.id, program.id, key, request_key="0", **ask)
        with pytest.raises(redeeming.NotToBeHad):
            redeeming.issue(who.id, program.id, key, request_key="1", **ask)


def test_corrections_need_a_reason_and_never_go_below_zero(within, bakery):
    with within(bakery):
        published(POINTS, at=BEFORE)
        who = member()
        commit(bakery, who.id, amount(700), at=JANUARY)
        row = enrolment(who)
        ask = dict(actor=CASHIER, now=JANUARY)
        entry = adjusting.adjust(row.id, 5, "Forgot to scan", request_key="a", **ask)
        assert adjusting.adjust(row.id, 5, "Forgot to scan", request_key="a", **ask).id == entry.id
        with pytest.raises(Conflict):
            adjusting.adjust(row.id, 6, "Forgot to scan", request_key="a", **ask)
        for units, reason in ((0, "why"), (-13, "why"), (1, " "), (10**8, "why")):
            with pytest.raises(adjusting.BadAdjustment):
                adjusting.adjust(row.id, units, reason, request_key="b", **ask)
        adjusting.adjust(row.id, -12, "All of it", request_key="c", **ask)
        assert enrolment(who).balance == 0
        assert db.session.scalar(select(func.sum(Lot.units_left))) == 0
        assert "Corrected by the shop: All of it" in history.page(who, bakery).lines[0].why


def test_a_correction_expires_as_the_program_says_and_is_taken_back_once(within, bakery):
    with within(bakery):
        published({**POINTS, "expiry": {"months": 1}}, at=BEFORE)
        who = member()
        commit(bakery, who.id, amount(700), at=JANUARY)
        row, later = enrolment(who), JANUARY + dt.timedelta(days=3)
        ask = dict(actor=CASHIER, now=later)
        gave = adjusting.adjust(row.id, 5, "Sorry", request_key="a", time_zone="Europe/Athens", **ask)
        ends = dict(db.session.execute(select(Lot.units_left, Lot.expires_at)).all())
        assert ends[5].isoformat() == "2026-03-03T22:00:00+00:00"
        took = adjusting.adjust(row.id, -9, "Counted twice", request_key="b", **ask)
        back = adjusting.undo(took.id, request_key="c", **ask)
        assert adjusting.undo(took.id, request_key="c", **ask).id == back.id
        assert (back.kind, back.units, back.reverses_id) == ("reverse", 9, took.id)
        assert dict(db.session.execute(select(Lot.units_left, Lot.expires_at)).all()) == ends
        with pytest.raises(AlreadyUndone):
            adjusting.undo(took.id, request_key="d", **ask)
        with pytest.raises(Conflict):
            adjusting.undo(gave.id, request_key="c", **ask)
        adjusting.undo(gave.id, request_key="e", **ask)
        assert enrolment(who).balance == 7
        assert "took a correction back: Sorry" in history.page(who, bakery).lines[0].why


@pytest.mark.parametrize(("policy", "left"), [("negative", -5), ("stop_at_zero", 0)])
def test_what_a_correction_gave_and_is_spent_goes_by_the_policy(within, bakery, policy, left):
    with within(bakery):
        published({**POINTS, "clawback": policy}, at=BEFORE)
        row = enrolment(member())
        ask = dict(actor=CASHIER, now=JANUARY)
        gave = adjusting.adjust(row.id, 12, "Sorry", request_key="a", **ask)
        adjusting.adjust(row.id, -5, "Too many", request_key="b", **ask)
        adjusting.undo(gave.id, request_key="c", **ask)
        assert enrolment_of(row.id).balance == left
        assert entries()[-1] == ("reverse", left - 7, "adjustment")


def test_a_correction_never_fills_a_card(within, bakery):
    with within(bakery):
        stamp_card(3)
        row = enrolment(member())
        ask = dict(actor=CASHIER, now=JANUARY)
        with pytest.raises(adjusting.BadAdjustment):
            adjusting.adjust(row.id, 3, "Sorry", request_key="a", **ask)
        adjusting.adjust(row.id, 2, "Sorry", request_key="b", **ask)
        took = adjusting.adjust(row.id, -1, "Counted twice", request_key="c", **ask)
        adjusting.adjust(row.id, 1, "Sorry again", request_key="d", **ask)
        with pytest.raises(adjusting.BadAdjustment):
            adjusting.undo(took.id, request_key="e", **ask)
        assert enrolment_of(row.id).balance == 2


def test_corrections_at_once_are_all_counted_and_a_repeat_counts_once(within, bakery):
    with within(bakery):
        published(POINTS, at=BEFORE)
        enrolment_id = enrolment(member()).id

    def act(number):
        key = f"k{number // 2}"
        return adjusting.adjust(enrolment_id, 3, "Sorry", actor=CASHIER, request_key=key, now=JANUARY).id

    given = race(within, bakery, 12, act)
    assert len(set(given)) == 6
    undo = race(
        within,
        bakery,
        6,
        lambda n: adjusting.undo(given[0], actor=CASHIER, request_key=f"u{n}", now=JANUARY).units,
    )
    assert Counter(undo) == {-3: 1, "AlreadyUndone": 5}
    with within(bakery):
        assert enrolment_of(enrolment_id).balance == 15
        assert db.session.scalar(select(func.sum(Entry.units))) == 15


def test_occasions_happen_once_for_each_identity_and_are_capped(within, bakery):
    with within(bakery):
        given = [
            {"event": "referral", "units": 5, "max_times": 2},
            {"event": "welcome", "units": 3, "max_times": 1},
        ]
        published({**POINTS, "occasions": given}, at=BEFORE)
        who = member()

        def happen(event, identity):
            return len(occasions.happened(who.id, event, identity, merchant=bakery, now=JANUARY))

        assert [happen("welcome", "joined"), happen("welcome", "joined"), happen("welcome", "again")] == [
            1,
            0,
            0,
        ]
        friends = ["anna", "anna", "petros", "maria"]
        assert [happen("referral", friend) for friend in friends] == [1, 0, 1, 0]
        assert happen("review", "1") == 0
        with pytest.raises(occasions.SelfReferral):
            happen("referral", str(who.id))
        assert enrolment(who).balance == 13


def test_whoever_joins_is_welcomed_once(client, within, bakery):
    with within(bakery):
        published({**POINTS, "occasions": [{"event": "welcome", "units": 4}]}, at=BEFORE)
    page = client.get(f"/c/{bakery.slug}").text
    nonce = re.search(r'name="nonce"[^>]*value="([^"]+)"', page)
    assert nonce
    for _ in range(2):
        form = {"first_name": "Eleni", "nonce": nonce.group(1), "email": "eleni@example.com"}
        client.post(f"/c/{bakery.slug}/join", data=form)
    with within(bakery):
        who = db.session.scalars(select(Member)).one()
        assert enrolment(who).balance == 4
        assert "joining" in history.page(who, bakery).lines[0].why


def test_birthdays_are_given_on_the_day_by_the_shops_calendar(within, bakery, go_round):
    with within(bakery):
        published({**POINTS, "occasions": [{"event": "birthday", "units": 9}]}, at=BEFORE)
        leap, other = member("Leap"), member("Other")
        db.session.get_one(Member, leap.id).birthday = dt.date(1996, 2, 29)
        db.session.get_one(Member, other.id).birthday = dt.date(1990, 3, 1)
    morning = dt.datetime(2026, 2, 27, 23, tzinfo=dt.UTC)  # the 28th in Athens
    for _ in range(2):
        go_round(bakery, morning)
    with within(bakery):
        assert [enrolment(who).balance for who in (leap, other)] == [9, 0]
    go_round(bakery, dt.datetime(2028, 2, 28, 12, tzinfo=dt.UTC))
    with within(bakery):
        assert enrolment(leap).balance == 9
    go_round(bakery, dt.datetime(2028, 2, 29, 12, tzinfo=dt.UTC))
    with within(bakery):
        assert enrolment(leap).balance == 18


def test_a_tier_is_kept_then_reviewed_then_lost_after_the_grace(within, bakery, go_round):
    with within(bakery):
        tiers = {
            "kind": "tiers",
            "rules": [{"key": "spend", "step_minor": 1}],
            "tiers": [{"key": "gold", "threshold": 5000}],
            "window": {"kind": "rolling", "months": 12, "grace_days": 30},
        }
        published(tiers, at=BEFORE, tiers={"gold": "Gold"})
        who = member()
        commit(bakery, who.id, amount(6000), at=JANUARY)
        assert enrolment(who).tier == "gold"
    for days, tier in ((364, "gold"), (367, "gold"), (400, None)):
        go_round(bakery, JANUARY + dt.timedelta(days=days))
        with within(bakery):
            assert enrolment(who).tier == tier


def test_members_are_told_before_units_expire_once_and_in_their_language(app, within, bakery, go_round):
    with within(bakery):
        published({**POINTS, "expiry": {"months": 1}}, name="Bonus", at=BEFORE)
        eleni, nobody = member("Eleni", email=f"{uuid.uuid4().hex}@example.com"), member("Nobody")
        silent = member("Never agreed", email=f"{uuid.uuid4().hex}@example.com")
        agreed = db.session.get_one(Member, eleni.id)
        agreed.language, agreed.consent_at = "sv", BEFORE
        for who in (eleni, nobody, silent):
            commit(bakery, who.id, amount(700), at=JANUARY)
    for day in (10, 16, 17):
        with time_machine.travel(JANUARY + dt.timedelta(days=day), tick=True):
            go_round(bakery, JANUARY + dt.timedelta(days=day))
    with app.app_context():
        jobs.run_waiting(app)
    with app.app_context(), transaction(PLATFORM):
        mails = db.session.scalars(
            select(KeptMail).where(KeptMail.recipient.in_((eleni.email, silent.email)))
        ).all()
    assert len(mails) == 1
    assert (mails[0].recipient, "Bonus" in mails[0].body) == (eleni.email, True)
    assert "28 februari 2026" in mails[0].subject


def test_the_round_is_queued_for_each_merchant(app, within, bakery):
    with within(bakery):
        published({**POINTS, "expiry": {"days": 1}}, at=BEFORE)
        who = member()
        commit(bakery, who.id, amount(700), at=JANUARY)
    with app.app_context():
        tasks.go_round()
        jobs.run_waiting(app)
    with within(bakery):
        assert enrolment(who).balance == 0


def test_every_reason_has_words_and_takes_the_parameters_it_carries(app):
    samples = {"weekdays": "1,2", "hours": "08:00-10:00", "first_day": "2026-01-01", "last_day": "2026-02-01"}
    samples |= {"day": "2026-02-01", "until": "2026-02-01"}
    with app.test_request_context():
        for language in ("en", "el", "sv"):
            with force_locale(language):
                for kind in ("stamp_card", "points", "cashback"):
                    speech = reasons.Speech("EUR", kind)
                    for code, names in CODES.items():
                        params = {name: samples.get(name, 7) for name in names}
                        text = reasons.words(code, params, speech)
                        assert text.endswith("."), code
                        assert "%(" not in text, code
        assert set(CODES) <= set(reasons.WORDS)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "1,250,000 points"), ("el", "1.250.000 πόντοι"), ("sv", "1\xa0250\xa0000 poäng")],
)
def test_many_units_are_written_in_groups(app, language, words):
    with app.test_request_context(), force_locale(language):
        assert (reasons.Speech("EUR").units(1_250_000), reasons.Speech("EUR").units("1")[:2]) == (words, "1 ")


def test_terms_are_published_only_when_they_can_be_kept(within, bakery):
    with within(bakery):
        cases = [
            ("points", {"engine": {"kind": "points", "tiers": [{"key": "x", "threshold": 1}]}}, "engine.tiers"),
            ("points", {"engine": {"kind": "cashback"}}, "engine.kind"),
            ("points", {"engine": {"kind": "points", "colour": 1}}, "engine.colour"),
            ("points", {"engine": {"kind": "points"}, "words": {"rewards": {"x": {"name": "X"}}}}, "words.rewards.x"),
            ("points", {"headline": "only words"}, "engine"),
            ("stamp_card", {"headline": "A", "required": 5, "reward_name": "B", "engine": {
                "kind": "stamp_card", "required": 4, "rewards": [{"key": "B", "benefit": {"kind": "free_item"}}]}},
             "engine.required"),
        ]  # fmt: skip
        for kind, mapping, path in cases:
            program = operations.create_of_kind(kind, "Broken", mapping, JANUARY)
            with pytest.raises(operations.TermsInvalid) as refused:
                operations.publish(program.id, "Owner", JANUARY)
            assert path in [problem.path for problem in refused.value.problems]


def test_a_reward_gives_no_coupon_that_there_is_not_or_that_was_put_away(within, bakery):
    with within(bakery):
        coupon = coupons.published(bakery, trigger="personal", name="Next order")
        gift = {"kind": "coupon", "item": "Next"}
        terms = {**POINTS, "rewards": [{"key": "gift", "cost": 8, "benefit": gift}]}
        for item, is_good in (("Next", False), ("next order", True), (str(coupon.id), True)):
            gift["item"] = item
            faults = [fault.path for fault in stored_terms.faults("points", {"engine": terms})]
            assert faults == ([] if is_good else ["engine.rewards.0.benefit.item"]), item
        program = operations.create_of_kind("points", "Points", {"engine": terms}, BEFORE)
        operations.publish(program.id, "Owner", BEFORE)
        who = member()
        commit(bakery, who.id, amount(800))
        editing.set_status(coupon.id, "archived", JANUARY)
        with pytest.raises(operations.TermsInvalid):
            operations.publish(program.id, "Owner", JANUARY)
        choice = (Redeem(str(program.id), "gift"),)
        with pytest.raises(CouponUsedUp), db.session.begin_nested():
            commit(bakery, who.id, amount(100), choices=choice)
        assert enrolment(who).balance == 8
        editing.set_status(coupon.id, "paused", JANUARY)
        commit(bakery, who.id, amount(100), choices=choice)
        assert db.session.scalars(select(CouponCode.coupon_id)).one() == coupon.id


def test_old_rows_are_still_valid(within, bakery):
    """What the first version wrote: no lots, no reasons, a reward without terms."""
    with within(bakery):
        stamp_card(2)
        who = member()
        row = enrolment(who)
        reward = Reward(enrolment_id=row.id, version_id=row.version_id, name="Free coffee", issued_at=BEFORE)
        db.session.add(reward)
        db.session.flush()
        for kind, units, cause, reward_id in (
            ("earn", 3, "member_code", None),
            ("redeem", -2, "card_full", reward.id),
        ):
            db.session.add(
                Entry(
                    enrolment_id=row.id, kind=kind, units=units, version_id=row.version_id, cause=cause,
                    reward_id=reward_id, actor_kind="system", occurred_at=BEFORE, recorded_at=BEFORE,
                )
            )  # fmt: skip
        row.balance = 1
        db.session.flush()
        rewards.cancel(reward.id, actor=CASHIER, now=JANUARY)
        assert enrolment(who).balance == 3
        done = commit(bakery, who.id, amount(100))
        assert (enrolment(who).balance, len(done.result.outcomes[0].ready)) == (0, 2)
