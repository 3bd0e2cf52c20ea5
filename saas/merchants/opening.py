"""What every new merchant begins with: rooms above the platform say it here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

Step = Callable[[str, dt.datetime], None]
_steps: list[Step] = []


def at_opening(step: Step) -> Step:
    """Register what is done with the shop's name and the time in the new merchant's schema; twice is harmless."""
    _steps.append(step)
    return step


def furnish(shop_name: str, now: dt.datetime) -> None:
    """Carry out every step; needs the new merchant's transaction."""
    for step in _steps:
        step(shop_name, now)
