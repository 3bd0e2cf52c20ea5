"""The settings: shop, brand, logo, locations; owners only."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from PIL import Image
from sqlalchemy import select

from saas.db import db
from saas.merchants import registry
from saas.web.clock import utcnow
from tenants.locations import queries as locations
from tenants.locations.models import Location
from tenants.purchases.models import Purchase


def shop(**changes: object) -> dict[str, object]:
    values = {
        "name": "Bakery",
        "category": "bakery",
        "country": "GR",
        "currency": "EUR",
        "time_zone": "Europe/Athens",
        "language": "el",
        "languages": ["en"],
        "member_contact": "email",
        "is_contact_required": "y",
        "is_counter_code_on": "y",
    }
    return {**values, **changes}


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 40)).save(out, "PNG")
    return out.getvalue()


def record(app, bakery):
    with app.app_context():
        registry.forget_all()
        return registry.find(bakery.slug)


@pytest.mark.parametrize("path", ["", "/brand", "/locations", "/locations/new"])
def test_owners_only(bakery, as_role, path: str) -> None:
    address = f"/console/{bakery.slug}/settings{path}"
    assert as_role(bakery, "owner").get(address).status_code == 200
    for role in ("manager", "cashier"):
        assert as_role(bakery, role).get(address).status_code == 403


def test_the_shop_is_kept(app, bakery, as_role) -> None:
    answer = as_role(bakery, "owner").post(f"/console/{bakery.slug}/settings", data=shop(name="Φούρνος"))
    assert answer.status_code == 303
    found = record(app, bakery)
    assert (found.name, found.language, found.languages) == ("Φούρνος", "el", ("el", "en"))
    assert (found.member_contact, found.is_contact_required) == ("email", True)
    assert (found.is_counter_code_on, found.is_member_code_on) == (True, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "Ω" * 301},
        {"category": "nonsense"},
        {"country": "XX"},
        {"currency": "XXX1"},
        {"time_zone": "Mars/Base"},
        {"language": "xx"},
        {"languages": ["xx"]},
        {"member_contact": "all"},
        {"is_counter_code_on": ""},
    ],
)
def test_what_makes_no_sense_is_refused(app, bakery, as_role, changes: dict[str, object]) -> None:
    answer = as_role(bakery, "owner").post(f"/console/{bakery.slug}/settings", data=shop(**changes))
    assert answer.status_code == 422
    assert record(app, bakery).member_contact == "any"


def test_the_currency_stays_once_a_purchase_is_on_record(app, bakery, as_role, within) -> None:
    with within(bakery):
        now = utcnow()
        bought = Purchase(amount_minor=100, currency="EUR", request_key="k", occurred_at=now, recorded_at=now)
        db.session.add(bought)
    browser = as_role(bakery, "owner")
    assert 'name="currency"' not in browser.get(f"/console/{bakery.slug}/settings").text
    assert browser.post(f"/console/{bakery.slug}/settings", data=shop(currency="USD")).status_code == 303
    assert record(app, bakery).currency == "EUR"


def test_a_pale_colour_is_kept_with_a_warning(app, bakery, as_role) -> None:
    browser = as_role(bakery, "owner")
    address = f"/console/{bakery.slug}/settings/brand"
    answer = browser.post(address, data={"colour": "#8AB4D8"}, follow_redirects=True)
    assert answer.status_code == 200
    assert record(app, bakery).brand_colour == "#8ab4d8"
    preview = browser.get(f"{address}?colour=%23b8860b", headers={"HX-Request": "true"})
    assert preview.text.lstrip().startswith('<div id="contrast"')
    assert "4.5 to 1" in preview.text
    assert "reads well" in browser.get(f"{address}?colour=%23003366").text


@pytest.mark.parametrize("colour", ["", "red", "#12345", "#1234567", "#zzzzzz", "};x{", "#12345\n6"])
def test_a_malformed_colour_is_refused(app, bakery, as_role, colour: str) -> None:
    address = f"/console/{bakery.slug}/settings/brand"
    browser = as_role(bakery, "owner")
    assert browser.post(address, data={"colour": colour}).status_code == 422
    assert browser.get(address, query_string={"colour": colour}).status_code == 200
    assert record(app, bakery).brand_colour == "#0f766e"


def test_a_logo_comes_and_goes(app, bakery, as_role, client) -> None:
    browser, address = as_role(bakery, "owner"), f"/console/{bakery.slug}/settings/logo"
    answer = browser.post(address, data={"logo": (io.BytesIO(png()), "logo.png")})
    assert answer.status_code == 303
    version = record(app, bakery).logo_version
    assert version
    assert client.get(f"/c/{bakery.slug}/logo.png?v={version}").mimetype == "image/png"
    assert f"v={version}" in browser.get(f"/console/{bakery.slug}/settings/brand").text
    assert browser.post(f"{address}/removal").status_code == 303
    assert record(app, bakery).logo_version is None
    assert client.get(f"/c/{bakery.slug}/logo.png").status_code == 404


@pytest.mark.parametrize("data", [{}, {"logo": (b"<svg/>", "logo.svg")}, {"logo": (b"text", "logo.png")}])
def test_a_bad_logo_is_refused_in_words(app, bakery, as_role, data: dict[str, tuple[bytes, str]]) -> None:
    sent = {name: (io.BytesIO(content), filename) for name, (content, filename) in data.items()}
    answer = as_role(bakery, "owner").post(f"/console/{bakery.slug}/settings/logo", data=sent)
    assert answer.status_code == 422
    assert "PNG, JPEG or WebP" in answer.text
    assert record(app, bakery).logo_version is None


def hours(**times: str) -> dict[str, str]:
    return {"name": "Kolonaki", "address": "Σκουφά 1", **times}


def test_a_location_with_hours_past_midnight(bakery, as_role, within) -> None:
    browser, address = as_role(bakery, "owner"), f"/console/{bakery.slug}/settings/locations"
    sent = hours(
        open_4_0="20:00",
        close_4_0="02:00",
        open_0_0="14:00",
        close_0_0="18:00",
        open_0_1="08:00",
        close_0_1="13:00",
    )
    assert browser.post(f"{address}/new", data=sent).status_code == 303
    with within(bakery):
        place = db.session.scalars(select(Location).where(Location.name == "Kolonaki")).one()
        assert place.opening_hours["4"] == [["20:00", "02:00"]]
        assert place.opening_hours["0"] == [["08:00", "13:00"], ["14:00", "18:00"]]
        assert place.opening_hours["1"] == []
        saturday_1am = dt.datetime(2026, 11, 20, 23, 0, tzinfo=dt.UTC)
        assert locations.is_open_now(place, saturday_1am, "Europe/Athens")
    page = browser.get(f"{address}/{place.id}")
    assert 'value="20:00"' in page.text
    assert "Kolonaki" in browser.get(address).text


@pytest.mark.parametrize(
    "times",
    [
        {"open_0_0": "08:00"},
        {"close_0_1": "08:00"},
        {"open_0_0": "25:00", "close_0_0": "26:00"},
        {"open_0_0": "08:00", "close_0_0": "13:00", "open_0_1": "12:00", "close_0_1": "18:00"},
        {"name": ""},
    ],
)
def test_hours_that_make_no_sense(bakery, as_role, within, times: dict[str, str]) -> None:
    address = f"/console/{bakery.slug}/settings/locations/new"
    assert as_role(bakery, "owner").post(address, data=hours(**times)).status_code == 422
    with within(bakery):
        assert locations.count_active() == 1


def test_the_last_location_stays(bakery, as_role, within) -> None:
    browser, address = as_role(bakery, "owner"), f"/console/{bakery.slug}/settings/locations"
    with within(bakery):
        first = locations.default_location()
    assert browser.post(f"{address}/{first.id}/closing").status_code == 422
    browser.post(f"{address}/new", data=hours())
    assert browser.post(f"{address}/{first.id}/closing").status_code == 303
    with within(bakery):
        assert [place.name for place in locations.all_active()] == ["Kolonaki"]
    assert browser.post(f"{address}/{first.id}/reopening").status_code == 303
    with within(bakery):
        assert locations.count_active() == 2


def test_no_hours_at_all_mean_always(bakery, as_role, within) -> None:
    with within(bakery):
        first = locations.default_location()
    address = f"/console/{bakery.slug}/settings/locations/{first.id}"
    assert as_role(bakery, "owner").post(address, data=hours()).status_code == 303
    with within(bakery):
        assert locations.get(first.id).opening_hours == {}
