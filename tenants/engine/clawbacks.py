"""What a refund does to a member's accounts: spent units come back, earned ones are taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tenants.engine.cards import reopen
from tenants.engine.lots import Lot, give_back, take_back
from tenants.engine.results import Outcome, Result
from tenants.engine.returns import Returned
from tenants.engine.values import Enrolment, Member, Ready


@dataclass(frozen=True)
class Reversal:
    """Earned units taken back under the version that granted them. `shortfall` is what could not be taken, since the
    balance stops at zero, and is only recorded; negative, it says how much of what an earlier refund of the purchase
    had recorded is taken now, as spent units come back. `rules` say which rule's units are reversed; they sum to
    units + shortfall."""

    program_id: str
    version_id: str
    units: int
    shortfall: int
    rules: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class GivenBack:
    """Spent units that come back to the lots they were taken from, with their old expiry."""

    program_id: str
    source: str
    pieces: tuple[Lot, ...]


class Accounts:
    """The member's enrolments while a refund is worked in: first what comes back, then what is taken."""

    def __init__(self, member: Member | None, result: Result, shortfalls: Mapping[str, int]) -> None:
        self.enrolments: dict[str, Enrolment] = dict(member.enrolments) if member else {}
        self.result = result
        self.shortfalls = shortfalls
        self.cancelled: list[Ready] = []

    def give_back(self, back: tuple[GivenBack, ...], ready: tuple[Ready, ...]) -> None:
        for given in back:
            held = self._of(given.program_id)
            self.enrolments[given.program_id] = replace(held, account=give_back(held.account, given.pieces))
        for reward in ready:
            held = self._of(reward.program_id)
            self.enrolments[reward.program_id] = replace(held, ready=(reward, *held.ready))
        for program_id in {reward.program_id for reward in ready}:
            self._reopen(program_id, 0)

    def take_back(self, before: Returned, after: Returned) -> Iterator[Reversal]:
        for outcome in self.result.outcomes:
            rules = tuple(
                (earned.rule_key, before.kept(earned) - after.kept(earned)) for earned in outcome.earned
            )
            units = sum(taken for _key, taken in rules)
            known = self.shortfalls.get(outcome.program_id, 0)
            if outcome.kind == "tiers" or not units + known:
                continue
            shortfall = self._take(outcome, units + known) - known
            if units or shortfall:
                named = tuple(item for item in rules if item[1])
                yield Reversal(outcome.program_id, outcome.version_id, units - shortfall, shortfall, named)

    def _take(self, outcome: Outcome, units: int) -> int:
        """Cancel rewards that are not handed out as far as needed, take the units, and let the policy decide on what is
        missing; returns what could not be taken."""
        self._reopen(outcome.program_id, units)
        held = self._of(outcome.program_id)
        lot_id = outcome.lot.id if outcome.lot else ""
        account, _taken, shortfall = take_back(held.account, lot_id, units, outcome.clawback)
        card = held.card if account.balance else None
        self.enrolments[outcome.program_id] = replace(held, account=account, card=card)
        return shortfall

    def _reopen(self, program_id: str, units: int) -> None:
        self.enrolments[program_id], cancelled = reopen(self._of(program_id), self.result.key, units)
        self.cancelled += cancelled

    def _of(self, program_id: str) -> Enrolment:
        return self.enrolments.get(program_id, Enrolment())
