"""Draft, publish, pause, resume, archive: versions are kept, members are enrolled once, refusals say why."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import NotFound

from saas.db import db
from saas.merchants.registry import Record
from tenants.programs import operations, queries
from tenants.programs.models import Enrolment, Program, ProgramVersion
from tenants.programs.operations import NothingPublished, ProgramArchived
from tenants.programs.rules import Terms
from tests.factories import ledger
from tests.factories.programs import draft_program, published_program

Within = Callable[[Record], AbstractContextManager[None]]
NOW = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)
TERMS = Terms(headline="Your 10th coffee is on us", required=10, reward_name="Free coffee")


def test_a_draft_runs_nowhere(bakery: Record, within: Within) -> None:
    with within(bakery):
        program = operations.create("Coffee card", TERMS, NOW)
        assert (program.status, program.version_number) == ("draft", 0)
        assert queries.running() == []
        assert queries.change(program) is None


def test_publishing_makes_a_version_and_enrols_everybody_once(bakery: Record, within: Within) -> None:
    with within(bakery):
        members = [ledger.member(name) for name in ("Eleni", "Nikos", "Maria")]
        program = draft_program()
        operations.publish(program.id, "Owner", NOW)
        operations.publish(program.id, "Owner", NOW)
        assert [version.number for version in queries.versions(program.id)] == [1]
        assert db.session.scalar(select(func.count()).select_from(Enrolment)) == len(members)
        assert [found.id for found, _version, _terms in queries.running()] == [program.id]


def test_an_unchanged_draft_makes_no_version_and_a_changed_one_does(bakery: Record, within: Within) -> None:
    with within(bakery):
        program = published_program(10)
        changed = replace(Terms.from_mapping(program.draft), required=12)
        operations.save_draft(program.id, "Coffee card", changed, NOW)
        assert queries.running()[0][2].required == 10
        version = operations.publish(program.id, "Manager of Bakery", NOW)
        assert (version.number, version.published_by) == (2, "Manager of Bakery")
        assert queries.running()[0][2].required == 12
        assert [kept.terms["required"] for kept in queries.versions(program.id)] == [12, 10]


def test_two_who_publish_at_once_make_one_version(bakery: Record, within: Within) -> None:
    with within(bakery):
        ledger.member()
        program_id = draft_program().id
    barrier = Barrier(8)

    def publish() -> int:
        with within(bakery):
            barrier.wait()
            return operations.publish(program_id, "Owner", NOW).number

    with ThreadPoolExecutor(8) as pool:
        numbers = [future.result() for future in [pool.submit(publish) for _ in range(8)]]
    assert set(numbers) == {1}
    with within(bakery):
        assert len(queries.versions(program_id)) == 1
        assert db.session.scalar(select(func.count()).select_from(Enrolment)) == 1


def test_a_version_can_not_be_changed_by_the_merchants_role(bakery: Record, within: Within) -> None:
    with within(bakery):
        published_program()
    with pytest.raises(DBAPIError, match="permission denied"), within(bakery):
        db.session.execute(update(ProgramVersion).values(published_by="someone else"))


def test_cards_under_way_keep_their_version(bakery: Record, within: Within) -> None:
    with within(bakery):
        program = published_program(10)
        member = ledger.member()
        ledger.stamp(member.id, program.id, 3)
        harder = replace(Terms.from_mapping(program.draft), required=12)
        operations.save_draft(program.id, "Coffee card", harder, NOW)
        change = queries.change(program)
        assert change is not None
        assert (change.fields, change.is_better, queries.under_way(program.id)) == (["required"], False, 1)
        operations.publish(program.id, "Owner", NOW)
        stamped = ledger.stamp(member.id, program.id, 7)
        assert (stamped.rewards_issued, stamped.balance, stamped.required) == (1, 0, 12)


def test_pausing_and_resuming(bakery: Record, within: Within) -> None:
    with within(bakery):
        program = published_program()
        assert operations.pause(program.id, NOW).status == "paused"
        assert operations.pause(program.id, NOW).status == "paused"
        assert queries.running() == []
        late = ledger.member("Late")
        assert operations.resume(program.id, NOW).status == "published"
        assert db.session.scalar(select(Enrolment.balance).where(Enrolment.member_id == late.id)) == 0


@pytest.mark.parametrize("verb", [operations.pause, operations.resume])
def test_a_draft_is_neither_paused_nor_resumed(
    bakery: Record, within: Within, verb: Callable[[uuid.UUID, dt.datetime], Program]
) -> None:
    with within(bakery):
        program = draft_program()
        with pytest.raises(NothingPublished):
            verb(program.id, NOW)


def test_an_archived_program_is_left_alone_until_it_is_back(bakery: Record, within: Within) -> None:
    with within(bakery):
        program = published_program()
        operations.archive(program.id, NOW)
        for verb in (
            lambda: operations.save_draft(program.id, "Other", TERMS, NOW),
            lambda: operations.publish(program.id, "Owner", NOW),
            lambda: operations.pause(program.id, NOW),
            lambda: operations.resume(program.id, NOW),
        ):
            with pytest.raises(ProgramArchived):
                verb()
        assert operations.restore(program.id, NOW).status == "paused"
        assert operations.restore(program.id, NOW).status == "paused"


def test_an_archived_draft_comes_back_as_a_draft(bakery: Record, within: Within) -> None:
    with within(bakery):
        program = draft_program()
        operations.archive(program.id, NOW)
        assert operations.restore(program.id, NOW).status == "draft"


def test_a_foreign_program_is_not_found(bakery: Record, florist: Record, within: Within) -> None:
    with within(bakery):
        program = published_program()
    with within(florist), pytest.raises(NotFound):
        operations.publish(program.id, "Owner", NOW)


def test_the_list_counts_members_and_stamps_of_thirty_days(bakery: Record, within: Within) -> None:
    with within(bakery):
        program = published_program(10)
        now = dt.datetime.now(dt.UTC)
        eleni, nikos = ledger.member("Eleni"), ledger.member("Nikos")
        ledger.stamp(eleni.id, program.id, 12)
        ledger.stamp(nikos.id, program.id, 5, at=now - dt.timedelta(days=31))
        undone = ledger.stamp(nikos.id, program.id, 2)
        ledger.ledger.undo(undone.entry_id, actor=ledger.CASHIER, request_key="undo", now=now)
        draft = draft_program(name="Draft")
        lines = queries.listed(now + dt.timedelta(seconds=1))
        assert [(line.id, line.members, line.stamps) for line in lines] == [
            (program.id, 2, 12),
            (draft.id, 0, 0),
        ]
