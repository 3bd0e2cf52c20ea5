"""The pages of imports: upload, columns, start, progress, report, refused rows, and what a wrong file is
answered.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from saas.db import db
from saas.merchants.registry import Record
from saas.web.jobs import run_waiting
from tenants.purchases import queries, views
from tenants.purchases.models import Purchase, PurchaseImport
from tests.factories import ledger as make

Within = Callable[[Record], AbstractContextManager[None]]
AsRole = Callable[[Record, str], FlaskClient]
GOOD = "Customer;Date;Amount;Quantity\nA;01/02/2024;10,00;2\nB;13/02/2024;1.234,56;1\nC;14/02/2024;-5,00;1\n"


def upload(
    client: FlaskClient, merchant: Record, content: bytes | str, name: str = "till.csv"
) -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    return client.post(f"/console/{merchant.slug}/imports", data={"file": (io.BytesIO(data), name)})


def sent(html: str) -> dict[str, str]:
    """The columns' form as a browser would send it back."""
    values = {
        name: match[1]
        for name, inside in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', html, re.DOTALL)
        if (match := re.search(r'<option selected value="([^"]*)"', inside))
        or (match := re.search(r'<option value="([^"]*)"', inside))
    }
    values |= dict(re.findall(r'<input[^>]*checked[^>]*name="(\w+)"[^>]*value="([^"]*)"', html))
    return values


def test_from_the_file_to_the_report(app: Flask, bakery: Record, as_role: AsRole, within: Within) -> None:
    with within(bakery):
        make.stamp_card(10)
    owner = as_role(bakery, "manager")
    assert owner.get(f"/console/{bakery.slug}/imports").status_code == 200
    answer = upload(owner, bakery, GOOD)
    assert answer.status_code == 303
    page = owner.get(answer.location).get_data(as_text=True)
    assert "€1,234.56" in page
    assert "refunds are not imported" in page
    form = sent(page)
    assert (form["member"], form["date"], form["amount"], form["decimal"], form["order"]) == (
        "0",
        "1",
        "2",
        ",",
        "dmy",
    )

    started = owner.post(f"{answer.location}/runs", data=form)
    assert started.status_code == 303
    running = owner.get(answer.location)
    assert 'http-equiv="refresh"' in running.get_data(as_text=True)
    fragment = owner.get(answer.location, headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert "<html" not in fragment.get_data(as_text=True)
    assert owner.post(f"{answer.location}/runs", data=form).status_code == 422

    run_waiting(app)
    finished = owner.get(answer.location, headers={"HX-Request": "true"})
    assert finished.status_code == 286
    report = owner.get(answer.location)
    assert report.status_code == 200
    assert "Done: 2 purchases were added." in report.get_data(as_text=True)
    refused = owner.get(f"{answer.location}/refused.csv").data.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(refused), delimiter=";"))
    assert lines[0][:4] == ["Line", "Column", "Reason", "Customer"]
    assert lines[1][0] == "4"
    assert lines[1][-2] == "'-5,00"

    again = upload(owner, bakery, GOOD)
    page = owner.get(again.location).get_data(as_text=True)
    assert "Every purchase of this file is known already" in page
    owner.post(f"{again.location}/runs", data=sent(page))
    run_waiting(app)
    assert "Nothing was added: all 2 purchases" in owner.get(again.location).get_data(as_text=True)
    with within(bakery):
        assert db.session.scalar(select(func.count()).select_from(Purchase)) == 2
        assert set(db.session.scalars(select(PurchaseImport.content))) == {b""}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf\r\n", "The file is empty"),
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
    assert words in answer.get_data(as_text=True)


def test_no_file(bakery: Record, as_role: AsRole) -> None:
    answer = as_role(bakery, "owner").post(f"/console/{bakery.slug}/imports", data={})
    assert answer.status_code == 422
    assert "Choose a file first" in answer.get_data(as_text=True)


def test_columns_are_chosen_again(bakery: Record, as_role: AsRole) -> None:
    owner = as_role(bakery, "owner")
    address = upload(owner, bakery, GOOD).location
    form = sent(owner.get(address).get_data(as_text=True))
    fragment = owner.post(f"{address}/columns", data=form | {"amount": ""}, headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    body = fragment.get_data(as_text=True)
    assert body.lstrip().startswith('<div id="preview"')
    assert "€1,234.56" not in body
    without = owner.post(f"{address}/columns", data=form | {"date": ""}, follow_redirects=True)
    assert "Choose a column for the date" in without.get_data(as_text=True)
    refused = owner.post(f"{address}/runs", data=form | {"member": ""})
    assert refused.status_code == 422
    assert "Say which column holds the member ID" in refused.get_data(as_text=True)
    other = owner.post(f"{address}/columns", data=form | {"delimiter": ","}, headers={"HX-Request": "true"})
    assert other.status_code == 204


def test_cancelled_before_it_began(app: Flask, bakery: Record, as_role: AsRole, within: Within) -> None:
    owner = as_role(bakery, "owner")
    address = upload(owner, bakery, GOOD).location
    owner.post(f"{address}/runs", data=sent(owner.get(address).get_data(as_text=True)))
    owner.post(f"{address}/cancellation")
    run_waiting(app)
    page = owner.get(address).get_data(as_text=True)
    assert "This import was stopped" in page
    with within(bakery):
        assert db.session.scalar(select(func.count()).select_from(Purchase)) == 0


def test_only_who_may(bakery: Record, florist: Record, as_role: AsRole, client: FlaskClient) -> None:
    address = upload(as_role(bakery, "owner"), bakery, GOOD).location
    assert as_role(bakery, "cashier").get(address).status_code == 403
    assert as_role(florist, "owner").get(address).status_code == 404
    assert as_role(florist, "owner").get(address.replace(bakery.slug, florist.slug)).status_code == 404
    assert client.get(address).status_code == 303


def test_large_files_and_too_many_files_are_refused(
    bakery: Record, as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = as_role(bakery, "manager")
    monkeypatch.setattr(views, "MOST_BYTES", 1_000)
    monkeypatch.setattr(views, "UPLOADS_AN_HOUR", 2)
    answer = upload(owner, bakery, GOOD + "A;01/02/2024;10,00;2\n" * 60)
    assert answer.status_code == 422
    assert "larger than 16 MB" in answer.get_data(as_text=True)
    assert upload(owner, bakery, GOOD).status_code == 303
    assert upload(owner, bakery, GOOD).status_code == 429


def test_a_long_file_says_that_only_its_beginning_is_shown(
    bakery: Record, as_role: AsRole, within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_PREVIEWED", 2)
    owner = as_role(bakery, "manager")
    shown = upload(owner, bakery, GOOD).location
    assert "Shown for the first 2 rows" in owner.get(shown).get_data(as_text=True)
    with within(bakery):
        db.session.execute(update(PurchaseImport).values(content=b""))
    page = owner.get(shown)
    assert page.status_code == 200
    assert "Upload it again" in page.get_data(as_text=True)
    assert owner.post(f"{shown}/runs", data=sent(page.get_data(as_text=True))).status_code == 422
