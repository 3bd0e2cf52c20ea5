"""What every new merchant begins with: rooms above the platform say it here."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

Step = Callable[[str, dt.datetime], None]
EntryStep = Callable[[uuid.UUID, str, dt.datetime], None]
_steps: list[Step] = []
_entry_steps: list[EntryStep] = []


def at_opening(step: Step) -> Step:
    """Register what is done with the shop's name and the time in the new merchant's schema; twice is harmless."""
    _steps.append(step)
    return step


def furnish(shop_name: str, now: dt.datetime) -> None:
    """Carry out every step; needs the new merchant's transaction."""
    for step in _steps:
        step(shop_name, now)


def at_entry(step: EntryStep) -> EntryStep:
    """Register what is done with the merchant's id, its owner's e-mail address and the time in the transaction that
    enters the merchant into the registry."""
    _entry_steps.append(step)
    return step


def enter(merchant_id: uuid.UUID, owner_email: str, now: dt.datetime) -> None:
    """Carry out every step of the entry; needs the platform's transaction."""
    for step in _entry_steps:
        step(merchant_id, owner_email, now)
