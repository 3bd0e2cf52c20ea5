"""An account told in the simplest way: every unit is a token of its own. The engine's accounts must agree with it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

FAR = dt.datetime.max.replace(tzinfo=dt.UTC)
Token = tuple[dt.datetime, dt.datetime, str, dt.datetime | None]  # expires, earned, lot, spendable from


@dataclass
class Tokens:
    """Tokens that are held, and how many are owed."""

    held: list[Token] = field(default_factory=list)
    owed: int = 0

    @property
    def balance(self) -> int:
        return len(self.held) - self.owed

    def put(self, tokens: list[Token]) -> None:
        self.held = sorted(self.held + tokens, key=lambda token: token[:3])
        paid = min(self.owed, len(self.held))
        self.held, self.owed = self.held[paid:], self.owed - paid

    def spend(self, count: int, now: dt.datetime) -> list[Token]:
        usable = [t for t in self.held if t[0] > now and (t[3] is None or t[3] <= now)]
        assert count <= len(usable), "spent what is not there"
        assert not (count and self.owed), "spent while units are owed"
        taken = usable[:count]
        for token in taken:
            self.held.remove(token)
        return taken

    def expire(self, now: dt.datetime) -> int:
        before = len(self.held)
        self.held = [token for token in self.held if token[0] > now]
        return before - len(self.held)

    def take_back(self, lot: str, count: int) -> None:
        for _ in range(count):
            own = [token for token in self.held if token[2] == lot]
            if own or self.held:
                self.held.remove((own or self.held)[0])
            else:
                self.owed += 1

    @property
    def by_lot(self) -> Counter[str]:
        return Counter(token[2] for token in self.held)
