"""Files as tills write them: characters, separators, dates, decimals; what can't be read says why."""

from __future__ import annotations

import datetime as dt
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.purchases import guessing, reading, values
from tenants.purchases.reading import Place, Row
from tenants.sheets import amounts, decoding
from tenants.sheets.decoding import UnreadableError
from tenants.sheets.faults import Fault

NOW = dt.datetime(2026, 3, 1, 15, 0, tzinfo=dt.UTC)
ATHENS = Place("GR", "Europe/Athens", 2, NOW)


def read(content: bytes | str, place: Place = ATHENS) -> list[Row | Fault]:
    data = content.encode() if isinstance(content, str) else content
    layout = decoding.detect(data)
    text = decoding.decode(data, layout.encoding)
    return list(reading.read(text, layout, guessing.guess(text, layout, place.country), place))


def taken(content: bytes | str, place: Place = ATHENS) -> list[Row]:
    return [row for row in read(content, place) if isinstance(row, Row)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("id;datum;belopp\nÅsa;2024-01-02;1,50\nÖrjan;2024-01-03;2,00\n", "latin-1"),
        ("id;date;montant\nŒdipe;2024-01-02;1,50\nZoë;2024-01-03;2,00\n", "cp1252"),
        ("κωδικός;ημερομηνία;ποσό\nΓιώργος;02/01/2024;1,50\nΜαρία;13/01/2024;2,00\n", "cp1253"),
        ("κωδικός;ημερομηνία;ποσό\nΓιώργος;02/01/2024;1,50\nΜαρία;13/01/2024;2,00\n", "utf-8"),
        ("id;data;valor\nJoão;02/01/2024;1,50\nInês;13/01/2024;2,00\n", "utf-8-sig"),
        ("id\tfecha\timporte\nMuñoz\t02/01/2024\t1,50\nPérez\t13/01/2024\t2,00\n", "utf-16"),
        ("id|date|amount\nAda|02/01/2024|1.50\nBob|13/01/2024|2.00\n", "utf-16-le"),
        ("id,date,amount\r\nAda,2024-01-02,1.50\r\nBob,2024-01-13,2.00\r\n", "ascii"),
        ("id;date;amount\rAda;2024-01-02;1.50\rBob;2024-01-13;2.00\r", "ascii"),
    ],
)
def test_characters_separators_and_headers_in_six_languages(text: str, encoding: str) -> None:
    rows = taken(text.encode(encoding))
    assert [row.amount_minor for row in rows] == [150, 200]
    second = text.splitlines()[1]
    assert rows[0].member == re.split(r"[;,\t|]", second)[0]
    assert {(row.occurred_at.year, row.occurred_at.month) for row in rows} == {(2024, 1)}


@pytest.mark.parametrize(
    ("value", "order", "expected"),
    [
        ("19970518", "dmy", dt.datetime(1997, 5, 18, 12)),
        ("1997-05-18", "dmy", dt.datetime(1997, 5, 18, 12)),
        ("1997/5/8", "mdy", dt.datetime(1997, 5, 8, 12)),
        ("4/5/2024", "dmy", dt.datetime(2024, 5, 4, 12)),
        ("4/5/2024", "mdy", dt.datetime(2024, 4, 5, 12)),
        ("04.05.2024", "mdy", dt.datetime(2024, 5, 4, 12)),
        ("4-5-24", "dmy", dt.datetime(2024, 5, 4, 12)),
        ("04/05/2024 18:30", "dmy", dt.datetime(2024, 5, 4, 18, 30)),
        ("4/5/2024, 6:30:15 PM", "mdy", dt.datetime(2024, 4, 5, 18, 30, 15)),
        ("4/5/2024 12:05 am", "mdy", dt.datetime(2024, 4, 5, 0, 5)),
        ("2024-05-04T18:30:00.123Z", "dmy", dt.datetime(2024, 5, 4, 18, 30, tzinfo=dt.UTC)),
        (
            "2024-05-04 18:30+0200",
            "dmy",
            dt.datetime(2024, 5, 4, 18, 30, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        ),
    ],
)
def test_dates(value: str, order: str, expected: dt.datetime) -> None:
    assert values.date(value, order)[0] == expected


@pytest.mark.parametrize(
    "value",
    ["31/02/2024", "2024-13-01", "yesterday", "1", "20241301", "4/5", "99/99/9999", "2024-05-04 25:00"],
)
def test_no_dates(value: str) -> None:
    with pytest.raises(amounts.BadValueError):
        values.date(value, "dmy")


@pytest.mark.parametrize(
    ("dates", "country", "expected"),
    [
        (["13/02/2024", "01/02/2024"], "US", ("dmy", False)),
        (["02/13/2024", "01/02/2024"], "GR", ("mdy", False)),
        (["01/02/2024"], "GR", ("dmy", True)),
        (["01/02/2024"], "US", ("mdy", True)),
        (["2024-01-02"], "GR", ("dmy", False)),
    ],
)
def test_day_or_month_first(dates: list[str], country: str, expected: tuple[str, bool]) -> None:
    assert values.date_order(dates, country) == expected


@pytest.mark.parametrize(
    ("value", "decimal", "exponent", "minor"),
    [
        ("29.33", ".", 2, 2933),
        ("29,33", ",", 2, 2933),
        ("1.234.567,89", ",", 2, 123456789),
        ("1,234.5", ".", 2, 123450),
        ("1 234,50", ",", 2, 123450),
        ("1\u202f234,50\u00a0€", ",", 2, 123450),
        ("€ 12", ".", 2, 1200),
        ("12.50 EUR", ".", 2, 1250),
        ("1'234.50", ".", 2, 123450),
        (".5", ".", 2, 50),
        ("0.00", ".", 2, 0),
        ("-0,00", ",", 2, 0),
        ("1200", ".", 0, 1200),
        ("1200.00", ".", 0, 1200),
        ("1.234", ".", 3, 1234),
        ("kr 45,90", ",", 2, 4590),
    ],
)
def test_amounts(value: str, decimal: str, exponent: int, minor: int) -> None:
    assert amounts.amount(value, decimal, exponent) == minor


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "empty"),
        ("free", "amount"),
        ("12,34", "amount"),
        ("1.2.3", "amount"),
        ("1.234", "amount_decimals"),
        ("-4.00", "amount_negative"),
        ("(4.00)", "amount_negative"),
        ("21474836.48", "amount_large"),
        ("9" * 60, "amount_large"),
        ("1e9", "amount"),
        ("٣.٠٠", "amount"),
    ],
)
def test_no_amounts(value: str, reason: str) -> None:
    with pytest.raises(amounts.BadValueError) as bad:
        amounts.amount(value, ".", 2)
    assert bad.value.reason == reason


@given(
    st.integers(0, amounts.LARGEST_MINOR), st.sampled_from([(",", "."), (".", ","), (",", " "), (".", "'")])
)
def test_an_amount_written_is_the_amount_read(minor: int, signs: tuple[str, str]) -> None:
    decimal, thousands = signs
    written = f"{minor // 100:,}".replace(",", thousands) + f"{decimal}{minor % 100:02d}"
    assert amounts.amount(written, decimal, 2) == minor


@pytest.mark.parametrize(
    ("cells", "country", "sign"),
    [
        (["1,50", "2,00"], "US", ","),
        (["1.50"], "GR", "."),
        (["1.234,50"], "US", ","),
        (["1,234", "2,500"], "US", "."),
        (["1.234.567"], "US", ","),
        (["12"], "FR", ","),
        (["12"], "GB", "."),
    ],
)
def test_decimal_signs(cells: list[str], country: str, sign: str) -> None:
    assert amounts.decimal_sign(cells, country) == sign


def test_quotation_marks_lines_and_numbers() -> None:
    text = (
        "id,name,date,amount\n"
        '1,"Smith, Ada",2024-01-02,"1,234.50"\n'
        "\n"
        '2,"two\nlines",2024-01-03,2.00\n'
        '3,"open,2024-01-04,3.00\n'
        '4,5" pizza,2024-01-05,4.00\n'
        ",,,\n"
        "5,Bo,2024-01-06,5.00,extra\n"
    )
    rows = read(text)
    assert [(row.line, getattr(row, "amount_minor", None), getattr(row, "reason", None)) for row in rows] == [
        (2, 123450, None),
        (4, 200, None),
        (6, None, "quote"),
        (7, 400, None),
        (9, None, "columns"),
    ]


def test_today_in_the_shop_is_not_the_future() -> None:
    late = dt.datetime(2026, 3, 1, 22, 30, tzinfo=dt.UTC)  # half past midnight on the second, in Athens
    place = Place("GR", "Europe/Athens", 2, late)
    rows = read("id;date\na;2026-03-02\nb;2026-03-03\n", place)
    assert isinstance(rows[0], Row)
    assert rows[0].occurred_at == late
    assert [row.reason for row in rows if isinstance(row, Fault)] == ["date_future"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"\xff\xfe", "empty"),
        (bytes(range(256)) * 50, "binary"),
        (b"%PDF-1.7 ...", "binary"),
        (b"PK\x03\x04....", "workbook"),
        (b"one column\nonly\n", "not_a_table"),
    ],
)
def test_files_that_are_no_tables(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as unreadable:
        decoding.detect(content)
    assert unreadable.value.reason == reason


@given(st.binary(min_size=1, max_size=400))
def test_no_bytes_break_the_reading(content: bytes) -> None:
    try:
        layout = decoding.detect(content)
    except UnreadableError:
        return
    text = decoding.decode(content, layout.encoding)
    mapping = reading.Mapping({"date": 0, "member": 1, "amount": min(2, layout.width - 1)})
    for row in reading.read(text, layout, mapping, ATHENS):
        assert "\x00" not in "".join(row.cells)


def test_the_key_tells_equal_rows_apart_and_rows_from_each_other() -> None:
    rows = taken("id;date;amount\na;2024-01-01;1,00\na;2024-01-01;1,00\nb;2024-01-01;1,00\n")
    first, second = reading.Keys(), reading.Keys()
    keys = [first.key(row) for row in rows]
    assert len(set(keys)) == 3
    assert keys == [second.key(row) for row in rows]


def test_many_rows_are_read_quickly() -> None:
    lines = (
        f"Å{i % 900};{i % 28 + 1:02d}/{i % 12 + 1:02d}/2024 10:{i % 60:02d};{i % 90},50;{i % 3 + 1}"
        for i in range(20_000)
    )
    content = ("Kund;Datum;Belopp;Antal\n" + "\n".join(lines)).encode("latin-1")
    started = time.process_time()
    assert len(taken(content)) == 20_000
    assert time.process_time() - started < 5
