"""The dashboard, and the list of all that happened."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Blueprint, Response, current_app, g, redirect, request, url_for
from flask_babel import get_locale
from flask_login import current_user

from saas.db import PLATFORM, transaction
from saas.merchants import opening
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.render import is_fragment, render
from tenants.locations.queries import default_location
from tenants.stats import activity, onboarding, queries, rules

bp = Blueprint("stats", __name__, url_prefix="/console/<slug:merchant>")
PAGE = 50
RECENT = 8
FORTNIGHT = 14


@dataclass(frozen=True)
class Numbers:
    """What the tiles show. Series end today; weeks are the last seven days and the seven before."""

    enrolled: int
    joined: list[int]
    charted: list[int]
    visitors: list[int]
    rewards: list[int]
    activity: queries.Activity


@bp.get("/")
@requires("counter.use", on="nothing")
def dashboard() -> Response:
    """How the shop is doing; who may not see that (a cashier) is led to the counter."""
    if not current_app.extensions["regulars"].allows(current_user.role_at(g.merchant), "stats.view"):
        return redirect(url_for("counter.show"), 303)  # type: ignore[return-value]  # werkzeug's response is Flask's
    days = rules.period(request.args.get("days"))
    if is_fragment():
        with transaction(g.merchant.binding):
            return render("tenants/stats/dashboard.html", block="stamps", **_chart(days))
    with transaction(PLATFORM):
        facts = onboarding.platform_facts(g.merchant.id, utcnow())
    with transaction(g.merchant.binding):
        if default_location() is None:  # signing up was broken off after the shop was there
            opening.furnish(g.merchant.name, utcnow())
        chart = _chart(days)
        steps = onboarding.steps(current_user.is_confirmed, facts)
        return render(
            "tenants/stats/dashboard.html",
            steps=[] if all(step.is_done for step in steps) else steps,
            numbers=_numbers(chart["series"]),
            events=activity.events(RECENT),
            rules=rules,
            **chart,
        )


@bp.get("/activity", endpoint="activity")
@requires("stats.view")
def index() -> Response:
    """Everything that happened, newest first, of one kind and of some members where asked for."""
    kind, text = request.args.get("kind", ""), request.args.get("q", "").strip()
    kind = kind if kind in activity.KINDS else ""
    before = activity.Position.parse(request.args.get("before"))
    events = activity.events(PAGE + 1, kind=kind, text=text, before=before)
    filters: dict[str, Any] = {"kind": kind or None, "q": text or None}
    return render(
        "tenants/stats/activity.html",
        block="list",
        events=events[:PAGE],
        kind=kind,
        kinds=activity.KINDS,
        text=text,
        newest_url=url_for("stats.activity", **filters) if before else None,
        older_url=url_for("stats.activity", **filters, before=events[PAGE - 1].cursor)
        if events[PAGE:]
        else None,
    )


def _today() -> dt.date:
    return utcnow().astimezone(ZoneInfo(g.merchant.time_zone)).date()


def _numbers(charted: list[int]) -> Numbers:
    """The tiles, beside what the chart shows a day: two weeks of it aren't counted again."""
    today, zone = _today(), g.merchant.time_zone
    return Numbers(
        enrolled=queries.enrolled(),
        joined=queries.joined_by_day(today, queries.WINDOW, zone),
        charted=charted[-FORTNIGHT:] if len(charted) >= FORTNIGHT else _series(today, FORTNIGHT),
        visitors=queries.members_by_day(today, FORTNIGHT, zone),
        rewards=queries.rewards_by_day(today, 2 * queries.WINDOW, zone),
        activity=queries.activity(today, zone),
    )


def _chart(days: int) -> dict[str, Any]:
    """The block of stamps a day, or of visitors where no card has stamps; the period is switched on it."""
    today = _today()
    labels = [format_skeleton("MMMd", day, locale=get_locale()) for day in rules.days_until(today, days)]
    return {
        "days": days,
        "periods": rules.PERIODS,
        "labels": labels,
        "series": _series(today, days),
        "has_stamps": queries.has_stamp_cards(),
    }


def _series(today: dt.date, days: int) -> list[int]:
    counted = queries.stamps_by_day if queries.has_stamp_cards() else queries.members_by_day
    return counted(today, days, g.merchant.time_zone)
