"""What an unpaid plan stops: asked before a view runs, from the registry's record alone.

standing.TABLE says what each surface does in each state; here stands which requests that means. What honours members
is never stopped: stamps, rewards, purchases, new members, cards.
"""

from __future__ import annotations

from flask import current_app
from flask_babel import gettext as _

from saas.billing import api_calls, entitlements, words
from saas.billing.standing import LIMITED, READ_ONLY, access
from saas.merchants.registry import Record
from saas.web.access import Access
from saas.web.clock import utcnow
from saas.web.refusals import Refusal

READS = frozenset({"GET", "HEAD", "OPTIONS"})
# A console that is read-only still counts stamps, corrects a member's details, and changes settings and billing.
OPEN_PERMISSIONS = frozenset(
    {"counter.use", "members.enrol", "members.edit", "settings.manage", "billing.manage"}
)
# What takes somebody's access away or stops an offer is possible whatever was paid.
OPEN_ENDPOINTS = frozenset(
    {
        "staff.remove",
        "staff.revoke",
        "staff.clear_pin",
        "programs.pause",
        "programs.printed",
        "coupons.pause",
        "coupons.void_code",
        "coupons.void_batch",
        "api.programs_pause",
        "api.coupons_pause",
        "api.coupons_void",
        "api.coupons_void_batch",
    }
)
TILL = frozenset({"members", "enrolments", "rewards", "purchases"})  # the resources that honour members


class ConsoleReadOnly(Refusal):
    """The plan is not paid, so that nothing new is written in the console."""

    status = 403


class PlanUnpaid(Refusal):
    """The shop's plan is not paid: what honours members goes on, new offers wait."""

    status = 403


def check(merchant: Record, asked: Access, endpoint: str, method: str) -> None:
    """Raises ConsoleReadOnly, PlanUnpaid or ApiCallsUsedUp where the plan's state or its calls stop a request."""
    if not entitlements.is_limited():
        return
    if asked.who == "api":
        _check_api(merchant, str(asked.permission), endpoint, method)
    elif (
        method not in READS
        and access(merchant.billing_state, "console") == READ_ONLY
        and asked.permission not in OPEN_PERMISSIONS
        and endpoint not in OPEN_ENDPOINTS
    ):
        raise ConsoleReadOnly(
            _(
                "The shop’s plan is not paid, so nothing new can be written here for now. The counter and members’ "
                "cards work as always. An owner can pay under Settings → Billing."
            )
        )


def _check_api(merchant: Record, scope: str, endpoint: str, method: str) -> None:
    limit = entitlements.limit_of(merchant, "api_calls")
    used = api_calls.count(current_app, merchant.id, utcnow())
    if scope.split(":")[0] in TILL:
        return
    if limit is not None and used > limit:
        raise entitlements.ApiCallsUsedUp(words.over(merchant.plan, "api_calls", used, limit))
    if method in READS or endpoint in OPEN_ENDPOINTS or scope.endswith(":read"):
        return
    if access(merchant.billing_state, "api") == LIMITED:
        raise PlanUnpaid(
            _(
                "The shop’s plan is not paid: members, stamps, rewards and purchases work as always, new programs, "
                "coupons, products and locations wait. An owner can pay under Settings → Billing."
            )
        )
