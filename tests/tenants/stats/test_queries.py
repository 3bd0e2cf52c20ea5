"""The dashboard's figures from the ledger: days of the shop's zone, undone stamps, who came back."""

from __future__ import annotations

import datetime as dt
import uuid

from saas.db import db
from tenants.programs import ledger as book
from tenants.programs.models import Reward
from tenants.stats import activity, onboarding, queries
from tests.factories import ledger

ATHENS = "Europe/Athens"
TODAY = dt.date(2026, 11, 20)


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), dt.UTC)


def back(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def test_days_are_the_shops(bakery, within) -> None:
    with within(bakery):
        program, eleni = ledger.stamp_card(), ledger.member()
        ledger.stamp(eleni.id, program.id, 2, at=at(back(1), 21, 59))  # 23:59 in Athens, still yesterday
        ledger.stamp(eleni.id, program.id, 3, at=at(back(1), 22, 1))  # 00:01 in Athens, today
        assert queries.stamps_by_day(TODAY, 3, ATHENS) == [0, 2, 3]
        assert queries.stamps_by_day(TODAY, 3, "UTC") == [0, 5, 0]


def test_undone_stamps_count_nowhere(bakery, within) -> None:
    with within(bakery):
        program, eleni = ledger.stamp_card(), ledger.member()
        stamped = ledger.stamp(eleni.id, program.id, 4, at=at(back(2), 9))
        now = at(TODAY, 9)
        book.undo(stamped.entry_id, actor=ledger.CASHIER, request_key=uuid.uuid4().hex, now=now)
        assert queries.stamps_by_day(TODAY, 7, ATHENS) == [0] * 7
        assert queries.activity(TODAY, ATHENS) == queries.Activity(0, 0, 0, 0)


def test_returning_is_two_days_not_two_stamps(bakery, within) -> None:
    with within(bakery):
        program = ledger.stamp_card()
        once, twice_a_day, regular, before = (
            ledger.member(name) for name in ("Ana", "Bo", "Chloé", "Dimitra")
        )
        ledger.stamp(once.id, program.id, at=at(back(3), 9))
        ledger.stamp(twice_a_day.id, program.id, at=at(back(3), 9))
        ledger.stamp(twice_a_day.id, program.id, at=at(back(3), 15))
        ledger.stamp(regular.id, program.id, at=at(back(29), 9))
        ledger.stamp(regular.id, program.id, at=at(TODAY, 9))
        ledger.stamp(before.id, program.id, at=at(back(30), 9))
        ledger.stamp(before.id, program.id, at=at(back(59), 9))
        ledger.stamp(regular.id, program.id, at=at(back(60), 9))
        assert queries.activity(TODAY, ATHENS) == queries.Activity(3, 1, 1, 1)


def test_rewards_and_joiners_by_day(bakery, within) -> None:
    with within(bakery):
        program, eleni = ledger.stamp_card(required=2), ledger.member()
        eleni.joined_at = at(back(1), 9)
        ledger.stamp(eleni.id, program.id, 2, at=at(back(1), 9))
        reward = db.session.query(Reward).one()
        book.fulfil(reward.id, actor=ledger.CASHIER, now=at(TODAY, 9))
        assert queries.rewards_by_day(TODAY, 2, ATHENS) == [0, 1]
        assert queries.joined_by_day(TODAY, 2, ATHENS) == [1, 0]
        assert queries.enrolled() == 1


def test_events_page_on_without_losing_or_doubling(bakery, within) -> None:
    with within(bakery):
        program = ledger.stamp_card()
        same = at(back(1), 9)
        for number in range(7):
            person = ledger.member(f"Person {number}")
            person.joined_at = same
            ledger.stamp(person.id, program.id, at=same)
        db.session.flush()
        whole = activity.events(50)
        assert len(whole) == 14
        seen: list[uuid.UUID] = []
        position = None
        while page := activity.events(4, before=position):
            seen += [event.id for event in page]
            position = activity.Position.parse(page[-1].cursor)
        assert seen == [event.id for event in whole]


def test_an_event_says_what_the_card_then_held(bakery, within) -> None:
    with within(bakery):
        program, eleni = ledger.stamp_card(required=3), ledger.member()
        for day in (4, 3, 2, 1):
            ledger.stamp(eleni.id, program.id, at=at(back(day), 9))
        stamps = activity.events(10, kind="stamp")
        assert [(event.balance, event.required) for event in stamps] == [(1, 3), (3, 3), (2, 3), (1, 3)]
        assert activity.events(10, kind="stamp", text="nobody") == []
        assert {event.kind for event in activity.events(10)} == {"stamp", "joined"}


def test_a_position_from_an_address_is_checked() -> None:
    assert activity.Position.parse("2026-11-20T09:00:00+00:00~" + str(uuid.UUID(int=1))) is not None
    for text in (None, "", "x~y", "2026-11-20~" + str(uuid.UUID(int=1)), "2026-11-20T09:00:00+00:00~1"):
        assert activity.Position.parse(text) is None


def test_steps_are_done_by_facts(bakery, within) -> None:
    nothing = onboarding.PlatformFacts(has_brand=False, has_poster=False, has_staff=False)
    with within(bakery):
        assert not any(step.is_done for step in onboarding.steps(False, nothing))
        program, eleni = ledger.stamp_card(), ledger.member()
        ledger.stamp(eleni.id, program.id)
        found = {step.name for step in onboarding.steps(True, nothing) if step.is_done}
        assert found == {"email", "program", "member", "stamp"}
