"""Members' pages: list, file, profile, adding and editing, for each role."""

from __future__ import annotations

import re
import uuid

from sqlalchemy import column, func, select, table

from saas.db import PLATFORM, db, transaction
from tenants.members.models import Member
from tenants.programs.models import Enrolment, Entry
from tests.factories import ledger


def someone(bakery, within, **values) -> uuid.UUID:
    with within(bakery):
        program = ledger.stamp_card(required=3)
        member = ledger.member(**values)
        ledger.stamp(member.id, program.id, 4)
        return member.id


def test_an_empty_list_teaches(bakery, as_role) -> None:
    page = as_role(bakery, "owner").get(f"/console/{bakery.slug}/members")
    assert page.status_code == 200
    assert "No members yet" in page.text


def test_the_list_as_page_and_as_fragment(bakery, as_role, within) -> None:
    someone(bakery, within, first_name="<i>Eleni</i>", email="eleni@example.org")
    browser = as_role(bakery, "cashier")
    page = browser.get(f"/console/{bakery.slug}/members?q=eleni@example.org&show=reward&sort=name")
    assert "&lt;i&gt;Eleni" in page.text
    assert "1 reward ready" in page.text
    assert "export.csv" not in page.text
    part = browser.get(f"/console/{bakery.slug}/members?q=zzz", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div id="members"')
    assert "Nobody found" in part.text
    assert browser.get(f"/console/{bakery.slug}/members?page=x&show=%27&sort=1").status_code == 200


def test_only_managers_take_the_file(bakery, as_role, within) -> None:
    someone(bakery, within, first_name="Eleni")
    address = f"/console/{bakery.slug}/members/export.csv"
    assert as_role(bakery, "cashier").get(address).status_code == 403
    answer = as_role(bakery, "manager").get(address)
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "Eleni" in answer.text


def test_a_profile_says_why(bakery, as_role, within) -> None:
    member_id = someone(bakery, within, first_name="Eleni")
    page = as_role(bakery, "cashier").get(f"/console/{bakery.slug}/members/{member_id}")
    assert page.status_code == 200
    assert "Coffee card" in page.text
    assert "filled the card" in page.text
    assert "1 / 3" in page.text
    assert "members/" + str(member_id) + "/edit" not in page.text


def test_a_member_of_the_till_has_a_page(bakery, as_role, within) -> None:
    member_id = someone(bakery, within, first_name="Eleni")
    with within(bakery):
        db.session.get(Member, member_id).source = "api"
    page = as_role(bakery, "cashier").get(f"/console/{bakery.slug}/members/{member_id}")
    assert (page.status_code, "by your till" in page.text) == (200, True)


def test_members_of_others_are_not_there(bakery, florist, as_role, within) -> None:
    member_id = someone(bakery, within, first_name="Eleni")
    browser = as_role(florist, "owner")
    for path in ("", "/edit"):
        assert browser.get(f"/console/{florist.slug}/members/{member_id}{path}").status_code == 404
        assert browser.get(f"/console/{bakery.slug}/members/{member_id}{path}").status_code == 404


def test_adding_once_however_often_it_is_sent(bakery, as_role, within) -> None:
    with within(bakery):
        ledger.stamp_card()
    browser = as_role(bakery, "cashier")
    assert browser.get(f"/console/{bakery.slug}/members/new").status_code == 200
    sent = {
        "member_id": str(uuid.uuid4()),
        "first_name": " Ελένη \n",
        "phone": "694 123 4567",
        "email": "",
        "language": "el",
    }
    answers = [browser.post(f"/console/{bakery.slug}/members/new", data=sent) for _time in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    with within(bakery):
        (member,) = db.session.scalars(select(Member)).all()
        assert (member.first_name, member.phone, member.email) == ("Ελένη", "+306941234567", None)
        assert member.source == "console"


def test_bad_input_stays_in_the_form(bakery, as_role, within) -> None:
    browser = as_role(bakery, "owner")
    sent = {"first_name": "", "phone": "12", "email": "no@", "language": "el"}
    answer = browser.post(f"/console/{bakery.slug}/members/new", data=sent)
    assert answer.status_code == 422
    assert 'value="no@"' in answer.text
    long = browser.post(f"/console/{bakery.slug}/members/new", data={**sent, "first_name": "Ω" * 300})
    assert long.status_code == 422
    with within(bakery):
        assert db.session.scalar(select(func.count()).select_from(Member)) == 0


def test_editing(bakery, as_role, within) -> None:
    member_id = someone(bakery, within, first_name="Eleni", phone="+306941234567")
    address = f"/console/{bakery.slug}/members/{member_id}/edit"
    assert as_role(bakery, "cashier").get(address).status_code == 403
    browser = as_role(bakery, "manager")
    assert 'value="+306941234567"' in browser.get(address).text
    bad = browser.post(address, data={"first_name": "", "language": "en"}, headers={"HX-Request": "true"})
    assert bad.status_code == 422
    assert "<html" not in bad.text
    good = browser.post(address, data={"first_name": "Helen", "language": "en", "email": "h@example.org"})
    assert good.status_code == 303
    with within(bakery):
        member = db.session.get(Member, member_id)
        assert (member.first_name, member.email, member.phone) == ("Helen", "h@example.org", None)


def test_correcting_by_hand_and_taking_it_back(bakery, as_role, within, client) -> None:
    member_id = someone(bakery, within, first_name="Eleni")
    address = f"/console/{bakery.slug}/members/{member_id}/adjustments"
    assert as_role(bakery, "cashier").get(address).status_code == 403
    browser = as_role(bakery, "manager")
    page = browser.get(address)
    assert "Coffee card: 1 stamp" in page.text
    program = re.search(r'<option[^>]*value="([0-9a-f-]{36})"', page.text)
    assert program
    sent = {
        "program": program[1],
        "direction": "add",
        "units": "1",
        "reason": "Forgot the card",
        "request_key": "one",
    }
    for wrong in ({"units": "9"}, {"units": "x"}, {"reason": " "}, {"direction": "take", "units": "5"}):
        answer = browser.post(address, data={**sent, **wrong})
        assert answer.status_code == 422, wrong
        assert 'value="one"' in answer.text
    assert [browser.post(address, data=sent).status_code for _time in range(2)] == [303, 303]
    assert "Corrected by the shop: Forgot the card" in browser.get(address).text
    with within(bakery):
        entry = db.session.scalars(select(Entry).where(Entry.kind == "adjust")).one()
        assert entry.actor_name == "Manager of Bakery"
    stranger = f"/console/{bakery.slug}/members/{uuid.uuid4()}/adjustments/{entry.id}/reversal"
    assert browser.post(stranger, data={"request_key": "two"}).status_code == 404
    back = f"{address}/{entry.id}/reversal"
    assert browser.post(back, data={"request_key": "two"}).status_code == 303
    again = browser.post(back, data={"request_key": "three"})
    assert (again.status_code, "taken back before" in again.text) == (422, True)
    with within(bakery):
        assert db.session.scalar(select(Enrolment.balance)) == 1


def test_no_correction_on_a_card_that_the_member_can_not_have(bakery, as_role, within) -> None:
    """A paused program is offered to whoever takes part in it, and to nobody else."""
    with within(bakery):
        program = ledger.stamp_card()
        inside = ledger.member().id
        program.status = "paused"
        outside = ledger.member().id
        name = str(program.id)
    manager = as_role(bakery, "manager")
    pages = [manager.get(f"/console/{bakery.slug}/members/{one}/adjustments") for one in (inside, outside)]
    assert [name in page.text for page in pages] == [True, False]


def test_of_two_commands_for_a_list_the_later_one_stands(bakery, as_role, within, app) -> None:
    """Jobs for a shop's tags run one after another, however many workers there are, also for a short list."""
    with within(bakery):
        ledger.member()
    manager = as_role(bakery, "manager")
    for act in ("add", "remove"):
        manager.post(f"/console/{bakery.slug}/members/tags", data={"act": act, "word": "VIP"})
    with app.app_context(), transaction(PLATFORM):
        jobs = select(table("procrastinate_jobs", column("lock"), column("task_name"), schema="platform"))
        locks = [job.lock for job in db.session.execute(jobs) if job.task_name == "members.tag"]
    assert locks[-2:] == [f"members.tag:{bakery.slug}"] * 2
