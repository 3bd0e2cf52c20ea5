"""The poster as a PDF: A4, A5, or a table tent; type that shrinks until it fits."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache, partial
from typing import Protocol

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, A5
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from saas.config import ROOT
from tenants.programs import poster_mark
from tenants.programs.poster import DARK, LONG_SHOP, PAPER, Palette, Words, qr_code
from tenants.programs.poster_mark import Mark

REGULAR, BOLD = "Inter", "Inter-Bold"
LEADING = 1.16


class Measure(Protocol):
    """The width of a text at a size."""

    def __call__(self, text: str, size: float) -> float: ...


def write(texts: Words, address: str, colours: Palette, paper: str, mark: Mark) -> bytes:
    """The sheet as a PDF; `paper` is one of FORMATS. A table tent is an A4 sheet, folded in the middle."""
    _fonts()
    buffer = io.BytesIO()
    width, height = A5 if paper == "a5" else A4
    canvas = Canvas(buffer, pagesize=(width, height), lang=texts.language, invariant=1)
    canvas.setTitle(texts.headline)
    canvas.setAuthor(texts.shop)
    if paper == "tent":
        _tent(canvas, texts, address, colours, mark)
    else:
        canvas.scale(width / A4[0], height / A4[1])
        _portrait(canvas, texts, address, colours, mark)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@cache
def _fonts() -> None:
    folder = ROOT / "static" / "vendor" / "inter"
    pdfmetrics.registerFont(TTFont(REGULAR, str(folder / "inter-regular.ttf")))
    pdfmetrics.registerFont(TTFont(BOLD, str(folder / "inter-bold.ttf")))


def _portrait(canvas: Canvas, texts: Words, address: str, colours: Palette, mark: Mark) -> None:
    width, height = A4
    _ground(canvas, colours, width, height)
    if len(texts.shop) > LONG_SHOP:
        _text(canvas, texts.shop, BOLD, (26, 10), (56, 740, width - 112, 62))
        _text(canvas, texts.headline, BOLD, (58, 20), (48, 560, width - 96, 172))
    else:
        poster_mark.draw(canvas, mark, colours, (width - 60) / 2, 752, 60)
        canvas.setFillColor(HexColor(colours.ink))
        _text(canvas, texts.shop, BOLD, (24, 10), (56, 698, width - 112, 42))
        _text(canvas, texts.headline, BOLD, (56, 20), (48, 548, width - 96, 144))
    _panel(canvas, address, (width - 300) / 2, 232, 300)
    canvas.setFillColor(HexColor(colours.ink))
    _text(canvas, texts.call, BOLD, (22, 10), (56, 188, width - 112, 32))
    column = (width - 96) / 3
    for place, step in enumerate(texts.steps):
        left = 48 + place * column
        _number(canvas, place + 1, colours, left + column / 2, 156)
        _text(canvas, step, REGULAR, (14, 7), (left + 8, 62, column - 16, 70), is_on_top=True)
    _foot(canvas, texts, address, width / 2, 34, width - 112)


def _tent(canvas: Canvas, texts: Words, address: str, colours: Palette, mark: Mark) -> None:
    width, height = A4[0], A4[1] / 2
    canvas.saveState()
    _half(canvas, texts, address, colours, mark)
    canvas.restoreState()
    canvas.translate(width, A4[1])
    canvas.rotate(180)
    _half(canvas, texts, address, colours, mark)
    canvas.setStrokeColor(HexColor(colours.ink))
    canvas.setLineWidth(0.5)
    canvas.setDash(4, 4)
    canvas.line(0, height, width, height)


def _half(canvas: Canvas, texts: Words, address: str, colours: Palette, mark: Mark) -> None:
    width, height = A4[0], A4[1] / 2
    _ground(canvas, colours, width, height)
    text_width = width - 36 - 30 - 230 - 36
    if len(texts.shop) > LONG_SHOP:
        _text(canvas, texts.shop, BOLD, (17, 5.5), (36, 330, text_width, 58), centred=False)
    else:
        poster_mark.draw(canvas, mark, colours, 36, 338, 44)
        canvas.setFillColor(HexColor(colours.ink))
        _text(canvas, texts.shop, BOLD, (17, 5.5), (92, 338, text_width - 56, 44), centred=False)
    _text(canvas, texts.headline, BOLD, (36, 14), (36, 190, text_width, 132), centred=False)
    for place, step in enumerate(texts.steps):
        bottom = 138 - place * 42
        _number(canvas, place + 1, colours, 49, bottom + 19, 12)
        _text(canvas, step, REGULAR, (12.5, 6), (72, bottom, text_width - 36, 38), centred=False)
    _panel(canvas, address, width - 36 - 230, 112, 230)
    canvas.setFillColor(HexColor(colours.ink))
    _text(canvas, texts.call, BOLD, (15, 8), (width - 36 - 230, 68, 230, 36))
    _foot(canvas, texts, address, width / 2, 24, width - 72)


def _ground(canvas: Canvas, colours: Palette, width: float, height: float) -> None:
    canvas.saveState()
    outline = canvas.beginPath()
    outline.rect(0, 0, width, height)
    canvas.clipPath(outline, stroke=0, fill=0)
    shades = (HexColor(colours.brand), HexColor(colours.deep))
    canvas.linearGradient(0, height, width * 0.4, 0, shades)
    canvas.restoreState()
    canvas.setFillColor(HexColor(colours.ink))


def _panel(canvas: Canvas, address: str, left: float, bottom: float, side: float) -> None:
    """The QR code on white, with its quiet zone of four modules; runs of modules are one rectangle each."""
    canvas.setFillColor(HexColor(PAPER))
    canvas.roundRect(left, bottom, side, side, 24, stroke=0, fill=1)
    rows = [list(row) for row in qr_code(address).matrix_iter(border=4)]
    module = side / len(rows)
    canvas.setFillColor(HexColor(DARK))
    path = canvas.beginPath()
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                path.rect(left + x * module, bottom + side - (y + 1) * module, (end - x) * module, module)
            x = end + 1
    canvas.drawPath(path, stroke=0, fill=1)


def _number(canvas: Canvas, number: int, colours: Palette, x: float, y: float, radius: float = 15) -> None:
    canvas.setFillColor(HexColor(colours.ink))
    canvas.circle(x, y, radius, stroke=0, fill=1)
    canvas.setFillColor(HexColor(colours.deep))
    canvas.setFont(BOLD, radius)
    canvas.drawCentredString(x, y - radius * 0.36, str(number))
    canvas.setFillColor(HexColor(colours.ink))


def _foot(canvas: Canvas, texts: Words, address: str, x: float, y: float, width: float) -> None:
    plain = address.split("://", 1)[-1]
    _text(canvas, f"{texts.foot} · {plain}", REGULAR, (10.5, 5), (x - width / 2, y - 10, width, 20))


def _text(
    canvas: Canvas,
    text: str,
    font: str,
    sizes: tuple[float, float],
    box: tuple[float, float, float, float],
    centred: bool = True,
    is_on_top: bool = False,
) -> None:
    """Text in a box (left, bottom, width, height), as large as fits between the two sizes."""
    left, bottom, width, height = box
    size, lines = fit(text, partial(_width, font), sizes, width, height)
    leading = size * LEADING
    canvas.setFont(font, size)
    spare = height - leading * len(lines)
    y = bottom + height - size * 0.95 - (0 if is_on_top else spare / 2)
    for line in lines:
        if centred:
            canvas.drawCentredString(left + width / 2, y, line)
        else:
            canvas.drawString(left, y, line)
        y -= leading


def _width(font: str, text: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, font, size))


def fit(
    text: str, measure: Measure, sizes: tuple[float, float], width: float, height: float
) -> tuple[float, list[str]]:
    """The largest size at which the wrapped text fits the box; at the smallest it is cut with an ellipsis."""
    size, smallest = sizes
    while True:
        lines = wrap(text, partial(measure, size=size), width)
        room = max(1, int(height / (size * LEADING)))
        whole_words = all(measure(word, size) <= width for word in text.split())
        if len(lines) <= room and (whole_words or size <= smallest * 1.5):
            return size, lines
        if size <= smallest:
            return size, [*lines[: room - 1], lines[room - 1][:-1] + "…"] if len(lines) > room else lines
        size = max(smallest, size * 0.94)


def wrap(text: str, measure: Callable[[str], float], width: float) -> list[str]:
    """Lines no wider than `width`; a word that is wider by itself is broken."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if measure(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = ""
        for char in word:
            if line and measure(line + char) > width:
                lines.append(line)
                line = ""
            line += char
    return [*lines, line] if line else lines
