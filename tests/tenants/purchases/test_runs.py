"""Imports into a real merchant's schema: exact sums, nothing twice, rewards of the past, cancelling,
racing.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from saas import cli
from saas.db import db, transaction
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.jobs import run_waiting
from tenants import demo
from tenants.members.models import Member
from tenants.programs import operations as programs
from tenants.programs.models import Enrolment, Entry, Reward
from tenants.purchases import operations, queries, runs, tasks
from tenants.purchases.choices import TO_HAND_OUT, Choice
from tenants.purchases.models import Purchase, PurchaseImport
from tenants.purchases.tasks import Report, import_file
from tests.factories import ledger as make

Within = Callable[[Record], AbstractContextManager[None]]
SAMPLE = Path(__file__).parents[3] / "tenants" / "demo_data" / "cdnow_sample.txt"
HEADER = "Member;Date;Amount;Quantity;Receipt\n"


def run(app: Flask, merchant: Record, text: str | bytes, **how: object) -> Report:
    content = text.encode() if isinstance(text, str) else text
    with app.app_context():
        return import_file(merchant, Path("purchases.csv"), content=content, **how)  # type: ignore[arg-type]


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def assert_sums() -> None:
    """Each balance is the sum of its entries, and each reward has its redeem entry."""
    sums = dict(
        db.session.execute(
            select(Entry.enrolment_id, func.sum(Entry.units)).group_by(Entry.enrolment_id)
        ).all()
    )
    for enrolment in db.session.scalars(select(Enrolment)):
        assert enrolment.balance == sums.get(enrolment.id, 0)
    redeems = set(db.session.scalars(select(Entry.reward_id).where(Entry.kind == "redeem")))
    assert redeems == set(db.session.scalars(select(Reward.id)))


def test_the_cdnow_sample_is_exact_and_once(app: Flask, bakery: Record, within: Within) -> None:
    with within(bakery):
        make.stamp_card(10, earn_by="item")
    content = SAMPLE.read_bytes()
    first = run(app, bakery, content)
    assert (first.rows, first.members, first.purchases, first.refused) == (6919, 2357, 6919, 0)
    with within(bakery):
        assert (count(Member), count(Purchase)) == (2357, 6919)
        items = sum(int(line.split()[3]) for line in content.decode().splitlines())
        assert first.stamps == items == db.session.scalar(select(func.sum(Purchase.quantity)))
        assert set(db.session.scalars(select(Reward.status))) == {"fulfilled"}
        assert_sums()
        before = count(Entry)
    again = run(app, bakery, content)
    assert (again.members, again.purchases, again.known, again.stamps) == (0, 0, 6919, 0)
    with within(bakery):
        assert (count(Member), count(Purchase), count(Entry)) == (2357, 6919, before)


def test_stamps_are_dated_as_in_the_file_and_overflow_to_the_next_card(
    app: Flask, bakery: Record, within: Within
) -> None:
    with within(bakery):
        make.stamp_card(4, earn_by="item", cooldown_minutes=600, daily_cap=1)
    rows = "A;2024-03-05 10:00;10,00;3;\nA;2024-03-01 09:00;10,00;3;\nA;2024-03-09;1,00;3;\n"
    done = run(app, bakery, HEADER + rows, rewards=TO_HAND_OUT)
    assert (done.purchases, done.stamps) == (3, 9)
    with within(bakery):
        card = db.session.scalars(select(Enrolment)).one()
        assert card.balance == 1
        rewards = db.session.scalars(select(Reward).order_by(Reward.issued_at)).all()
        assert [(reward.status, reward.issued_at.day) for reward in rewards] == [("issued", 5), ("issued", 9)]
        member = db.session.scalars(select(Member)).one()
        assert member.joined_at == dt.datetime(2024, 3, 1, 7, 0, tzinfo=dt.UTC)
        assert member.last_seen_at is not None
        assert member.last_seen_at.day == 9
        earned = db.session.scalars(
            select(Entry).where(Entry.kind == "earn").order_by(Entry.occurred_at)
        ).all()
        assert [entry.occurred_at.day for entry in earned] == [1, 5, 9]
        assert {entry.cause for entry in earned} == {"purchase"}
        assert_sums()


def test_equal_rows_count_each_and_a_longer_file_adds_only_the_rest(app: Flask, bakery: Record) -> None:
    twice = HEADER + "A;2024-03-01;2,50;1;\n" * 2
    assert run(app, bakery, twice).purchases == 2
    longer = run(app, bakery, twice + "A;2024-03-01;2,50;1;\nB;2024-03-02;1,00;1;\n")
    assert (longer.purchases, longer.known, longer.members) == (2, 2, 1)


def test_members_are_found_by_contact(app: Flask, bakery: Record, within: Within) -> None:
    with within(bakery):
        anna = make.member("Anna", email="Anna@Example.com") if hasattr(make, "member") else None
        if anna is None:
            anna = Member(
                number="12345678",
                first_name="Anna",
                email="Anna@Example.com",
                language="en",
                joined_at=utcnow(),
            )
            db.session.add(anna)
            db.session.flush()
        anna_id = anna.id
    text = (
        "id,e-mail,phone,date\n7,anna@example.com,,2024-01-02\n,anna@example.com,,2024-01-03\n"
        ",,+306912345678,2024-01-03\n,,6912345678,2024-01-04\n"
    )
    done = run(app, bakery, text)
    assert (done.members, done.purchases, done.refused) == (1, 4, 0)
    with within(bakery):
        assert db.session.get_one(Member, anna_id).external_id == "7"
        owners = dict(
            db.session.execute(select(Purchase.member_id, func.count()).group_by(Purchase.member_id)).all()
        )
        assert owners[anna_id] == 2
        assert sorted(owners.values()) == [2, 2]


def test_a_broken_row_stops_no_other(app: Flask, bakery: Record, within: Within) -> None:
    text = HEADER.encode() + (
        "Åsa;01/02/2024;1.234,50;2;R1\n"
        '"Bo;02/02/2024;1,00;1;\n'
        "Cia;31/02/2024;1,00;1;\n"
        "Dag;03/02/2024;-4,00;1;\n"
        "Eva;04/02/2024;99999999999999999999;1;\n"
        "Fia;04/02/2199;1,00;1;\n"
        "Gun;05/02/2024;1,00\n"
        "Ida;05/02/2024;0,00;1;R2\n"
    ).encode("latin-1")
    done = run(app, bakery, text)
    assert (done.rows, done.purchases, done.refused) == (8, 2, 6)
    with within(bakery):
        found = db.session.scalars(select(PurchaseImport)).one()
        reasons = [(line[0], line[1], line[2]) for line in found.refusals["lines"]]
        assert reasons == [
            (3, "", "quote"),
            (4, "date", "date"),
            (5, "amount", "amount_negative"),
            (6, "amount", "amount_large"),
            (7, "date", "date_future"),
            (8, "", "columns"),
        ]
        amounts = db.session.scalars(select(Purchase.amount_minor).order_by(Purchase.occurred_at)).all()
        assert amounts == [123450, 0]
        assert db.session.scalar(select(Member.external_id).where(Member.external_id.like("%sa"))) == "Åsa"


def begun(merchant: Record, text: str) -> PurchaseImport:
    now = utcnow()
    with transaction(merchant.binding):
        found = operations.upload("p.csv", text.encode(), "Olga", merchant, now)
        operations.begin(found.id, Choice.from_json(found.mapping), now)
    return found


def many(rows: int) -> str:
    lines = (f"M{i % 997};2024-0{i % 9 + 1}-11;{i % 50},50;{i % 4 + 1};" for i in range(rows))
    return HEADER + "\n".join(lines)


def test_two_imports_at_once_add_each_row_once(app: Flask, bakery: Record, within: Within) -> None:
    with within(bakery):
        make.stamp_card(10)
    with app.app_context():
        both = [begun(bakery, many(6_000)) for _ in range(2)]

    def work(import_id: object) -> None:
        with app.app_context():
            runs.run(bakery, import_id)  # type: ignore[arg-type]

    threads = [threading.Thread(target=work, args=(found.id,)) for found in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with within(bakery):
        reports = [queries.get(found.id) for found in both]
        assert [report.status for report in reports if report] == ["done", "done"]
        assert sum(report.purchases_added for report in reports if report) == 6_000
        assert sum(report.members_added for report in reports if report) == 997
        assert (count(Purchase), count(Member)) == (6_000, 997)
        assert_sums()


def test_cancelled_in_the_middle_and_started_again(app: Flask, bakery: Record, within: Within) -> None:
    with app.app_context():
        found = begun(bakery, many(3_000))

        def stop(done: int, total: int) -> None:
            with transaction(bakery.binding):
                operations.cancel(found.id, utcnow())

        runs.run(bakery, found.id, stop)
        with transaction(bakery.binding):
            stopped = queries.get(found.id)
            assert stopped is not None
            assert (stopped.status, stopped.purchases_added) == ("cancelled", 1_000)
            operations.begin(found.id, Choice.from_json(stopped.mapping), utcnow())
        runs.run(bakery, found.id)
    with within(bakery):
        report = queries.get(found.id)
        assert report is not None
        assert report.status == "done"
        assert (report.purchases_added, report.purchases_known, count(Purchase)) == (2_000, 1_000, 3_000)


def test_taken_up_where_a_dead_worker_left_it(app: Flask, bakery: Record, within: Within) -> None:
    with app.app_context():
        found = begun(bakery, many(3_000))

        class DiedError(Exception):
            pass

        def die(done: int, total: int) -> None:
            raise DiedError

        with suppress(DiedError):
            runs.run(bakery, found.id, die)
        runs.run(bakery, found.id)
    with within(bakery):
        report = queries.get(found.id)
        assert report is not None
        assert (report.status, report.purchases_added, report.purchases_known) == ("done", 3_000, 0)
        assert count(Purchase) == 3_000


def test_the_preview_says_what_the_run_does(app: Flask, bakery: Record, within: Within) -> None:
    with within(bakery):
        program_id = make.stamp_card(10, earn_by="item").id
    text = many(1_500) + "\nX;nonsense;1,00;1;\n"
    with within(bakery):
        found = operations.upload("p.csv", text.encode(), "Olga", bakery, utcnow())
        choice = Choice.from_json(found.mapping)
        assert choice.program_id == program_id
        expected = queries.preview(text.encode(), choice, bakery, utcnow())
    done = run(app, bakery, text)
    assert (expected.total, len(expected.refused), len(expected.rows)) == (1_501, 1, 20)
    assert (expected.members_new, expected.purchases_new, expected.stamps) == (
        done.members,
        done.purchases,
        done.stamps,
    )
    with within(bakery):
        after = queries.preview(text.encode(), choice, bakery, utcnow())
        assert (after.purchases_new, after.purchases_known, after.members_new) == (0, 1_500, 0)
        assert after.is_all_known


def test_no_stamps_when_none_are_wanted_and_absurd_rows_are_refused(
    app: Flask, bakery: Record, within: Within
) -> None:
    with within(bakery):
        make.stamp_card(10, earn_by="item")
    none = run(
        app, bakery, HEADER + "A;2024-03-01;2,50;5;\n", change=lambda choice: replace(choice, program_id=None)
    )
    assert (none.purchases, none.stamps) == (1, 0)
    absurd = run(app, bakery, HEADER + "A;2024-03-01;2,50;9000;\nB;2024-03-01;2,50;1000000;\n")
    assert (absurd.purchases, absurd.refused) == (0, 2)


def test_a_run_that_was_stopped_and_begun_anew_is_not_carried_on_by_the_old_one(
    app: Flask, bakery: Record, within: Within
) -> None:
    with app.app_context():
        found = begun(bakery, many(3_000))

        def begin_anew(done: int, total: int) -> None:
            with transaction(bakery.binding):
                operations.cancel(found.id, utcnow())
                again = queries.existing(found.id)
                operations.begin(found.id, Choice.from_json(again.mapping), utcnow())

        runs.run(bakery, found.id, begin_anew)
        with transaction(bakery.binding):
            left = queries.existing(found.id)
            assert (left.status, left.rows_done) == ("running", 0)
        runs.run(bakery, found.id)
    with within(bakery):
        report = queries.existing(found.id)
        assert (report.status, report.purchases_added, report.purchases_known) == ("done", 2_000, 1_000)


def test_taken_up_again_it_goes_on_by_the_terms_it_was_begun_with(
    app: Flask, bakery: Record, within: Within
) -> None:
    with within(bakery):
        program_id = make.stamp_card(10, earn_by="item").id
    with app.app_context():
        found = begun(bakery, HEADER + "A;2024-03-01;2,50;3;\nB;2024-03-01;2,50;4;\n")
        with transaction(bakery.binding):
            programs.pause(program_id, utcnow())
        runs.run(bakery, found.id)
    with within(bakery):
        assert queries.existing(found.id).stamps_added == 7


def test_a_run_that_the_queue_gave_up_is_taken_up_once_and_fails_after_a_day(
    app: Flask, bakery: Record, within: Within
) -> None:
    with app.app_context():
        lost, young, old = (begun(bakery, many(10)) for _ in range(3))
        for run_, age in ((lost, dt.timedelta(hours=1)), (old, dt.timedelta(days=2))):
            with transaction(bakery.binding):
                row = queries.existing(run_.id)
                row.mapping = {**row.mapping, "begun_at": (utcnow() - age).isoformat()}
        tasks.take_up()
        tasks.take_up()
    run_waiting(app)
    with within(bakery):
        assert [queries.existing(it.id).status for it in (lost, young, old)] == ["done", "running", "failed"]
        assert queries.existing(lost.id).purchases_added == 10


def test_files_that_were_never_started_are_emptied_after_a_week(
    app: Flask, bakery: Record, within: Within
) -> None:
    now = utcnow()
    with within(bakery):
        ages = [dt.timedelta(days=8), dt.timedelta(days=6)]
        old, new = (
            operations.upload("p.csv", many(5).encode(), "Olga", bakery, now - age).id for age in ages
        )
    with app.app_context():
        tasks.forget_files()
    with within(bakery):
        assert queries.content(old) == b""
        assert queries.content(new) != b""
        choice = Choice.from_json(queries.existing(old).mapping)
        with pytest.raises(operations.UnreadableFile):
            operations.begin(old, choice, now)


def test_the_preview_of_a_long_file_reads_only_its_beginning(
    app: Flask, bakery: Record, within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_PREVIEWED", 1_000)
    with within(bakery):
        for rows, read, is_partial in ((2_500, 1_000, True), (1_000, 1_000, False), (999, 999, False)):
            data = many(rows).encode()
            choice = Choice.from_json(operations.upload("p.csv", data, "Olga", bakery, utcnow()).mapping)
            found = queries.preview(data, choice, bakery, utcnow())
            assert (found.read, found.is_partial, found.purchases_new) == (read, is_partial, read)
            assert abs(found.total - rows) <= 1
        monkeypatch.setattr(queries, "MOST_CHARACTERS", 2_000)
        found = queries.preview(data, choice, bakery, utcnow())
        assert found.is_partial
        assert (found.refused, found.read) == ([], found.purchases_new)


def test_the_command_chooses_program_and_rewards(
    app: Flask, bakery: Record, within: Within, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_app", lambda: app)
    path = tmp_path / "p.csv"
    path.write_text(HEADER + "A;2024-03-01;2,50;2;\n")

    def command(*options: str) -> tuple[int, str]:
        answer = CliRunner().invoke(cli.main, ["import", bakery.slug, str(path), *options])
        return answer.exit_code, answer.output

    with within(bakery):
        make.stamp_card(4, earn_by="item")
        other_id = make.stamp_card(2, earn_by="item", name="Lunch").id
    code, output = command("--program", "Nothing")
    assert code == 1
    assert "Coffee card, Lunch" in output
    assert command("--program", "Lunch", "--no-stamps")[0] == 2
    assert command("--program", "Lunch", "--rewards", "to-hand-out")[0] == 0
    path.write_text(HEADER + "B;2024-03-01;2,50;2;\n")
    assert command("--no-stamps")[0] == 0
    with within(bakery):
        assert db.session.scalars(select(Enrolment.program_id)).all() == [other_id]
        assert db.session.scalars(select(Reward.status)).all() == ["issued"]
        assert count(Purchase) == 2


def test_the_demo_is_forced_into_production_only_by_name(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def seed(say: object, *, force: bool) -> None:
        asked.append(force)
        if not force:
            raise demo.NotInProduction("not here")

    monkeypatch.setattr(cli, "_app", lambda: app)
    monkeypatch.setattr(demo, "seed", seed)
    refused = CliRunner().invoke(cli.main, ["demo"])
    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert CliRunner().invoke(cli.main, ["demo", "--force"]).exit_code == 0
    assert asked == [False, True]
