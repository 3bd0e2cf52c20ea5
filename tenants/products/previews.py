"""What a file would change if it were imported now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

from saas.merchants.registry import Record
from tenants.products import catalogue, reading
from tenants.products.imports import Choice, exponent
from tenants.products.reading import Row
from tenants.sheets import decoding
from tenants.sheets.faults import Fault

SHOWN = 10
MOST_PREVIEWED = 20_000
MOST_CHARACTERS = 4_000_000


@dataclass
class Preview:
    """What the first rows say, which rows are refused, and what becomes of the products."""

    rows: list[Row] = field(default_factory=list)
    refused: list[Fault] = field(default_factory=list)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    new: int = 0
    known: int = 0
    is_partial: bool = False
    unused: list[str] = field(default_factory=list)

    @property
    def read(self) -> int:
        """How many rows were looked through."""
        return self.new + self.known + len(self.refused)

    @property
    def reason_rows(self) -> list[tuple[str, str, int]]:
        """Reason, column and number of rows, the most frequent first."""
        return [(reason, column, count) for (reason, column), count in self.reasons.most_common()]


def preview(data: bytes, choice: Choice, merchant: Record) -> Preview:
    """Read a file, a long one's beginning, and say what that would change, without changing anything."""
    found = Preview()
    text = decoding.decode(data, choice.layout.encoding)
    found.is_partial = len(text) > MOST_CHARACTERS
    answers = reading.read(text[:MOST_CHARACTERS], choice.layout, choice.mapping, exponent(merchant))
    keys: list[str] = []
    for answer in islice(answers, MOST_PREVIEWED):
        if isinstance(answer, Row):
            keys.append(answer.key)
            if len(found.rows) < SHOWN:
                found.rows.append(answer)
            continue
        found.reasons[answer.reason, answer.column] += 1
        found.refused.append(answer)
    found.is_partial |= next(answers, None) is not None
    found.known = len(catalogue.ids(keys))
    found.new = len(keys) - found.known
    used = choice.mapping.columns.values()
    titles = decoding.titles(text[:MOST_CHARACTERS], choice.layout)
    found.unused = [title for index, title in enumerate(titles) if title and index not in used]
    return found
