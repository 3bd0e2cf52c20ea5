"""The dashboard and the activity list, as pages and as fragments."""

from __future__ import annotations

import re

from saas.db import db
from saas.web.clock import utcnow
from tests.factories import ledger
from tests.factories.purchases import POINTS, amount, commit, published


def filled(bakery, within) -> None:
    with within(bakery):
        program = ledger.stamp_card()
        for name in ("Eleni", "<b>Nikos</b>"):
            ledger.stamp(ledger.member(name).id, program.id, 2)


def test_a_new_shop_sees_its_next_steps(bakery, as_role) -> None:
    page = as_role(bakery, "owner").get(f"/console/{bakery.slug}/")
    assert page.status_code == 200
    assert "Get ready to launch" in page.text
    assert "2 of 7" in page.text  # the address is confirmed, and the cast has colleagues
    assert "Nothing has happened yet" in page.text


def test_the_leading_figure_and_the_chart(bakery, as_role, within) -> None:
    filled(bakery, within)
    page = as_role(bakery, "manager").get(f"/console/{bakery.slug}/")
    assert "2 of 2 members are active (100%)" in page.text
    assert 'data-chart-of="stamps-chart-table"' in page.text
    assert 'data-value="4"' in page.text
    assert "&lt;b&gt;Nikos" in page.text
    assert "<b>Nikos" not in page.text


def test_the_period_is_switched_by_a_fragment(bakery, as_role, within) -> None:
    filled(bakery, within)
    browser = as_role(bakery, "owner")
    part = browser.get(f"/console/{bakery.slug}/?days=7", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<section class="card" id="stamps"')
    assert part.text.count("data-value=") == 7
    assert "HX-Request" in part.headers["Vary"]
    assert browser.get(f"/console/{bakery.slug}/?days=90").text.count("data-value=") == 90


def test_a_cashier_is_led_to_the_counter(bakery, as_role) -> None:
    answer = as_role(bakery, "cashier").get(f"/console/{bakery.slug}/")
    assert answer.status_code == 303
    assert answer.location == f"/counter/{bakery.slug}"


def test_strangers_see_nothing(bakery, florist, as_role, client) -> None:
    assert client.get(f"/console/{bakery.slug}/").status_code == 303
    assert as_role(florist, "owner").get(f"/console/{bakery.slug}/").status_code == 404
    assert as_role(bakery, "cashier").get(f"/console/{bakery.slug}/activity").status_code == 403


def test_activity_filters_and_pages(bakery, as_role, within) -> None:
    with within(bakery):
        program, eleni = ledger.stamp_card(), ledger.member()
        for _number in range(60):
            ledger.stamp(eleni.id, program.id, at=utcnow())
        db.session.flush()
    browser = as_role(bakery, "owner")
    page = browser.get(f"/console/{bakery.slug}/activity?kind=stamp")
    assert page.text.count("<time") == 50
    assert "Older" in page.text
    empty = browser.get(
        f"/console/{bakery.slug}/activity?q=nobody&kind=reward", headers={"HX-Request": "true"}
    )
    assert "Nothing found" in empty.text
    assert "<html" not in empty.text
    assert browser.get(f"/console/{bakery.slug}/activity?kind=%27&before=%27&q=%25").status_code == 200


def test_points_are_no_card_of_stamps(bakery, as_role, within) -> None:
    with within(bakery):
        published(POINTS, name="Beans")
        commit(bakery, ledger.member("Eleni").id, amount(1200))
    for address in (f"/console/{bakery.slug}/", f"/console/{bakery.slug}/activity"):
        page = as_role(bakery, "owner").get(address)
        assert page.status_code == 200
        assert ("Beans" in page.text, "Stamp +12" in page.text) == (True, False)


def test_points_are_not_added_to_stamps(bakery, as_role, within) -> None:
    with within(bakery):
        published(POINTS, name="Beans")
        commit(bakery, ledger.member("Eleni").id, amount(1200))
    page = as_role(bakery, "owner").get(f"/console/{bakery.slug}/").text
    assert ("Visits this week" in page, "Visits a day" in page, "Stamps a day" in page) == (True, True, False)
    assert re.search(r"Visits this week.{0,80}?<p class=\"stat-value\">1<", page, re.S)
    with within(bakery):
        card = ledger.stamp_card()
        ledger.stamp(ledger.member("Nikos").id, card.id, 3)
    page = as_role(bakery, "owner").get(f"/console/{bakery.slug}/").text
    assert re.search(r"Stamps this week.{0,80}?<p class=\"stat-value\">3<", page, re.S)
