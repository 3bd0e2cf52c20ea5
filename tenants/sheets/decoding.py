"""A file as it was uploaded becomes rows of cells: which characters, which separator, is there a header.
Pure.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

DELIMITERS = (";", "\t", "|", ",", " ")
SAMPLE_BYTES = 65_536
SAMPLE_ROWS = 200
MOST_LINES_IN_A_ROW = 12

CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
LOOKS_LIKE_DATA = re.compile(r"[\d\s.,:/+\-€$£'TZ]*\d[\d\s.,:/+\-€$£'TZ]*|[^@\s]+@[^@\s]+")
PACKED = {b"PK\x03\x04": "workbook", b"\xd0\xcf\x11\xe0": "workbook", b"%PDF": "binary"}


class UnreadableError(Exception):
    """The file is no table of text; `reason` is a code that words.py puts into the person's language."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Layout:
    """How a file is to be read: its characters, what stands between cells, whether the first row names the
    columns.
    """

    encoding: str
    delimiter: str
    has_header: bool
    width: int


@dataclass(frozen=True)
class Cells:
    """One row of the file. `is_broken`: a quotation mark was opened and never closed."""

    line: int
    cells: list[str]
    is_broken: bool = False


def detect_encoding(content: bytes) -> str:
    """The encoding of the file; raises UnreadableError for an empty file, a workbook or anything that is
    not text.
    """
    if not content.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise UnreadableError("empty")
    for mark, reason in PACKED.items():
        if content.startswith(mark):
            raise UnreadableError(reason)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    sample = content[:SAMPLE_BYTES]
    if b"\x00" in sample:
        return _utf16_without_mark(sample)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        encoding = "cp1253" if _looks_greek(sample) else "cp1252"
    else:
        encoding = "utf-8"
    found = len(CONTROL.findall(sample.decode(encoding, "replace")))
    if found > len(sample) / 200:
        raise UnreadableError("binary")
    return encoding


def _looks_greek(sample: bytes) -> bool:
    """Whether letters beyond ASCII come as whole words, as in Greek, and not one by one, as accents do."""
    return (
        sum(map(len, re.findall(rb"[\xb6-\xfe]{3,}", sample))) > len(re.findall(rb"[\x80-\xff]", sample)) / 2
    )


def _utf16_without_mark(sample: bytes) -> str:
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    raise UnreadableError("binary")


def decode(content: bytes, encoding: str) -> str:
    """The text, without a mark at its beginning; a character that the encoding lacks becomes a replacement
    sign.
    """
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    return content.decode(name, "replace").removeprefix("\ufeff").replace("\x00", "")


def detect(content: bytes) -> Layout:
    """The layout of a file as it can be guessed; raises UnreadableError when it is no table of text."""
    encoding = detect_encoding(content)
    text = decode(content[: SAMPLE_BYTES * 4], encoding)
    delimiter, width = _detect_delimiter(text)
    first = next(rows(text, delimiter), None)
    has_header = first is not None and not any(
        LOOKS_LIKE_DATA.fullmatch(cell) for cell in first.cells if cell
    )
    return Layout(encoding=encoding, delimiter=delimiter, has_header=has_header, width=width)


def _detect_delimiter(text: str) -> tuple[str, int]:
    """The separator that splits most rows into the same number of cells, at least two; blanks only if no
    other does.
    """
    best: tuple[int, str] | None = None
    for delimiter in DELIMITERS:
        if delimiter == " " and best:
            break
        counts = [len(row.cells) for row in islice(rows(text, delimiter), SAMPLE_ROWS)]
        if not counts:
            raise UnreadableError("empty")
        width, often = Counter(counts).most_common(1)[0]
        is_even = often >= len(counts) * 0.6 and (len(counts) == 1 or width in counts[:2])
        if width >= 2 and is_even and (best is None or width > best[0]):
            best = (width, delimiter)
    if best is None:
        raise UnreadableError("not_a_table")
    return best[1], best[0]


def width_of(text: str, delimiter: str) -> int:
    """How many cells most rows have with this separator."""
    counts = Counter(len(row.cells) for row in islice(rows(text, delimiter), SAMPLE_ROWS))
    return counts.most_common(1)[0][0] if counts else 1


def titles(text: str, layout: Layout) -> list[str]:
    """What the header calls each column, or nothing where there is none."""
    first = next(rows(text, layout.delimiter), None) if layout.has_header else None
    cells = first.cells if first else []
    return [cells[i] if i < len(cells) else "" for i in range(layout.width)]


def by_title(title: str, known: Mapping[str, str]) -> str | None:
    """What a column's title means, by words without accents, in small letters, with single blanks."""
    plain = unicodedata.normalize("NFKD", title.lower())
    words = re.sub(r"[^\w]+|_", " ", "".join(c for c in plain if not unicodedata.combining(c))).strip()
    return known.get(words) or known.get(words.replace(" ", ""))


def examples(text: str, layout: Layout) -> list[str]:
    """The first value that each column has."""
    found = [""] * layout.width
    for number, row in enumerate(rows(text, layout.delimiter)):
        if number == 0 and layout.has_header:
            continue
        for index, cell in enumerate(row.cells[: layout.width]):
            found[index] = found[index] or cell
        if all(found) or number > 50:
            break
    return found


def relaid(content: bytes, layout: Layout, *, encoding: str, delimiter: str, has_header: bool) -> Layout:
    """The layout with other characters or separator, and the width that follows from it."""
    text = decode(content[: SAMPLE_BYTES * 4], encoding)
    width = width_of(text, delimiter)
    return replace(layout, encoding=encoding, delimiter=delimiter, has_header=has_header, width=width)


def rows(text: str, delimiter: str) -> Iterator[Cells]:
    """Every row that holds something, with the number of its line.

    A row whose quotation mark is never closed is handed out alone as broken, so that it swallows no others.
    """
    lines = _lines(text)
    waiting: list[tuple[int, str]] = []
    while True:
        item = waiting.pop(0) if waiting else next(lines, None)
        if item is None:
            return
        number, line = item
        if '"' not in line:
            cells = line.split() if delimiter == " " else [cell.strip() for cell in line.split(delimiter)]
            if any(cells):
                yield Cells(number, cells)
            continue
        taken: list[tuple[int, str]] = []
        joined, parsed = line, _quoted(line, delimiter)
        while parsed is None and len(taken) < MOST_LINES_IN_A_ROW:
            following = waiting.pop(0) if waiting else next(lines, None)
            if following is None:
                break
            taken.append(following)
            joined = f"{joined}\n{following[1]}"
            parsed = _quoted(joined, delimiter)
        if parsed is None:
            waiting = taken + waiting
            yield Cells(number, line.split(delimiter), is_broken=True)
        elif any(parsed):
            yield Cells(number, parsed)


def _quoted(text: str, delimiter: str) -> list[str] | None:
    """The cells of one row with quotation marks, None when one was opened and not closed."""
    try:
        parsed = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error as error:
        # Over several lines only a row without a fault is believed: a lone mark would swallow others.
        if "unexpected end" in str(error) or "\n" in text:
            return None
        parsed = text.split(delimiter)
    cells = [cell.strip() for cell in parsed]
    return [cell for cell in cells if cell] if delimiter == " " else cells


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Numbered lines; only line feeds and carriage returns end one (splitlines knows more, such as form
    feeds).
    """
    start, number, size = 0, 0, len(text)
    lone = "\n" not in text
    mark = "\r" if lone else "\n"
    while start < size:
        end = text.find(mark, start)
        end = size if end < 0 else end
        number += 1
        yield number, text[start:end].rstrip("\r")
        start = end + 1
