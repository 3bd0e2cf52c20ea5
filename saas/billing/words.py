"""What is said where a plan holds no more: what it holds, what is used, and where to change it."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from saas.billing import plans
from saas.web.template_filters import number


def plan_name(code: str) -> str:
    return plans.plan(code).name


def too_many_members(plan: str, limit: int) -> str:
    """Why nothing new is published."""
    return _(
        "The plan %(plan)s is for up to %(limit)s active members, and the shop has more. Stamps, rewards and new "
        "members go on; new programs and coupons can be published again with a larger plan (Settings → Billing).",
        plan=plan_name(plan),
        limit=number(limit),
    )


def over(plan: str, what: str, used: int, limit: int) -> str:
    """What the plan holds, what is used, and where to change it."""
    known = {"plan": plan_name(plan), "limit": number(limit), "used": number(used)}
    if what == "programs":
        return ngettext(
            "The plan %(plan)s includes %(limit)s running program, and %(used)s run. Pause one, or choose a "
            "larger plan (Settings → Billing).",
            "The plan %(plan)s includes %(limit)s running programs, and %(used)s run. Pause one, or choose "
            "a larger plan (Settings → Billing).",
            limit,
            **known,
        )
    if what == "locations":
        return ngettext(
            "The plan %(plan)s includes %(limit)s location, and %(used)s are open. Close one, or choose a larger plan "
            "(Settings → Billing).",
            "The plan %(plan)s includes %(limit)s locations, and %(used)s are open. Close one, or choose a larger plan "
            "(Settings → Billing).",
            limit,
            **known,
        )
    if what == "staff":
        return ngettext(
            "The plan %(plan)s includes %(limit)s person on the staff, invitations included, and %(used)s are taken. "
            "Remove somebody, or choose a larger plan (Settings → Billing).",
            "The plan %(plan)s includes %(limit)s people on the staff, invitations included, and %(used)s are taken. "
            "Remove somebody, or choose a larger plan (Settings → Billing).",
            limit,
            **known,
        )
    if what == "campaigns":
        return ngettext(
            "The plan %(plan)s includes %(limit)s new coupon or campaign a month, and %(used)s were "
            "published this month. "
            "Wait for the next month, or choose a larger plan (Settings → Billing).",
            "The plan %(plan)s includes %(limit)s new coupons and campaigns a month, and %(used)s were published this "
            "month. Wait for the next month, or choose a larger plan (Settings → Billing).",
            limit,
            **known,
        )
    if what == "api_calls":
        return ngettext(
            "The plan %(plan)s includes %(limit)s API call a month, and they are used. What members need goes on: "
            "stamps, rewards, purchases. For the rest choose a larger plan (Settings → Billing).",
            "The plan %(plan)s includes %(limit)s API calls a month, and they are used. What members need goes on: "
            "stamps, rewards, purchases. For the rest choose a larger plan (Settings → Billing).",
            limit,
            **known,
        )
    return ngettext(
        "The plan %(plan)s includes %(limit)s of these, and %(used)s are used. Choose a larger plan "
        "(Settings → Billing).",
        "The plan %(plan)s includes %(limit)s of these, and %(used)s are used. Choose a larger plan "
        "(Settings → Billing).",
        limit,
        **known,
    )
