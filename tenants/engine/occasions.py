"""Whether conditions hold for a moment, a place and a member."""

from __future__ import annotations

import datetime as dt

from tenants.engine.conditions import Among, Conditions, Hours
from tenants.engine.dates import DAY, is_near_birthday, local
from tenants.engine.reasons import Reason, because
from tenants.engine.values import Basket, Member


def refusal(conditions: Conditions, basket: Basket, member: Member | None, used: int = 0) -> Reason | None:
    """Why conditions don't hold for this moment, place and member; None when they do."""
    return _moment_refusal(conditions, basket) or _member_refusal(conditions, basket, member, used)


def _moment_refusal(conditions: Conditions, basket: Basket) -> Reason | None:
    now = local(basket.at, basket.time_zone)
    if conditions.first_day and now.date() < conditions.first_day:
        return because("not_yet", first_day=conditions.first_day.isoformat())
    if conditions.last_day and now.date() > conditions.last_day:
        return because("over", last_day=conditions.last_day.isoformat())
    if not conditions.locations.holds(frozenset([basket.location] if basket.location else [])):
        return because("wrong_location")
    day = now.date()
    if conditions.hours:
        days = [begun for begun in (_day_of(hours, now) for hours in conditions.hours) if begun]
        if not days:
            return because(
                "wrong_hour", hours=", ".join(f"{h.start:%H:%M}-{h.end:%H:%M}" for h in conditions.hours)
            )
        if conditions.weekdays:
            fitting = [begun for begun in days if begun.isoweekday() in conditions.weekdays]
            day = fitting[0] if fitting else days[0]
    if conditions.weekdays and day.isoweekday() not in conditions.weekdays:
        return because("wrong_weekday", weekdays=",".join(map(str, sorted(conditions.weekdays))))
    return None


def _day_of(hours: Hours, now: dt.datetime) -> dt.date | None:
    """The day on which the stretch that `now` lies in began, or None when it lies outside."""
    clock = now.time()
    if hours.start < hours.end:
        return now.date() if hours.start <= clock < hours.end else None
    if clock >= hours.start:
        return now.date()
    return now.date() - DAY if clock < hours.end else None


def _member_refusal(
    conditions: Conditions, basket: Basket, member: Member | None, used: int
) -> Reason | None:
    if not conditions.needs_member:
        return None
    if member is None:
        return because("needs_member")
    if conditions.uses_per_member and used >= conditions.uses_per_member:
        return because("used_up_by_member", uses=used, max=conditions.uses_per_member)
    if conditions.first_purchase and member.purchase_count:
        return because("not_first_purchase")
    if not conditions.tiers.holds(member.tiers):
        return because("wrong_tier", tiers=_named(conditions.tiers))
    if not conditions.segments.holds(member.segments):
        return because("wrong_segment")
    if not conditions.member_tags.holds(member.tags):
        return because("wrong_tags")
    return _time_refusal(conditions, basket, member)


def _time_refusal(conditions: Conditions, basket: Basket, member: Member) -> Reason | None:
    if conditions.days_away:
        last = member.last_purchase_at
        if last is None or basket.at - last < conditions.days_away * DAY:
            return because("not_away_long_enough", days=conditions.days_away)
    if (around := conditions.birthday) is not None:
        if member.birthday is None:
            return because("no_birthday_known")
        today = local(basket.at, basket.time_zone).date()
        if not is_near_birthday(member.birthday, today, around.days_before, around.days_after):
            return because("not_birthday", days_before=around.days_before, days_after=around.days_after)
    return None


def _named(names: Among) -> str:
    return ", ".join(sorted(names.any | names.all))
