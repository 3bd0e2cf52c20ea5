"""A basket of the merchant's choice, judged by terms that are still being written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.dates import get_day_names
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from saas.merchants.registry import Record
from tenants.engine.dates import DAY, local
from tenants.engine.programs import Program, ProgramTerms
from tenants.engine.quote import quote
from tenants.engine.results import Result
from tenants.engine.tiers import tier_for
from tenants.engine.values import Basket, Line, Member, Standing
from tenants.programs import reasons
from tenants.programs.reasons import Speech
from tenants.programs.typed import Amount, Names

OWN = "own"


class SampleForm(FlaskForm):
    """What is in the basket, when, and who buys it."""

    class Meta:
        csrf = False

    amount = Amount(_l("A basket of"))
    goods = Names(_l("Of which category, tag or product"))
    more = Amount(_l("And something else for"))
    weekday = SelectField(_l("Day"), coerce=int)
    time = TimeField(_l("Time"), [Optional()], default=dt.time(10))
    tier = SelectField(_l("The member is"), default="")
    birthday = BooleanField(_l("It is the member’s birthday"))

    def __init__(self, tier_names: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = get_day_names("wide", locale=get_locale())
        self.weekday.choices = [SelectChoice(day, str(names[day - 1])) for day in range(1, 8)]
        choices = [SelectChoice("", _("in no tier"))]
        self.tier.choices = choices + [SelectChoice(key, name) for key, name in tier_names.items()]


@dataclass(frozen=True)
class Sample:
    """What comes out: what is earned in words, each reason, the rewards in reach, the tier reached."""

    earned: str
    reasons: list[str]
    in_reach: list[str]
    tier: str


def judged(
    form: SampleForm,
    terms: ProgramTerms,
    words: Mapping[str, Any],
    others: Sequence[Program],
    merchant: Record,
    speech: Speech,
    now: dt.datetime,
) -> Sample:
    """What a member without history would get for the basket; tier programs that run multiply as they do."""
    own = Program(OWN, OWN, merchant.currency, terms)
    around = [program for program in others if program.terms.kind == "tiers"]
    at = _moment(form, merchant.time_zone, now)
    result = quote(_basket(form, at, merchant), _member(form, at), [own, *around])
    return _told(result, terms, words, speech)


def _moment(form: SampleForm, zone_name: str, now: dt.datetime) -> dt.datetime:
    today = local(now, zone_name)
    day = form.weekday.data or today.isoweekday()
    ahead = today + ((day - today.isoweekday()) % 7) * DAY
    at = form.time.data or dt.time(10)
    return ahead.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)


def _basket(form: SampleForm, at: dt.datetime, merchant: Record) -> Basket:
    names = frozenset(form.goods.data or ())
    lines = []
    if form.amount.data:
        sku = next(iter(form.goods.data), "") if form.goods.data else ""
        lines.append(Line("1", form.amount.data, Decimal(1), sku, names, names))
    if form.more.data:
        lines.append(Line("2", form.more.data))
    return Basket("sample", merchant.currency, tuple(lines), at, merchant.time_zone)


def _member(form: SampleForm, at: dt.datetime) -> Member:
    program_id, _slash, tier = (form.tier.data or "").rpartition("/")
    held = {program_id: Standing(tier, at + 400 * DAY)} if program_id else {}
    born = at.date() - (30 * 365 + 180) * DAY  # half a year from today, unless it is today
    if form.birthday.data:
        born = dt.date(2000, at.month, at.day)
    return Member("sample", birthday=born, standings=held)


def _told(result: Result, terms: ProgramTerms, words: Mapping[str, Any], speech: Speech) -> Sample:
    outcome = result.outcome(OWN)
    if outcome is None:
        return Sample(speech.units(0), [], [], "")
    told = [reasons.of(reason, speech) for earned in outcome.earned for reason in earned.why]
    told += [reasons.of(missed.reason, speech) for missed in outcome.missed]
    named = words.get("rewards", {})
    in_reach = [
        str(named.get(reward.key, {}).get("name") or reward.key)
        for reward in terms.rewards
        if reward.key in outcome.affordable
    ]
    reached = tier_for(terms.tiers, outcome.units) if terms.tiers else ""
    return Sample(speech.units(outcome.units), told, in_reach, words.get("tiers", {}).get(reached, reached))
