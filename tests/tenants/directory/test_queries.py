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
from tenants.members import queries as members
from tenants.members import tagging
from tenants.members.models import Member
from tenants.segments.queries import When
from tenants.sheets.faults import guarded
from tests.factories import ledger

WHEN = When(utcnow(), "Europe/Athens")
SINCE = WHEN.days_ago(29)


def names(wish: Wish) -> list[str]:
    return [member.first_name for member in directory.page(wish, directory.wanted(wish, WHEN)).items]


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
        assert directory.counts(WHEN) == {"": 4, "active": 2, "away": 1, "reward": 1}
        (card,) = directory.cards([ready.id])[ready.id]
        assert (card.balance, card.terms.required, card.ready) == (1, 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        "ελέ",
        "ΕΛΈΝΗ",
        "ελενη",
        "παπαδοπουλ",
        "Παπ ελε",
        "eleni@ex",
        "eleni@example.org",
        "694 123 4567",
        "+306941234567",
    ],
)
def test_search(bakery, within, text: str) -> None:
    with within(bakery):
        ledger.member("Ελένη Παπαδοπούλου", email="eleni@example.org", phone="+306941234567")
        ledger.member("Nikos")
        assert names(Wish(text=text)) == ["Ελένη Παπαδοπούλου"]


def test_search_by_number_and_its_beginning(bakery, within) -> None:
    with within(bakery):
        eleni = ledger.member("Ελένη")
        number = eleni.number
        for text in (number, f"{number[:4]} {number[4:]}".lower(), number[:6]):
            assert names(Wish(text=text)) == ["Ελένη"]
        assert names(Wish(text="%")) == []


@pytest.mark.parametrize("sort", directory.SORTS)
def test_pages_of_fifty_forwards_and_backwards(bakery, within, sort: str) -> None:
    with within(bakery):
        for number in range(101):
            person = ledger.member(f"Member {number:03d}")
            person.joined_at = SINCE + dt.timedelta(hours=number // 3)
            person.last_seen_at = SINCE + dt.timedelta(hours=number // 7) if number % 4 else None
        db.session.flush()
        wish = Wish(sort=sort)
        everyone = [member.id for member in directory.every(wish, WHEN)]
        first = directory.page(wish, directory.wanted(wish, WHEN))
        second = directory.page(wish, directory.wanted(wish, WHEN), after=first.after)
        third = directory.page(wish, directory.wanted(wish, WHEN), after=second.after)
        found = [member.id for page in (first, second, third) for member in page.items]
        assert found == everyone
        assert (first.before, third.after) == (None, None)
        assert directory.page(wish, directory.wanted(wish, WHEN), before=third.before).items == second.items
        back = directory.page(wish, directory.wanted(wish, WHEN), before=second.before)
        assert (back.items, back.before) == (first.items, None)
        assert (
            directory.page(wish, directory.wanted(wish, WHEN), before=first.items[0].id).items == first.items
        )
        assert directory.count(directory.wanted(wish, WHEN)) == 101


def test_unknown_words_count_as_not_said() -> None:
    said = {"q": "  x ", "show": "nothing", "sort": "nothing", "segment": "1"}
    assert Wish.of(said) == Wish("x")


def test_tags_of_one_and_of_a_whole_list(bakery, within) -> None:
    with within(bakery):
        anna, petros, maria = (ledger.member(name) for name in ("Anna", "Petros", "Maria"))
        tagging.add(anna, " #VIP  guest ", utcnow())
        tagging.add(anna, "vip guest", utcnow())
        assert anna.tags == ["vip guest"]
        assert names(Wish(tag="vip guest")) == ["Anna"]
        for bad in ("", "#", "x" * 41):
            with pytest.raises(tagging.BadTag):
                tagging.add(anna, bad, utcnow())
        maria.tags = [str(number) for number in range(tagging.MOST_TAGS)]
        db.session.flush()
        with pytest.raises(tagging.BadTag):
            tagging.add(maria, "more", utcnow())
        everyone = directory.condition(Wish(), WHEN)
        assert [tagging.change_some(everyone, "spring", is_added=True, limit=1) for _time in range(3)] == [
            1,
            1,
            0,
        ]
        assert set(names(Wish(tag="spring"))) == {"Anna", "Petros"}
        tagged = directory.condition(Wish(tag="spring", text="petr"), WHEN)
        assert tagging.change_some(tagged, "spring", is_added=False) == 1
        assert names(Wish(tag="spring")) == ["Anna"]
        assert members.tag_names() == ["vip guest"]
        assert db.session.get(Member, petros.id, populate_existing=True).tags == []


@pytest.mark.parametrize("risky", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_cells_are_no_formulas(risky: str) -> None:
    assert guarded(risky) == f"'{risky}"
    assert guarded("plain=1") == "plain=1"
    assert guarded(None) == ""


def test_the_file_holds_everyone(bakery, within) -> None:
    with within(bakery):
        ledger.member('=HYPERLINK("x";"y")', email="eleni@example.org", phone="+306941234567")
        content = export.as_csv(directory.every(Wish(), WHEN), "Europe/Athens")
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert row["first_name"].startswith("'=")
    assert row["phone"] == "'+306941234567"
