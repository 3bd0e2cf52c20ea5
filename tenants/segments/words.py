"""A segment in words: what its members have in common, a sentence for each condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from babel.dates import get_month_names
from babel.lists import format_list
from flask_babel import format_date, get_locale, ngettext
from flask_babel import gettext as _

from tenants.segments.rules import THIS_MONTH, Terms


def told(terms: Terms, tiers: Mapping[str, str]) -> list[str]:
    return list(_told(terms, tiers)) or [_("Everyone")]


def _told(terms: Terms, tiers: Mapping[str, str]) -> Iterator[str]:
    if terms.tags:
        yield _("Tagged %(tags)s", tags=format_list(sorted(terms.tags), "or", locale=get_locale()))
    if terms.without_tags:
        yield _(
            "Not tagged %(tags)s", tags=format_list(sorted(terms.without_tags), "or", locale=get_locale())
        )
    if terms.tier:
        yield _("Tier: %(tier)s", tier=tiers.get(terms.tier, terms.tier.rpartition("/")[2]))
    if terms.seen_within_days:
        yield ngettext("Here within %(num)s day", "Here within %(num)s days", terms.seen_within_days)
    if terms.away_for_days:
        yield ngettext("Away for %(num)s day", "Away for %(num)s days", terms.away_for_days)
    yield from _dates(terms)
    if terms.min_visits:
        yield ngettext("At least %(num)s visit", "At least %(num)s visits", terms.min_visits)
    if terms.max_visits is not None:
        yield ngettext("At most %(num)s visit", "At most %(num)s visits", terms.max_visits)


def _dates(terms: Terms) -> Iterator[str]:
    if terms.joined_since:
        yield _("Joined since %(date)s", date=format_date(terms.joined_since, "medium"))
    if terms.birthday_month == THIS_MONTH:
        yield _("Birthday this month")
    elif terms.birthday_month:
        months = get_month_names("wide", context="stand-alone", locale=get_locale())
        yield _("Birthday in %(month)s", month=months[terms.birthday_month])
