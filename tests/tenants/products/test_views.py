"""The products' pages: as page, as fragment and as plain form, for each role, and what bad input is answered."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.jobs import run_waiting
from tenants.products import import_views, imports, operations, runs, writing
from tenants.products.models import Product, ProductImport
from tenants.products.writing import Change
from tests.factories.products import product

Within = Callable[[Record], AbstractContextManager[None]]
AsRole = Callable[[Record, str], FlaskClient]
LIST = (
    "Κωδικός;Περιγραφή;Κατηγορία;Τιμή;Χρώμα\n"
    "A-1;Καφές;Ποτά;2,50;μαύρο\n"
    "A-2;Τσάι;ποτά;-1,00;\n"
    "a-1;Δεύτερος;;;\n"
    "A-3;=HYPERLINK(1);;0;\n"
)


def at(merchant: Record, path: str = "") -> str:
    return f"/console/{merchant.slug}/products{path}"


def everything() -> dict[str, Product]:
    return {found.sku: found for found in db.session.scalars(select(Product))}


def upload(
    client: FlaskClient, merchant: Record, content: bytes | str, name: str = "list.csv"
) -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    return client.post(at(merchant, "/imports"), data={"file": (io.BytesIO(data), name)})


def sent(html: str) -> dict[str, str]:
    """The columns' form as a browser would send it back."""
    values = {
        name: match[1]
        for name, inside in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', html, re.DOTALL)
        if (match := re.search(r'<option selected value="([^"]*)"', inside))
        or (match := re.search(r'<option value="([^"]*)"', inside))
    }
    return values | dict(re.findall(r'<input[^>]*checked[^>]*name="(\w+)"[^>]*value="([^"]*)"', html))


def test_an_empty_list_teaches(bakery: Record, as_role: AsRole) -> None:
    page = as_role(bakery, "owner").get(at(bakery))
    assert page.status_code == 200
    assert "No products yet" in page.text
    assert "/products/imports" in page.text
    assert "/products/imports" not in as_role(bakery, "cashier").get(at(bakery)).text


def test_cashiers_read_and_do_not_write(bakery: Record, as_role: AsRole, within: Within) -> None:
    with within(bakery):
        found = product("A-1", name="<i>Tea</i>", price_minor=250)
        product_id = found.id
    cashier = as_role(bakery, "cashier")
    page = cashier.get(at(bakery))
    assert "&lt;i&gt;Tea" in page.text
    assert "€2.50" in page.text
    assert 'type="checkbox"' not in page.text
    assert cashier.get(at(bakery, "/export.csv")).status_code == 200
    for path in ("/new", "/imports", f"/{product_id}"):
        assert cashier.get(at(bakery, path)).status_code == 403
    for path in ("/new", "/selection", "/imports", f"/{product_id}", f"/{product_id}/archive"):
        assert cashier.post(at(bakery, path), data={"product": str(product_id)}).status_code == 403


def test_the_list_as_page_and_as_fragment(bakery: Record, as_role: AsRole, within: Within) -> None:
    with within(bakery):
        writing.write(
            [Change(f"S-{n}", {"name": f"Bread {n:03}", "category": "Bread"}) for n in range(60)],
            "import",
            utcnow(),
        )
    owner = as_role(bakery, "owner")
    page = owner.get(at(bakery, "?category=Bread"))
    assert "60 products" in page.text
    following = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert following
    second = owner.get(following[1].replace("&amp;", "&"))
    assert "Bread 059" in second.text
    assert "Bread 049" not in second.text
    part = owner.get(at(bakery, "?q=zzz"), headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div id="products"')
    assert "Nothing found" in part.text
    for odd in (
        "?after=x&before='",
        f"?after={uuid.uuid4()}",
        "?show=%00&category=%27&tag=%22",
        "?q=%27%27%3A*%26",
    ):
        assert owner.get(at(bakery, odd)).status_code == 200


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"sku": " "}, "Please type a SKU."),
        ({"sku": "x" * 81}, "at most 80 characters"),
        ({"name": "\u200b"}, "Please type a name."),
        ({"name": "Ω" * 300}, "at most 200 characters"),
        ({"category": "Ω" * 81}, "at most 80 characters"),
        ({"tags": ",".join(map(str, range(21)))}, "At most 20 tags"),
        ({"price": "-1"}, "negative"),
        ({"price": "1,005"}, "more decimals"),
        ({"price": "9" * 40}, "too large"),
        ({"price": "cheap"}, "not an amount that we can read"),
        ({"sku": "taken"}, "with this SKU already"),
    ],
)
def test_what_is_typed_wrongly_stays_at_the_form(
    bakery: Record, as_role: AsRole, within: Within, typed: dict[str, str], words: str
) -> None:
    with within(bakery):
        product("TAKEN")
    owner = as_role(bakery, "manager")
    answer = owner.post(at(bakery, "/new"), data={"sku": "A", "name": "Tea kept", **typed})
    assert answer.status_code == 422
    assert words in answer.text
    assert "name" in typed or "Tea kept" in answer.text
    with within(bakery):
        assert len(everything()) == 1


def test_added_changed_archived(bakery: Record, as_role: AsRole, within: Within) -> None:
    owner = as_role(bakery, "manager")
    assert owner.get(at(bakery, "/new")).status_code == 200
    typed = {"sku": " A-1 ", "name": "Τσάι", "category": "Drinks>Hot", "tags": "Vegan, hot", "price": "2,5"}
    assert owner.post(at(bakery, "/new"), data=typed).status_code == 303
    with within(bakery):
        found = everything()["A-1"]
        assert (found.category, found.tags, found.price_minor) == ("Drinks > Hot", ["vegan", "hot"], 250)
        address = at(bakery, f"/{found.id}")
    form = owner.get(address)
    assert 'value="2.50"' in form.text
    assert 'value="vegan, hot"' in form.text
    changed = {"sku": "ignored", "name": "Tea", "price": "", "tags": "", "is_excluded_from_earning": "y"}
    assert owner.post(address, data=changed).status_code == 303
    assert owner.post(address, data={"name": ""}).status_code == 422
    with within(bakery):
        found = everything()["A-1"]
        assert (found.name, found.price_minor, found.tags, found.is_excluded_from_earning) == (
            "Tea",
            None,
            [],
            True,
        )
    by_htmx = owner.post(address, data={"name": "Tea"}, headers={"HX-Request": "true"})
    assert (by_htmx.status_code, by_htmx.headers["HX-Redirect"]) == (204, at(bakery))
    assert owner.post(f"{address}/archive").status_code == 303
    assert address not in owner.get(at(bakery)).text
    assert address in owner.get(at(bakery, "?show=archived")).text
    assert owner.post(f"{address}/restoration").status_code == 303
    assert owner.post(at(bakery, f"/{uuid.uuid4()}/archive")).status_code == 404


@pytest.mark.parametrize(
    ("currency", "typed", "minor", "shown"),
    [("JPY", "1500", 1500, "1500"), ("KWD", "1.500", 1500, "1.500"), ("KWD", "0", 0, "0.000")],
)
def test_prices_in_other_currencies(
    app: Flask,
    bakery: Record,
    as_role: AsRole,
    within: Within,
    currency: str,
    typed: str,
    minor: int,
    shown: str,
) -> None:
    with app.app_context(), transaction(PLATFORM):
        db.session.execute(
            update(Merchant).where(Merchant.id == bakery.id).values(currency=currency, changed_at=utcnow())
        )
    registry.forget_all()
    owner = as_role(bakery, "owner")
    assert owner.post(at(bakery, "/new"), data={"sku": "A", "name": "Tea", "price": typed}).status_code == 303
    with within(bakery):
        found = everything()["A"]
        assert found.price_minor == minor
    assert f'value="{shown}"' in owner.get(at(bakery, f"/{found.id}")).text
    assert f",{shown}," in owner.get(at(bakery, "/export.csv")).text


def test_the_ticked_ones_are_changed_and_no_other(
    bakery: Record, florist: Record, as_role: AsRole, within: Within
) -> None:
    with within(bakery):
        ids = [str(product(sku).id) for sku in ("1", "2", "3")]
    with within(florist):
        foreign = str(product("foreign").id)
    owner = as_role(bakery, "owner")
    data = {
        "product": [ids[0], ids[1], foreign, "x"],
        "act": "category",
        "text": "Bread",
        "q": "1",
        "show": "archived",
    }
    answer = owner.post(at(bakery, "/selection"), data=data)
    assert answer.status_code == 303
    assert answer.location.endswith("?q=1&show=archived")
    assert "2 products were changed." in owner.get(answer.location).text
    with within(bakery):
        assert [found.category for _sku, found in sorted(everything().items())] == ["Bread", "Bread", ""]
    with within(florist):
        assert everything()["foreign"].category == ""
    for wrong, words in (
        ({"act": "archive"}, "Tick the products"),
        ({"product": ids[0], "act": "nonsense"}, "Not a valid choice"),
        ({"product": ids[0], "act": "category", "text": "x" * 81}, "too long"),
        ({"product": ids[0], "act": "add_tags", "text": "x" * 41}, "At most 20 tags"),
    ):
        answer = owner.post(at(bakery, "/selection"), data=wrong)
        assert answer.status_code == 422
        assert words in answer.text


def test_from_the_file_to_the_report(app: Flask, bakery: Record, as_role: AsRole, within: Within) -> None:
    with within(bakery):
        product("A-3", name="Kept until now", tags=["stays"], price_minor=5)
    owner = as_role(bakery, "manager")
    assert owner.get(at(bakery, "/imports")).status_code == 200
    answer = upload(owner, bakery, LIST.encode("cp1253"))
    assert answer.status_code == 303
    page = owner.get(answer.location).text
    assert "Καφές" in page
    assert "A price can&#39;t be negative." in page
    assert "earlier row of the file" in page
    assert "not used: Χρώμα" in page
    form = sent(page)
    assert (form["sku"], form["name"], form["price_minor"], form["tags"]) == ("0", "1", "3", "")
    looked = owner.post(
        f"{answer.location}/columns", data={**form, "price_minor": ""}, headers={"HX-Request": "true"}
    )
    assert looked.status_code == 200
    assert "negative" not in looked.text
    assert owner.post(f"{answer.location}/runs", data={**form, "sku": ""}).status_code == 422

    assert owner.post(f"{answer.location}/runs", data=form).status_code == 303
    assert 'http-equiv="refresh"' in owner.get(answer.location).text
    assert owner.post(f"{answer.location}/runs", data=form).status_code == 422
    run_waiting(app)
    assert owner.get(answer.location, headers={"HX-Request": "true"}).status_code == 286
    assert "the list is up to date" in owner.get(answer.location).text
    with within(bakery):
        found = everything()
        assert found.keys() == {"A-1", "A-3"}
        assert (found["A-1"].price_minor, found["A-1"].category, found["A-1"].source) == (
            250,
            "Ποτά",
            "import",
        )
        assert (found["A-3"].name, found["A-3"].price_minor, found["A-3"].tags) == (
            "=HYPERLINK(1)",
            0,
            ["stays"],
        )
        run = db.session.scalars(select(ProductImport)).one()
        assert (run.products_added, run.products_changed, run.rows_refused, run.content) == (1, 1, 2, b"")
    refused = owner.get(f"{answer.location}/refused.csv").data.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(refused), delimiter=";"))
    assert [line[0] for line in lines[1:]] == ["3", "4"]
    assert lines[1][-2] == "'-1,00"

    again = upload(owner, bakery, LIST)
    owner.post(f"{again.location}/runs", data=sent(owner.get(again.location).text))
    run_waiting(app)
    assert "all products of this file were so already" in owner.get(again.location).text


def test_what_is_exported_is_imported_as_it_is(
    app: Flask, bakery: Record, florist: Record, as_role: AsRole, within: Within
) -> None:
    """A list goes through a file into another shop, archived products too, and no cell is a formula."""
    values = {
        "-1": {
            "name": "=cmd|' /C calc'!A0",
            "category": "+Food > @home",
            "tags": ["a b", "γ"],
            "price_minor": 0,
        },
        "@x": {"name": 'Quote " and ; and ,', "price_minor": 123_456_789, "is_excluded_from_redeeming": True},
        "off": {"name": "Archived", "is_active": False, "is_excluded_from_earning": True},
    }
    with within(bakery):
        for sku, own in values.items():
            product(sku, **own)
    owner = as_role(bakery, "owner")
    files = [owner.get(at(bakery, f"/export.csv{show}")).data for show in ("", "?show=archived")]
    for content in files:
        for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))):
            assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        other = as_role(florist, "owner")
        answer = upload(other, florist, content)
        assert (
            other.post(f"{answer.location}/runs", data=sent(other.get(answer.location).text)).status_code
            == 303
        )
        run_waiting(app)
    kept = (
        "name",
        "category",
        "tags",
        "price_minor",
        "is_excluded_from_earning",
        "is_excluded_from_redeeming",
        "is_active",
    )
    lists = []
    for merchant in (bakery, florist):
        with within(merchant):
            lists.append(
                {sku: [getattr(found, name) for name in kept] for sku, found in everything().items()}
            )
    assert lists[0] == lists[1]
    assert len(lists[0]) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "not a text file"),
        (b"PK\x03\x04" + b"\x00" * 50, "spreadsheet file"),
        (b"hello\nworld\n", "No columns were found"),
    ],
)
def test_a_wrong_file_is_answered_at_the_form(
    bakery: Record, as_role: AsRole, content: bytes, words: str
) -> None:
    answer = upload(as_role(bakery, "owner"), bakery, content)
    assert answer.status_code == 422
    assert words in answer.text


def test_no_file_and_too_large_a_file(
    bakery: Record, as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = as_role(bakery, "owner")
    assert "Choose a file first" in owner.post(at(bakery, "/imports"), data={}).text
    monkeypatch.setattr(import_views, "MOST_BYTES", 10)
    assert "larger than 16 MB" in upload(owner, bakery, LIST).text


def test_another_separator_makes_other_columns(bakery: Record, as_role: AsRole) -> None:
    owner = as_role(bakery, "owner")
    answer = upload(owner, bakery, "sku;name,price\nA;1,5\n")
    form = {**sent(owner.get(answer.location).text), "delimiter": ","}
    assert owner.post(f"{answer.location}/columns", data=form).status_code == 303
    page = owner.get(answer.location).text
    assert '<option selected value=",">' in page
    assert owner.post(f"{answer.location}/columns", data={**form, "sku": "77"}).status_code == 422


def begun(app: Flask, bakery: Record, content: str) -> tuple[uuid.UUID, dt.datetime]:
    now = utcnow()
    with app.app_context(), transaction(bakery.binding):
        found = imports.upload("list.csv", content.encode(), "Owner", bakery, now)
        imports.start(found.id, imports.Choice.from_json(found.mapping), bakery, now)
        return found.id, now


def test_a_run_that_was_broken_off_goes_on(
    app: Flask, bakery: Record, within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first batch stays, the rest follows, nothing is counted twice; a start that is over does nothing."""
    monkeypatch.setattr(runs, "BATCH", 10)
    upload_id, now = begun(app, bakery, "sku,name\n" + "".join(f"S-{n},Name {n}\n" for n in range(35)))
    real, calls = writing.write, []

    def breaking(*given: object) -> writing.Counts:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("the machine stops")
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(writing, "write", breaking)
    with app.app_context():
        with pytest.raises(RuntimeError):
            runs.run(bakery, upload_id, now)
        runs.run(bakery, upload_id, now - dt.timedelta(hours=1))
        runs.run(bakery, upload_id, now)
        runs.run(bakery, upload_id, now)
    with within(bakery):
        run = db.session.get_one(ProductImport, upload_id)
        assert (run.status, run.products_added, run.products_same, run.rows_done) == ("done", 35, 0, 35)
        assert len(everything()) == 35


def test_a_fault_of_ours_is_said_and_the_import_can_be_started_again(
    app: Flask, bakery: Record, as_role: AsRole, within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id, _now = begun(app, bakery, "sku,name\nA,Tea\n")

    def broken(*_given: object) -> writing.Counts:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(writing, "write", broken)
        run_waiting(app)
    owner = as_role(bakery, "owner")
    page = owner.get(at(bakery, f"/imports/{upload_id}"))
    assert "went wrong on our side" in page.text
    assert owner.post(at(bakery, f"/imports/{upload_id}/runs"), data=sent(page.text)).status_code == 303
    run_waiting(app)
    with within(bakery):
        assert db.session.get_one(ProductImport, upload_id).status == "done"


def test_a_forsaken_run_may_be_started_again_and_old_files_are_emptied(
    app: Flask, bakery: Record, within: Within
) -> None:
    upload_id, now = begun(app, bakery, "sku,name\nA,Tea\n")
    with within(bakery):
        choice = imports.Choice.from_json(db.session.get_one(ProductImport, upload_id).mapping)
        with pytest.raises(imports.NotStartable):
            imports.start(upload_id, choice, bakery, now + dt.timedelta(minutes=9))
        imports.start(upload_id, choice, bakery, now + dt.timedelta(minutes=11))
        imports.forget_files(now + dt.timedelta(days=8))
        assert imports.content(upload_id)
        db.session.execute(update(ProductImport).values(status="failed"))
        imports.forget_files(now + dt.timedelta(days=8))
        assert not imports.content(upload_id)
        with pytest.raises(imports.UnreadableFile):
            imports.start(upload_id, choice, bakery, now)
    with app.app_context():
        runs.run(bakery, upload_id, now)
    with within(bakery):
        assert not everything()


def test_a_till_and_an_import_add_the_same_sku(bakery: Record, within: Within) -> None:
    """What a till added meanwhile is changed by the import, not refused."""
    with within(bakery):
        operations.ensure([operations.Line("A-1", "From the till")], utcnow())
        counts = writing.write([Change("a-1", {"name": "From the file"})], "import", utcnow())
        assert (counts.added, counts.changed) == (0, 1)
        assert everything()["A-1"].name == "From the file"
