"""Two versions of a program beside each other: what was said before, what is said now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenants.programs.sentences import Sentence


@dataclass(frozen=True)
class Change:
    """A part of the program in which sentences were taken out or put in."""

    part: str
    out: tuple[str, ...]
    into: tuple[str, ...]


def compared(before: Sequence[Sentence], after: Sequence[Sentence]) -> list[Change]:
    """What changed, part by part; a sentence that both have is left out."""
    parts = dict.fromkeys(sentence.part for sentence in (*before, *after))
    found = []
    for part in parts:
        old = [sentence.text for sentence in before if sentence.part == part]
        new = [sentence.text for sentence in after if sentence.part == part]
        out = tuple(text for text in old if text not in new)
        into = tuple(text for text in new if text not in old)
        if out or into:
            found.append(Change(part, out, into))
    return found
