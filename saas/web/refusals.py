"""Refusals: answers of the domain that a person understands, as opposed to faults of the program."""

from __future__ import annotations


class Refusal(Exception):
    """Something was asked that can't be done; `str()` is in the language of whoever is in front of the screen.

    `status` is the HTTP status of the answer. Inside a form the words are shown at the form instead.
    """

    status = 422


class TooMany(Refusal):
    """Tried too often in a window of time, which is over in `seconds`."""

    status = 429

    def __init__(self, words: str, seconds: int) -> None:
        super().__init__(words)
        self.seconds = seconds


class Conflict(Refusal):
    """The same request key came with another content."""

    status = 409
