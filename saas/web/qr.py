"""QR codes as inline SVG without styles, for pages under the content security policy."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_svg(text: str, *, error: str = "m", border: int = 0, dark: str | None = "#000") -> Markup:
    """The code of a text as an SVG element that takes the size of its place; segno escapes nothing of it in."""
    code = segno.make(text, error=error, micro=False)
    svg = code.svg_inline(border=border, omitsize=True, dark=dark, svgclass=None, lineclass=None)
    return Markup(svg)  # noqa: S704 - drawn by segno; the text is in it as modules only
