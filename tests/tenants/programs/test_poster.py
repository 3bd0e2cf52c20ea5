"""The poster: three formats, languages, names that are far too long, codes as files."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader
from reportlab.pdfgen.pathobject import PDFPathObject

from saas.merchants.registry import Record
from saas.web.colours import contrast, parse
from tenants.programs import poster, poster_mark, poster_pdf
from tenants.programs.poster_mark import Mark
from tenants.programs.rules import ICONS, Terms
from tests.factories.programs import published_program

Within = Callable[[Record], AbstractContextManager[None]]
AsRole = Callable[[Record, str], FlaskClient]
A4, A5 = (595, 842), (420, 595)
TERMS = Terms(headline="Ο δέκατος καφές είναι δικός μας", required=10, reward_name="Δωρεάν καφές")
ADDRESS = "https://regulars.example/c/kafeneio"


def sheet(app: Flask, shop: str, terms: Terms, paper: str) -> PdfReader:
    with app.test_request_context():
        texts = poster.words(shop, terms, "EUR", "el")
        content = poster_pdf.write(texts, ADDRESS, poster.palette("#0f766e"), paper, Mark(terms.icon))
    return PdfReader(io.BytesIO(content))


@pytest.mark.parametrize(("paper", "size"), [("a4", A4), ("a5", A5), ("tent", A4)])
def test_each_format_is_one_sheet_with_greek_letters(app: Flask, paper: str, size: tuple[int, int]) -> None:
    reader = sheet(app, "Καφενείο", TERMS, paper)
    assert len(reader.pages) == 1
    box = reader.pages[0].mediabox
    assert (round(box.width), round(box.height)) == size
    text = " ".join(reader.pages[0].extract_text().split())
    assert "Καφενείο" in text
    assert "Ο δέκατος" in text
    assert "regulars.example/c/kafeneio" in text


@pytest.mark.parametrize("paper", list(poster.FORMATS))
@pytest.mark.parametrize("shop", ["Ζαχαροπλαστείο " * 20, "Ω" * 300])
def test_a_name_of_300_letters_is_all_there(app: Flask, shop: str, paper: str) -> None:
    long = Terms(headline="Ψ" * 120, required=30, reward_name="Φ" * 120)
    text = sheet(app, shop.strip(), long, paper).pages[0].extract_text()
    copies = 2 if paper == "tent" else 1
    assert text.count("Ψ") == 120 * copies
    assert text.count("Φ") == 120 * copies
    assert text.count("Ω" if "Ω" in shop else "Ζ") == shop.count("Ω" if "Ω" in shop else "Ζ") * copies


@given(st.text(min_size=1, max_size=200), st.integers(5, 60))
def test_wrapping_loses_nothing_and_never_overflows(text: str, width: int) -> None:
    lines = poster_pdf.wrap(text, len, width)
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "colour", ["#000000", "#ffffff", "#ffd54a", "#0f766e", "#777777", "#e11d48", "#808080"]
)
def test_the_ink_can_be_read(colour: str) -> None:
    colours = poster.palette(colour)
    for ground in (colours.brand, colours.deep):
        assert contrast(parse(ground), parse(colours.ink)) >= 4.5


def test_the_page_in_every_format_and_language(bakery: Record, as_role: AsRole, within: Within) -> None:
    client = as_role(bakery, "owner")
    with within(bakery):
        program_id = published_program().id
    base = f"/console/{bakery.slug}/programs/{program_id}"
    for paper in poster.FORMATS:
        for language in bakery.languages:
            page = client.get(f"{base}/poster?format={paper}&language={language}")
            assert page.status_code == 200
            assert f'lang="{language}"' in page.text
            assert f"/c/{bakery.slug}" in page.text
            pdf = client.get(f"{base}/poster.pdf?format={paper}&language={language}")
            assert pdf.mimetype == "application/pdf"
            assert pdf.data.startswith(b"%PDF")
    for wrong in ("format=a3", "language=xx", "format=../a4"):
        assert client.get(f"{base}/poster?{wrong}").status_code == 404
        assert client.get(f"{base}/poster.pdf?{wrong}").status_code == 404


def test_the_code_as_files(bakery: Record, as_role: AsRole, within: Within) -> None:
    client = as_role(bakery, "owner")
    with within(bakery):
        program_id = published_program().id
    base = f"/console/{bakery.slug}/programs/{program_id}/qr"
    svg = client.get(f"{base}.svg")
    assert svg.mimetype == "image/svg+xml"
    assert b"style=" not in svg.data
    png = client.get(f"{base}.png")
    picture = Image.open(io.BytesIO(png.data)).convert("L")
    assert picture.width == picture.height >= 800
    scale = picture.width // poster.qr_code(f"http://localhost/c/{bakery.slug}").symbol_size(border=4)[0]
    assert picture.crop((0, 0, picture.width, 4 * scale)).getextrema() == (255, 255)
    assert client.get(f"{base}.gif").status_code == 404


@pytest.mark.parametrize("icon", ICONS)
def test_every_icon_is_drawn_within_its_tile(icon: str) -> None:
    drawn = PDFPathObject()
    for data in poster_mark.outlines(icon):
        poster_mark.trace(drawn, data)
    ends = re.findall(r"(-?[\d.]+) (-?[\d.]+) [mlc]\b", drawn.getCode())
    points = [(float(x), float(y)) for x, y in ends]
    assert len(points) > 4
    for axis in (0, 1):
        found = [point[axis] for point in points]
        assert min(found) >= 0.9
        assert max(found) <= 23.1
        assert max(found) - min(found) >= 8


@pytest.mark.parametrize(
    ("flags", "highest"), [((0, 1), 5.0), ((0, 0), -5.0), ((1, 1), 5.0)], ids=["over", "under", "large"]
)
def test_half_a_circle_by_arc_runs_through_its_top(flags: tuple[int, int], highest: float) -> None:
    curves = poster_mark.arc((-5, 0), (5, 0), (5, 5), 0, [float(flag) for flag in flags])
    assert curves[-1][2] == pytest.approx((5, 0))
    assert -curves[0][2][1] == pytest.approx(highest)
    assert all(math.hypot(*end) == pytest.approx(5) for _one, _two, end in curves)


def test_the_logo_stands_on_the_sheet_where_the_shop_has_one(app: Flask) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "#15803d").save(picture, "PNG")
    with app.test_request_context():
        texts = poster.words("Καφενείο", TERMS, "EUR", "el")
        colours = poster.palette("#0f766e")
        for logo, count in ((picture.getvalue(), 1), (None, 0)):
            content = poster_pdf.write(texts, ADDRESS, colours, "a4", Mark("coffee", logo))
            assert len(PdfReader(io.BytesIO(content)).pages[0].images) == count


def test_an_unknown_icon_is_an_error_and_not_an_empty_tile() -> None:
    with pytest.raises(LookupError):
        poster_mark.outlines("no-such-icon")
