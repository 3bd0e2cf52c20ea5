"""The member list: search, filters, order, pages, and the file."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from saas.db import db
from saas.web.clock import utcnow
from tenants.directory import export
from tenants.directory import queries as directory
from tenants.directory.queries import Wish
from tenants.sheets.faults import guarded
from tests.factories import ledger

SINCE = utcnow() - dt.timedelta(days=30)


def names(wish: Wish) -> list[str]:
    return [member.first_name for member in directory.page(wish, 1, SINCE).items]


def test_filters_and_their_counts_agree(bakery, within) -> None:
    with within(bakery):
        program = ledger.stamp_card(required=2)
        active, away, new, ready = (ledger.member(name) for name in ("Active", "Away", "New", "Ready"))
        away.joined_at = SINCE - dt.timedelta(days=60)
        ledger.stamp(active.id, program.id)
        ledger.stamp(away.id, program.id, at=SINCE - dt.timedelta(days=1))
        ledger.stamp(ready.id, program.id, 3)
        db.session.flush()
        assert set(names(Wish(filter="active"))) == {"Active", "Ready"}
        assert names(Wish(filter="away")) == ["Away"]
        assert names(Wish(filter="reward")) == ["Ready"]
        assert new.first_name in names(Wish())
        assert directory.counts(SINCE) == {"": 4, "active": 2, "away": 1, "reward": 1}
        (card,) = directory.cards([ready.id])[ready.id]
        assert (card.balance, card.terms.required, card.ready) == (1, 2, 1)


@pytest.mark.parametrize(
    "text", ["ελέ", "ΕΛΈΝΗ", "eleni@ex", "eleni@example.org", "694 123 4567", "+306941234567"]
)
def test_search(bakery, within, text: str) -> None:
    with within(bakery):
        ledger.member("Ελένη", email="eleni@example.org", phone="+306941234567")
        ledger.member("Nikos")
        assert names(Wish(text=text)) == ["Ελένη"]


def test_search_by_number_and_its_beginning(bakery, within) -> None:
    with within(bakery):
        eleni = ledger.member("Ελένη")
        number = eleni.number
        for text in (number, f"{number[:4]} {number[4:]}".lower(), number[:6]):
            assert names(Wish(text=text)) == ["Ελένη"]
        assert names(Wish(text="%")) == []


def test_pages_of_fifty(bakery, within) -> None:
    with within(bakery):
        for number in range(51):
            ledger.member(f"Member {number:02d}")
        wish = Wish(sort="name")
        assert [len(directory.page(wish, number, SINCE).items) for number in (1, 2)] == [50, 1]
        assert directory.page(wish, 99, SINCE).number == 2
        assert directory.page(wish, -1, SINCE).items[0].first_name == "Member 00"


def test_unknown_words_count_as_not_said() -> None:
    assert Wish.of("  x ", "nothing", "nothing") == Wish("x", "", "seen")


@pytest.mark.parametrize("risky", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_cells_are_no_formulas(risky: str) -> None:
    assert guarded(risky) == f"'{risky}"
    assert guarded("plain=1") == "plain=1"
    assert guarded(None) == ""


def test_the_file_holds_everyone(bakery, within) -> None:
    with within(bakery):
        ledger.member('=HYPERLINK("x";"y")', email="eleni@example.org", phone="+306941234567")
        content = export.as_csv(directory.every(Wish(), SINCE), "Europe/Athens")
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert row["first_name"].startswith("'=")
    assert row["phone"] == "'+306941234567"
