"""Product lists as tills write them; what can't be read says why, and a list that was exported reads as it was."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.products import reading
from tenants.products.headers import NO, YES
from tenants.products.reading import Row
from tenants.sheets import decoding
from tenants.sheets.faults import Fault


def read(content: bytes | str, country: str = "GR", exponent: int = 2) -> list[Row | Fault]:
    data = content.encode() if isinstance(content, str) else content
    layout = decoding.detect(data)
    text = decoding.decode(data, layout.encoding)
    return list(reading.read(text, layout, reading.guess(text, layout, country, exponent), exponent))


def one(content: bytes | str, country: str = "GR", exponent: int = 2) -> dict[str, Any]:
    (row,) = read(content, country, exponent)
    assert isinstance(row, Row), row
    return {"sku": row.sku, **row.values}


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        ("Artikelnr;Benämning;Varugrupp;Pris\nA-1;Räksmörgås;Mat;1 234,50\n", "latin-1", "Räksmörgås"),
        ("Κωδικός;Περιγραφή;Κατηγορία;Τιμή\nA-1;Καφές φίλτρου;Ποτά;1.234,50\n", "cp1253", "Καφές φίλτρου"),
        ("Código\tDescripción\tFamilia\tPrecio\nA-1\tPiñón\tComida\t1.234,50\n", "utf-16", "Piñón"),
        ("Référence;Désignation;Famille;Prix TTC\nA-1;Œuf;Frais;1 234,50 €\n", "cp1252", "Œuf"),
        ("sku,name,category,price\r\nA-1,Pie,Food,1234.50\r\n", "ascii", "Pie"),
        ("Referência|Designação|Família|Preço\nA-1|Pão|Padaria|1.234,50\n", "utf-8-sig", "Pão"),
    ],
)
def test_six_languages_and_their_files(text: str, encoding: str, name: str) -> None:
    found = one(text.encode(encoding))
    assert (found["sku"], found["name"], found["price_minor"]) == ("A-1", name, 123450)
    assert found["category"]


@pytest.mark.parametrize(
    ("cell", "country", "exponent", "expected"),
    [
        ("0", "GR", 2, 0),
        ("", "GR", 2, None),
        ("2,5", "GR", 2, 250),
        ("1.500", "GR", 2, 150_000),
        ("1.500", "KW", 3, 1_500),
        ("0,250", "KW", 3, 250),
        ("1500", "JP", 0, 1_500),
        ("1,500", "JP", 0, 1_500),
        ("¥1,500", "JP", 0, 1_500),
        ("9.999.999.999,99", "GR", 2, 999_999_999_999),
        ("-1", "GR", 2, "amount_negative"),
        ("(1,00)", "GR", 2, "amount_negative"),
        ("1,005", "SE", 2, "amount_decimals"),
        ("1.2345,6", "GR", 2, "amount"),
        ("1,50", "JP", 0, "amount_decimals"),
        ("0.0001", "KW", 3, "amount_decimals"),
        ("10000000000", "GR", 2, "amount_large"),
        ("9" * 400, "GR", 2, "amount_large"),
        ("1e3", "GR", 2, "amount"),
        ("free", "GR", 2, "amount"),
        ("٣", "GR", 2, "amount"),
    ],
)
def test_prices(cell: str, country: str, exponent: int, expected: object) -> None:
    (row,) = read(f"sku;name;price\nA;Name;{cell}\n", country, exponent)
    found = row.values["price_minor"] if isinstance(row, Row) else row.reason
    assert found == expected


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (";Name;;;no", "sku", "empty"),
        ("\u200b;Name;;;no", "sku", "empty"),
        ("A;;;;no", "name", "empty"),
        (f"{'x' * 81};Name;;;", "sku", "long"),
        (f"A;{'Ω' * 300};;;", "name", "long"),
        (f"A;Name;{'c' * 81};;", "category", "long"),
        (f"A;Name;;{'t' * 41};", "tags", "many_tags"),
        ("A;Name;;{};".format(",".join(map(str, range(21)))), "tags", "many_tags"),
        ("A;Name;;;maybe", "is_excluded_from_earning", "flag"),
        ('A;"Name;;;no', "", "quote"),
        ("A;Name;;;no;and;more", "", "columns"),
        ("A", "", "columns"),
    ],
)
def test_what_is_refused_says_where_and_why(line: str, column: str, reason: str) -> None:
    text = f"sku;name;category;tags;no earning\nB;Fine;Food;a,b;yes\n{line}\nC;Fine;;;\n"
    rows = read(text)
    assert [row.sku for row in rows if isinstance(row, Row)] == ["B", "C"]
    (fault,) = [row for row in rows if isinstance(row, Fault)]
    assert (fault.line, fault.column, fault.reason) == (3, column, reason)


def test_of_rows_with_one_sku_the_first_is_taken() -> None:
    rows = read("sku,name\nab,First\nAB,Second\n ab ,Third\ncd,Other\n")
    assert [type(row) for row in rows] == [Row, Fault, Fault, Row]
    assert {row.reason for row in rows if isinstance(row, Fault)} == {"duplicate"}


def test_yes_and_no_in_our_languages() -> None:
    assert not YES & NO
    for word in ("Yes", "JA", "sim", "Ναι", "OUI", "sí", "1", "x"):
        assert reading.flag(word) is True
    for word in ("No", "nej", "NÃO", "Όχι", "non", "0", ""):
        assert reading.flag(word) is False
    assert reading.flag("", is_empty=True) is True


def test_columns_that_nobody_knows_are_left_alone() -> None:
    assert one("sku;colour;name;weight\nA;red;Ball;3\n") == {"sku": "A", "name": "Ball"}


def test_without_a_header_the_first_column_is_the_sku() -> None:
    assert one("4711;Räksmörgås\n", "SE") == {"sku": "4711", "name": "Räksmörgås"}


def test_our_own_guard_is_taken_off() -> None:
    assert one("sku,name,tags\n'-1,'=1+1,\n") == {"sku": "-1", "name": "=1+1", "tags": []}
