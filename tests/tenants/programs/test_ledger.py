"""The ledger: sums, overflow, versions, undo, retries, limits, and races for one reward."""

from __future__ import annotations

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import ProgrammingError

from saas.db import db
from saas.web.clock import utcnow
from saas.web.refusals import Conflict
from tenants.programs import ledger
from tenants.programs.models import Enrolment, Entry, Program, ProgramVersion, Reward
from tenants.programs.rules import Terms
from tests.factories.ledger import CASHIER, member, stamp, stamp_card


def balance_and_sum(enrolment_id):
    balance = db.session.scalar(select(Enrolment.balance).where(Enrolment.id == enrolment_id))
    total = db.session.scalar(select(func.sum(Entry.units)).where(Entry.enrolment_id == enrolment_id))
    return balance, int(total or 0)


def test_overflow_carries_over_and_every_full_card_becomes_a_reward(within, bakery):
    with within(bakery):
        program, eleni = stamp_card(10), member()
        stamp(eleni.id, program.id, 8)
        result = stamp(eleni.id, program.id, 25)
        assert (result.balance, result.rewards_issued) == (3, 3)
        assert balance_and_sum(result.enrolment_id) == (3, 3)
        assert (
            db.session.scalar(select(func.count()).select_from(Reward).where(Reward.status == "issued")) == 3
        )


def test_a_retry_answers_the_same_and_adds_nothing(within, bakery):
    with within(bakery):
        program, eleni = stamp_card(), member()
        asked = dict(actor=CASHIER, cause="member_code", request_key="key-1", now=utcnow())
        first = ledger.earn(eleni.id, program.id, 2, **asked)
        again = ledger.earn(eleni.id, program.id, 2, **asked)
        assert again.is_repeat
        assert (again.entry_id, again.balance) == (first.entry_id, 2)
        with pytest.raises(Conflict):
            ledger.earn(eleni.id, program.id, 3, **asked)
        assert balance_and_sum(first.enrolment_id) == (2, 2)


@pytest.mark.parametrize("units", [0, -1, 51, 10**9])
def test_a_count_out_of_bounds_is_refused(within, bakery, units):
    with within(bakery):
        program, eleni = stamp_card(), member()
        with pytest.raises(ledger.BadCount):
            stamp(eleni.id, program.id, units)


def test_cool_down_and_daily_cap(within, bakery):
    with within(bakery):
        program, eleni = stamp_card(cooldown_minutes=30, daily_cap=3), member()
        now = dt.datetime(2026, 5, 4, 21, 30, tzinfo=dt.UTC)  # half past midnight in Athens

        def earn(units, at):
            return ledger.earn(
                eleni.id,
                program.id,
                units,
                actor=CASHIER,
                cause="member_code",
                request_key=uuid.uuid4().hex,
                now=at,
                time_zone="Europe/Athens",
            )

        earn(2, now)
        with pytest.raises(ledger.CooldownRunning, match="possible in 1 min"):
            earn(1, now + dt.timedelta(minutes=29))
        with pytest.raises(
            ledger.CooldownRunning, match="possible in 2 min"
        ):  # rounded up, or one comes too early
            earn(1, now + dt.timedelta(minutes=28, seconds=59))
        earn(1, now + dt.timedelta(minutes=30))
        with pytest.raises(ledger.DailyCapReached):
            earn(1, now + dt.timedelta(hours=20))
        assert earn(1, now + dt.timedelta(hours=24)).balance == 4


def test_undo_takes_back_by_a_counter_entry_and_cancels_the_reward(within, bakery):
    with within(bakery):
        program, eleni = stamp_card(5), member()
        stamp(eleni.id, program.id, 4)
        last = stamp(eleni.id, program.id, 2)
        undone = ledger.undo(last.entry_id, actor=CASHIER, request_key="undo-1", now=utcnow())
        assert (undone.balance, undone.rewards_cancelled) == (4, 1)
        assert balance_and_sum(last.enrolment_id) == (4, 4)
        again = ledger.undo(last.entry_id, actor=CASHIER, request_key="undo-1", now=utcnow())
        assert again.entry_id == undone.entry_id
        with pytest.raises(ledger.AlreadyUndone):
            ledger.undo(last.entry_id, actor=CASHIER, request_key="undo-2", now=utcnow())


def test_a_reward_that_was_handed_out_keeps_its_stamps(within, bakery):
    with within(bakery):
        program, eleni = stamp_card(2), member()
        full = stamp(eleni.id, program.id, 2)
        reward_id = db.session.scalar(select(Reward.id).where(Reward.enrolment_id == full.enrolment_id))
        ledger.fulfil(reward_id, actor=CASHIER, now=utcnow())
        with pytest.raises(ledger.RewardGone):
            ledger.fulfil(reward_id, actor=CASHIER, now=utcnow())
    with within(bakery), pytest.raises(ledger.RewardGone):
        ledger.undo(full.entry_id, actor=CASHIER, request_key="u", now=utcnow())
    with within(bakery):
        assert balance_and_sum(full.enrolment_id) == (0, 0)


def test_an_undone_stamp_starts_no_cool_down(within, bakery):
    with within(bakery):
        program, eleni = stamp_card(cooldown_minutes=60), member()
        asked = dict(actor=CASHIER, cause="member_code")
        first = ledger.earn(eleni.id, program.id, 1, request_key="a", now=utcnow(), **asked)
        ledger.undo(first.entry_id, actor=CASHIER, request_key="b", now=utcnow())
        assert ledger.earn(eleni.id, program.id, 1, request_key="c", now=utcnow(), **asked).balance == 1


def test_what_was_undone_counts_for_no_day(within, bakery):
    """The cap counts what the day's stamps leave, and the units of a full card that an undo gives back are none."""
    with within(bakery):
        program, eleni = stamp_card(3, daily_cap=4), member()
        asked = dict(actor=CASHIER, cause="member_code")
        at = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
        ledger.earn(eleni.id, program.id, 2, request_key="a", now=at, **asked)
        full = ledger.earn(eleni.id, program.id, 2, request_key="b", now=at, **asked)
        assert full.rewards_issued == 1
        ledger.undo(full.entry_id, actor=CASHIER, request_key="undo", now=at)
        again = ledger.earn(eleni.id, program.id, 2, request_key="c", now=at, **asked)
        assert (again.balance, again.rewards_issued) == (1, 1)
        with pytest.raises(ledger.DailyCapReached):
            ledger.earn(eleni.id, program.id, 1, request_key="d", now=at, **asked)


def publish(program: Program, **changes: object) -> None:
    terms = {**program.draft, **changes}
    program.version_number += 1
    db.session.add(
        ProgramVersion(
            program_id=program.id,
            number=program.version_number,
            terms=terms,
            published_at=utcnow(),
            published_by="Owner",
        )
    )
    db.session.flush()


@pytest.mark.parametrize(("required", "expected"), [(12, 10), (8, 8)])
def test_a_card_under_way_keeps_its_terms_unless_the_new_ones_are_better(within, bakery, required, expected):
    with within(bakery):
        program, eleni = stamp_card(10), member()
        stamp(eleni.id, program.id, 5)
        publish(program, required=required)
        assert stamp(eleni.id, program.id, 1).required == expected
        after = stamp(eleni.id, program.id, 6)
        assert after.rewards_issued == 1
        assert after.balance == 12 - expected
        version = db.session.get_one(
            ProgramVersion, db.session.get_one(Enrolment, after.enrolment_id).version_id
        )
        assert Terms.from_mapping(version.terms).required == required


def test_entries_can_be_neither_changed_nor_deleted(within, bakery):
    with within(bakery):
        program, eleni = stamp_card(), member()
        stamp(eleni.id, program.id)
    with pytest.raises(ProgrammingError, match="permission denied"), within(bakery):
        db.session.execute(update(Entry).values(units=99))


def test_fifty_sessions_race_for_one_reward(app, within, bakery):
    with within(bakery):
        program, eleni = stamp_card(1), member()
        full = stamp(eleni.id, program.id)
        reward_id = db.session.scalar(select(Reward.id).where(Reward.enrolment_id == full.enrolment_id))

    def take(_: int) -> bool:
        try:
            with within(bakery):
                ledger.fulfil(reward_id, actor=CASHIER, now=utcnow())
        except ledger.RewardGone:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(50))) == 1


def test_racing_stamps_are_all_counted_once(app, within, bakery):
    with within(bakery):
        program, eleni = stamp_card(7), member()

    def give(number: int) -> None:
        with within(bakery):
            ledger.earn(
                eleni.id,
                program.id,
                1,
                actor=CASHIER,
                cause="member_code",
                request_key=f"race-{number // 2}",
                now=utcnow(),
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(give, range(60)))
    with within(bakery):
        enrolment_id = db.session.scalar(select(Enrolment.id))
        assert balance_and_sum(enrolment_id) == (30 % 7, 30 % 7)
        assert db.session.scalar(select(func.count()).select_from(Reward)) == 30 // 7


def test_stamps_that_later_ones_stand_on_are_undone_last(within, bakery):
    with within(bakery):
        program, eleni = stamp_card(10), member()
        stamp(eleni.id, program.id, 8)
        filling = stamp(eleni.id, program.id, 3)
        later = stamp(eleni.id, program.id, 2)
    with pytest.raises(ledger.RewardGone), within(bakery):
        ledger.undo(filling.entry_id, actor=CASHIER, request_key="1", now=utcnow())
    with within(bakery):
        assert balance_and_sum(filling.enrolment_id) == (3, 3)
        ledger.undo(later.entry_id, actor=CASHIER, request_key="2", now=utcnow())
        assert ledger.undo(filling.entry_id, actor=CASHIER, request_key="3", now=utcnow()).balance == 8
        assert balance_and_sum(filling.enrolment_id) == (8, 8)


def test_an_undone_card_goes_on_under_the_terms_it_had(within, bakery):
    """One earn that fills a card of the old terms and one of the new ones leads back to the old."""
    with within(bakery):
        program, eleni = stamp_card(3), member()
        before = stamp(eleni.id, program.id, 2)
        first_version = db.session.get_one(Enrolment, before.enrolment_id).version_id
        publish(program, required=4, reward_name="Free tea")
        filling = stamp(eleni.id, program.id, 6)
        assert (filling.rewards_issued, filling.balance) == (2, 1)
        names = db.session.scalars(select(Reward.name).order_by(Reward.name)).all()
        assert names == ["Free coffee", "Free tea"]  # each card's own
        undone = ledger.undo(filling.entry_id, actor=CASHIER, request_key="u", now=utcnow())
        assert (undone.balance, undone.rewards_cancelled) == (2, 2)
        assert db.session.get_one(Enrolment, before.enrolment_id).version_id == first_version
