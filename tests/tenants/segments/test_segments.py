"""Segments: what each condition holds for, one member at a time and all at once, and what programs make of them."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import select

from saas.db import db
from tenants.coupons.models import Coupon
from tenants.engine.mapping import Invalid, from_mapping
from tenants.members import tagging
from tenants.members.models import Member, Segment
from tenants.programs.models import Enrolment, Program
from tenants.segments import operations, queries
from tenants.segments.queries import When
from tenants.segments.rules import THIS_MONTH, Terms
from tests.factories import ledger
from tests.factories.purchases import POINTS, amount, commit, published
from tests.tenants.programs.test_kind_pages import sent

NOW = dt.datetime(2026, 5, 20, 21, 30, tzinfo=dt.UTC)  # half past midnight of the 21st in Athens
WHEN = When(NOW, "Europe/Athens")


def day(ago: int) -> dt.datetime:
    """Noon so many of the shop's days ago."""
    return dt.datetime(2026, 5, 21, 9, tzinfo=dt.UTC) - dt.timedelta(days=ago)


@pytest.fixture
def people(bakery, within):
    """Anna came today and twice before, Petros twenty days ago, Maria never; Anna is tagged, and gold."""
    with within(bakery):
        card = ledger.stamp_card(30)
        anna, petros, maria = (ledger.member(name) for name in ("Anna", "Petros", "Maria"))
        for person, joined in ((anna, 90), (petros, 60), (maria, 5)):
            person.joined_at = day(joined)
        for ago in (40, 40, 3, 0):
            ledger.stamp(anna.id, card.id, at=day(ago))
        undone = ledger.stamp(petros.id, card.id, at=day(25))
        ledger.ledger.undo(undone.entry_id, actor=ledger.CASHIER, request_key="u", now=day(25))
        ledger.stamp(petros.id, card.id, at=day(20))
        anna.birthday, petros.birthday = dt.date(1990, 5, 31), dt.date(1904, 2, 29)
        tagging.add(anna, "vip", NOW)
        tagging.add(petros, "quiet", NOW)
        held = db.session.scalars(select(Enrolment).where(Enrolment.member_id == anna.id)).one()
        held.tier = "gold"
        return str(held.program_id)


CASES = [
    ({}, "Anna Maria Petros"),
    ({"tags": ["vip"]}, "Anna"),
    ({"tags": ["vip", "quiet"]}, "Anna Petros"),
    ({"without_tags": ["vip"]}, "Maria Petros"),
    ({"tier": "gold"}, "Anna"),
    ({"tier": "PROGRAM/gold"}, "Anna"),
    ({"tier": "00000000-0000-0000-0000-000000000000/gold"}, ""),
    ({"seen_within_days": 1}, "Anna"),
    ({"seen_within_days": 21}, "Anna Petros"),
    ({"seen_within_days": 20}, "Anna"),
    ({"away_for_days": 20}, "Petros"),
    ({"away_for_days": 21}, ""),
    ({"away_for_days": 5}, "Maria Petros"),
    ({"joined_since": "2026-05-16"}, "Maria"),
    ({"joined_since": "2026-05-17"}, ""),
    ({"birthday_month": THIS_MONTH}, "Anna"),
    ({"birthday_month": 2}, "Petros"),
    ({"min_visits": 3}, "Anna"),
    ({"min_visits": 4}, ""),
    ({"min_visits": 1, "max_visits": 1}, "Petros"),
    ({"max_visits": 0}, "Maria"),
    ({"tags": ["vip", "quiet"], "seen_within_days": 30, "max_visits": 2}, "Petros"),
    ({"without_tags": ["vip"], "min_visits": 1}, "Petros"),
    ({"tags": ["vip"], "min_visits": 2, "max_visits": 3}, "Anna"),
    ({"min_visits": 1, "max_visits": 2}, "Petros"),
    ({"joined_since": "2026-05-16", "min_visits": 1}, ""),
]


def test_each_condition_for_all_and_for_one(bakery, within, people) -> None:
    with within(bakery):
        everyone = db.session.scalars(select(Member)).all()
        for number, (mapping, expected) in enumerate(CASES):
            said = {
                name: value.replace("PROGRAM", people) if name == "tier" else value
                for name, value in mapping.items()
            }
            terms = from_mapping(Terms, said)
            size, found = queries.glimpse(terms, WHEN, 9)
            assert " ".join(sorted(member.first_name for member in found)) == expected, mapping
            assert size == len(expected.split())
            each = db.session.scalars(select(Member).where(queries.holds(terms, WHEN, Member.id)))
            assert " ".join(sorted(member.first_name for member in each)) == expected, mapping
            name = operations.keep(f"Segment {number}", terms, "Owner", NOW).name
            alone = [one.first_name for one in everyone if queries.of_member(one.id, [name], WHEN)]
            assert " ".join(sorted(alone)) == expected, mapping


@pytest.mark.parametrize(
    "mapping",
    [
        {"tags": ["a"], "without_tags": ["a"]},
        {"seen_within_days": 5, "away_for_days": 5},
        {"min_visits": 3, "max_visits": 2},
        {"birthday_month": 14},
        {"colour": "red"},
    ],
)
def test_what_contradicts_itself_is_no_segment(mapping) -> None:
    with pytest.raises(Invalid):
        from_mapping(Terms, mapping)


def test_a_name_is_taken_whatever_its_accents(bakery, within) -> None:
    with within(bakery):
        operations.keep("Φίλοι", Terms(), "Owner", NOW)
        with pytest.raises(operations.NameTaken):
            operations.keep(" φιλοι", Terms(), "Owner", NOW)
        operations.delete(db.session.scalars(select(Segment)).one())
        operations.keep("Φιλοι", Terms(), "Owner", NOW)


def test_programs_give_more_to_tags_and_segments(bakery, within) -> None:
    """Twice for a tag, three times for a segment, and nothing of it for somebody who is neither."""
    bonuses = [
        {"key": "vip", "factor": "2", "conditions": {"member_tags": {"any": ["vip"]}}},
        {"key": "away", "factor": "3", "conditions": {"segments": {"any": ["Away"]}}},
    ]
    with within(bakery):
        published({**POINTS, "multipliers": bonuses}, at=day(400))
        anna, petros, maria = (ledger.member(name) for name in ("Anna", "Petros", "Maria"))
        tagging.add(anna, "vip", NOW)
        petros.joined_at = day(90)
        operations.keep("Away", Terms(away_for_days=60), "Owner", NOW)
        for person in (anna, petros, maria):
            person.joined_at = day(90) if person is petros else day(1)
            commit(bakery, person.id, amount(1000), at=NOW)
        balances = dict(db.session.execute(select(Enrolment.member_id, Enrolment.balance)).all())
        assert [balances[person.id] for person in (anna, petros, maria)] == [20, 30, 10]


def test_the_pages(bakery, within, as_role, people) -> None:
    address = f"/console/{bakery.slug}/segments"
    cashier = as_role(bakery, "cashier")
    assert "No segment yet" in cashier.get(address).text
    assert cashier.get(f"{address}/new").status_code == 403
    browser = as_role(bakery, "manager")
    assert "3 members" in browser.get(f"{address}/new").text
    said = {"name": "Guests", "tags": ["vip"], "birthday_month": "0"}
    part = browser.post(f"{address}/preview", data=said, headers={"HX-Request": "true"})
    assert ("1 member" in part.text, "<html" in part.text, "Tagged vip" in part.text) == (True, False, True)
    bad = browser.post(f"{address}/new", data={**said, "without_tags": ["vip"]})
    assert (bad.status_code, "contradicts" in bad.text) == (422, True)
    good = browser.post(f"{address}/new", data=said)
    assert good.status_code == 303
    listed = browser.get(good.headers["Location"]).text
    assert "Anna" in listed
    assert "Petros" not in listed.split("<table")[1]
    assert browser.post(f"{address}/new", data=said).status_code == 422
    with within(bakery):
        segment = db.session.scalars(select(Segment)).one()
    edit = f"{address}/{segment.id}/edit"
    assert browser.get(edit).status_code == 200
    assert browser.post(edit, data={"max_visits": "0", "birthday_month": "0"}).status_code == 303
    assert "At most 0 visits" in browser.get(address).text
    tagged = browser.post(
        f"/console/{bakery.slug}/members/tags", data={"segment": segment.id, "act": "add", "word": "New"}
    )
    assert tagged.status_code == 303
    with within(bakery):
        (maria,) = db.session.scalars(select(Member).where(Member.first_name == "Maria"))
        assert maria.tags == ["new"]
        assert sum("new" in member.tags for member in db.session.scalars(select(Member))) == 1
    one = f"/console/{bakery.slug}/members/{maria.id}/tags"
    assert browser.post(one, data={"act": "add", "word": "Second"}).status_code == 303
    assert browser.post(one, data={"act": "remove", "word": "new"}).status_code == 303
    assert cashier.post(one, data={"act": "add", "word": "x"}).status_code == 403
    assert "second" in browser.get(f"/console/{bakery.slug}/members/{maria.id}").text
    assert browser.post(f"{address}/{segment.id}/deletion").status_code == 303
    with within(bakery):
        assert db.session.get(Member, maria.id).tags == ["second"]
        assert db.session.scalars(select(Segment)).all() == []


def test_editors_offer_the_tags_and_segments_that_there_are(bakery, within, as_role, people) -> None:
    with within(bakery):
        operations.keep("Away", Terms(away_for_days=60), "Owner", NOW)
        program = published({**POINTS, "multipliers": [{"key": "Bonus", "factor": "2"}]}, headline="Points")
        draft = dict(program.draft)
    browser = as_role(bakery, "manager")
    coupon = {"name": "For friends", "kind": "percent", "percent": "10", "on": "order"}
    chosen = {"member_tags": ["vip"], "segments_none": ["Away"]}
    page = browser.get(f"/console/{bakery.slug}/coupons/new").text
    assert re.search(r'<input[^>]* name="member_tags"[^>]* value="vip"', page)
    answer = browser.post(f"/console/{bakery.slug}/coupons", data={**coupon, **chosen})
    assert answer.status_code == 303
    again = sent(browser.get(answer.headers["Location"] + "/edit").text)
    assert (again["member_tags"], again["segments_none"]) == (["vip"], ["Away"])
    with within(bakery):
        conditions = db.session.scalars(select(Coupon)).one().draft["terms"]["conditions"]
        assert conditions["member_tags"]["any"] == ["vip"]
        assert conditions["segments"]["none"] == ["Away"]
    edit = f"/console/{bakery.slug}/programs/{program.id}/edit"
    text = browser.get(edit).text
    assert all(f'name="multipliers-0-{sort}"' in text for sort in ("member_tags", "segments"))
    more = {"multipliers-0-member_tags": "quiet", "multipliers-0-segments": "Away"}
    form = {name: value for name, value in sent(text, **more).items() if "sample" not in name}
    assert browser.post(edit, data=form).status_code == 303
    with within(bakery):
        now = db.session.get(Program, program.id).draft
        assert now["engine"]["multipliers"][0]["conditions"]["member_tags"]["any"] == ["quiet"]
        assert now != draft
    shown = browser.get(f"/console/{bakery.slug}/programs/{program.id}/publication").text
    assert "For members tagged quiet only. For members of “Away” only." in shown
