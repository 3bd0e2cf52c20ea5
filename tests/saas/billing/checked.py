"""How many requests of the gateway were checked against the types of Stripe's library, for the end of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

calls: Counter[str] = Counter()


def add(counted: Mapping[str, int]) -> None:
    calls.update(counted)


def line(counted: Mapping[str, int]) -> str:
    """The sentence that the run ends with."""
    total = sum(counted.values())
    return (
        f"Stripe: {total} requests of the gateway checked against the library's types, {len(counted)} kinds"
    )
