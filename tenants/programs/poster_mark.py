"""What stands for the shop on a PDF: its logo, or else the card's icon, drawn from our own icon file."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from saas.config import ROOT
from tenants.programs.poster import Palette

VIEW = 24
COUNTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "A": 7, "Z": 0}
Point = tuple[float, float]
Curve = tuple[Point, Point, Point]


@dataclass(frozen=True)
class Mark:
    """The shop's logo as a PNG where it has one, and the icon for where it has none."""

    icon: str
    logo: bytes | None = None


def draw(canvas: Canvas, mark: Mark, colours: Palette, left: float, bottom: float, side: float) -> None:
    """The mark as a tile with round corners."""
    canvas.saveState()
    tile = canvas.beginPath()
    tile.roundRect(left, bottom, side, side, side * 0.28)
    if mark.logo:
        canvas.clipPath(tile, stroke=0, fill=0)
        canvas.drawImage(ImageReader(io.BytesIO(mark.logo)), left, bottom, side, side, mask="auto")
    else:
        canvas.setFillColor(HexColor(colours.ink))
        canvas.drawPath(tile, stroke=0, fill=1)
        canvas.translate(left + side * 0.22, bottom + side * 0.78)
        canvas.scale(side * 0.56 / VIEW, -side * 0.56 / VIEW)
        canvas.setStrokeColor(HexColor(colours.deep))
        canvas.setLineWidth(1.75)
        canvas.setLineCap(1)
        canvas.setLineJoin(1)
        for data in outlines(mark.icon):
            path = canvas.beginPath()
            trace(path, data)
            canvas.drawPath(path, stroke=1, fill=0)
    canvas.restoreState()


@cache
def outlines(icon: str) -> tuple[str, ...]:
    """The path data of an icon in our sprite, in a square of VIEW units."""
    sprite = (ROOT / "static" / "icons" / "sprite.svg").read_text(encoding="utf-8")
    _before, found, rest = sprite.partition(f'<symbol id="{icon}"')
    if not found:
        raise LookupError(f"There is no icon {icon}.")
    return tuple(re.findall(r'<path d="([^"]+)"', rest.partition("</symbol>")[0]))


def trace(path: PDFPathObject, data: str) -> None:
    """Draw SVG path data into a PDF path. Arcs become Bézier curves, as PDF knows no others."""
    here, start, last = (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)
    for command, numbers in steps(data):
        kind = command.upper()
        origin = here if command.islower() else (0.0, 0.0)
        curves: list[Curve] = []
        if kind == "Z":
            path.close()
            here = start
        elif kind in "HV":
            here = (origin[0] + numbers[0], here[1]) if kind == "H" else (here[0], origin[1] + numbers[0])
            path.lineTo(*here)
        else:
            points = [
                (origin[0] + x, origin[1] + y) for x, y in _pairs(numbers[5:] if kind == "A" else numbers)
            ]
            if kind == "A":
                curves = arc(here, points[-1], (numbers[0], numbers[1]), numbers[2], numbers[3:5])
            elif kind == "C":
                curves = [(points[0], points[1], points[2])]
            elif kind == "S":
                curves = [((2 * here[0] - last[0], 2 * here[1] - last[1]), points[0], points[1])]
            elif kind == "M":
                path.moveTo(*points[-1])
                start = points[-1]
            else:
                path.lineTo(*points[-1])
            here = points[-1]
        for one, two, end in curves:
            path.curveTo(*one, *two, *end)
        last = curves[-1][1] if curves and kind in "CS" else here


def steps(data: str) -> Iterator[tuple[str, list[float]]]:
    """The commands one by one, repeated where only their numbers are; what follows a move is a line."""
    for command, text in re.findall(r"([MLHVCSAZmlhvcsaz])([^A-Za-z]*)", data):
        numbers = [float(number) for number in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", text)]
        count = COUNTS[command.upper()]
        if not count:
            yield command, []
        for place in range(0, len(numbers), count or 1):
            yield command, numbers[place : place + count]
            command = {"M": "L", "m": "l"}.get(command, command)


def _pairs(numbers: list[float]) -> list[Point]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def arc(start: Point, end: Point, radii: Point, tilt: float, flags: list[float]) -> list[Curve]:
    """An SVG arc as curves of at most a quarter turn: the centre by appendix B.2.4 of SVG 2."""
    if start == end or not all(radii):
        return [(start, end, end)]
    turn = math.radians(tilt)
    cos, sin = math.cos(turn), math.sin(turn)
    half_x, half_y = (start[0] - end[0]) / 2, (start[1] - end[1]) / 2
    x, y = cos * half_x + sin * half_y, cos * half_y - sin * half_x
    grown = max(1.0, math.hypot(x / radii[0], y / radii[1]))
    rx, ry = abs(radii[0]) * grown, abs(radii[1]) * grown
    spread = (rx * y) ** 2 + (ry * x) ** 2
    factor = math.sqrt(max(0.0, (rx * ry) ** 2 - spread) / spread) * (1 if flags[0] != flags[1] else -1)
    cx, cy = factor * rx * y / ry, -factor * ry * x / rx
    first = math.atan2((y - cy) / ry, (x - cx) / rx)
    sweep = math.atan2((-y - cy) / ry, (-x - cx) / rx) - first
    sweep += math.tau * ((sweep < 0) - (sweep > 0)) if (sweep > 0) != bool(flags[1]) else 0
    middle_x, middle_y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2

    def place(at_x: float, at_y: float) -> Point:
        at_x, at_y = cx + rx * at_x, cy + ry * at_y
        return (cos * at_x - sin * at_y + middle_x, sin * at_x + cos * at_y + middle_y)

    parts = max(1, math.ceil(abs(sweep) / (math.pi / 2) - 1e-9))
    pull = 4 / 3 * math.tan(sweep / parts / 4)
    curves = []
    for part in range(parts):
        a, b = first + sweep * part / parts, first + sweep * (part + 1) / parts
        one = place(math.cos(a) - pull * math.sin(a), math.sin(a) + pull * math.cos(a))
        two = place(math.cos(b) + pull * math.sin(b), math.sin(b) - pull * math.cos(b))
        curves.append((one, two, place(math.cos(b), math.sin(b))))
    return curves
