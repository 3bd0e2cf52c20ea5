"""What a till is told of a result's refusals: those of what was asked for, and what else is nearly reached."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tenants.engine.reasons import Reason
from tenants.engine.results import Refused, Result

MOST_HINTS = 3
NEAR = {"quantity_too_small": ("quantity", "min"), "amount_too_small": ("amount_minor", "min_minor")}


def refused(result: Result) -> Sequence[Refused]:
    """Codes that were typed and rewards that were chosen, with why they do nothing."""
    return [one for one in result.refused if not one.is_automatic]


def hints(result: Result) -> Sequence[Refused]:
    """Coupons that count by themselves as soon as a little more is bought: at least half of it is in the basket."""
    near = [one for one in result.refused if one.is_automatic and _is_near(one.reason)]
    return near[:MOST_HINTS]


def _is_near(reason: Reason) -> bool:
    if reason.code not in NEAR:
        return False
    there, wanted = (Decimal(reason.params[name]) for name in NEAR[reason.code])
    return there > 0 and wanted <= 2 * there
