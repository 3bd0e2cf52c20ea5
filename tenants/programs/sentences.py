"""Terms of every kind as sentences, each under the part of the program that it is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.dates import get_day_names
from babel.lists import format_list
from babel.numbers import format_currency, get_currency_precision
from flask_babel import format_decimal, format_percent, format_time, get_locale, ngettext
from flask_babel import gettext as _

from tenants.engine.conditions import Conditions, Selection
from tenants.engine.programs import EarningRule, Multiplier, ProgramTerms
from tenants.engine.rewards import Reward
from tenants.programs.kind_forms import EVENTS, GIVES
from tenants.programs.reasons import Speech

SORTS = ("categories", "tags", "products")


@dataclass(frozen=True)
class Sentence:
    """`part` is earning, bonuses, rewards, tiers, expiry or fairness."""

    part: str
    text: str


def parts() -> dict[str, str]:
    """The parts of a program as titles."""
    return {
        "earning": _("Earning"),
        "bonuses": _("Bonuses"),
        "rewards": _("Rewards"),
        "tiers": _("Tiers"),
        "expiry": _("Expiry"),
        "fairness": _("Returns and discounts"),
    }


@dataclass(frozen=True)
class Telling:
    """What terms are told with: their words, and how units and names are said."""

    terms: ProgramTerms
    words: Mapping[str, Any]
    speech: Speech

    def all(self) -> list[Sentence]:
        """Every promise, in the order of parts()."""
        told = (
            ("earning", self._earning()),
            ("bonuses", self._bonuses()),
            ("rewards", map(self._reward, self.terms.rewards)),
            ("tiers", self._tiers()),
            ("expiry", self._expiry()),
            ("fairness", self._fairness()),
        )
        return [Sentence(part, text) for part, texts in told for text in texts]

    def short(self) -> str:
        """The first thing to say of the program."""
        return next((sentence.text for sentence in self.all()), "")

    def units(self, count: Decimal | int) -> str:
        if count == int(count):
            return self.speech.units(int(count))
        unit = self.speech.unit or _("points")
        return _("%(number)s %(unit)s", number=format_decimal(count), unit=unit)

    def _earning(self) -> Iterator[str]:
        for rule in self.terms.rules:
            yield " ".join([self._rule(rule), *self._limits(rule)])

    def _rule(self, rule: EarningRule) -> str:
        if self.terms.kind == "cashback" and rule.per == "amount" and rule.step_minor:
            share = format_percent(rule.units / rule.step_minor, "#,##0.##%")
            return _("Members get %(percent)s of what they pay back, to spend here.", percent=share)
        units = self.units(rule.units)
        if rule.per == "amount":
            step = self.speech.money(rule.step_minor)
            return _("Members earn %(units)s for every %(amount)s.", units=units, amount=step)
        if rule.per == "item":
            return _("Members earn %(units)s for each item.", units=units)
        return _("Members earn %(units)s a visit.", units=units)

    def _limits(self, rule: EarningRule) -> Iterator[str]:
        yield from self._when(rule.conditions)
        without = names_of(rule.conditions.goods, "none", self.speech.names)
        if without:
            yield _("Not on %(goods)s.", goods=without)
        if rule.full_steps:
            yield _("Only full amounts count.")
        if rule.max_units:
            yield _("At most %(units)s in one purchase.", units=self.units(rule.max_units))

    def _when(self, conditions: Conditions) -> Iterator[str]:
        goods = names_of(conditions.goods, "any", self.speech.names)
        if goods:
            yield _("On %(goods)s only.", goods=goods)
        if conditions.weekdays:
            yield _("%(days)s only.", days=_days(conditions.weekdays))
        for hours in conditions.hours:
            yield _("From %(start)s until %(end)s.", start=_time(hours.start), end=_time(hours.end))
        if conditions.tiers.any:
            held = [self.speech.name(key) for key in sorted(conditions.tiers.any)]
            yield _("For %(tiers)s only.", tiers=format_list(held, "or", locale=get_locale()))
        if conditions.member_tags.any:
            tags = format_list(sorted(conditions.member_tags.any), "or", locale=get_locale())
            yield _("For members tagged %(tags)s only.", tags=tags)
        if conditions.segments.any:
            names = format_list(sorted(conditions.segments.any), "or", locale=get_locale())
            yield _("For members of “%(segment)s” only.", segment=names)
        if conditions.birthday and (conditions.birthday.days_before or conditions.birthday.days_after):
            yield _("Around the birthday only.")
        elif conditions.birthday:
            yield _("On the birthday only.")
        if conditions.min_amount_minor:
            yield _(
                "From a purchase of %(amount)s on.", amount=self.speech.money(conditions.min_amount_minor)
            )

    def _bonuses(self) -> Iterator[str]:
        for one in self.terms.multipliers:
            yield " ".join([self._times(one), *self._when(one.conditions)])
        for occasion in self.terms.occasions:
            event = str(EVENTS[occasion.event])
            yield _("%(event)s brings %(units)s.", event=event, units=self.units(occasion.units))

    def _times(self, one: Multiplier) -> str:
        factor = format_decimal(one.factor)
        return _("“%(name)s”: units count %(factor)s times.", name=one.key, factor=factor)

    def _reward(self, reward: Reward) -> str:
        named = self.words.get("rewards", {}).get(reward.key, {})
        name, benefit = str(named.get("name") or benefit_name(reward)), reward.benefit
        if benefit.kind == "payment":
            if self.terms.kind == "cashback":
                return _("“%(reward)s”: members pay with what they got back.", reward=name)
            worth = worth_of(benefit.unit_value_minor, self.speech.currency)
            return _("“%(reward)s”: each unit is worth %(amount)s.", reward=name, amount=worth)
        cost = self.units(self.terms.required if self.terms.kind == "stamp_card" else reward.cost)
        if benefit.kind == "percent":
            share = format_percent(benefit.percent / 100, "#,##0.##%")
            return _("“%(reward)s” for %(units)s: %(share)s off.", reward=name, units=cost, share=share)
        if benefit.kind == "amount":
            off = self.speech.money(benefit.amount_minor)
            return _("“%(reward)s” for %(units)s: %(share)s off.", reward=name, units=cost, share=off)
        return _("“%(reward)s” for %(units)s.", reward=name, units=cost)

    def _tiers(self) -> Iterator[str]:
        names = self.words.get("tiers", {})
        for tier in self.terms.tiers:
            name, units = names.get(tier.key, tier.key), self.units(tier.threshold)
            if tier.multiplier == 1:
                yield _("%(tier)s from %(units)s on.", tier=name, units=units)
            else:
                factor = format_decimal(tier.multiplier)
                yield _(
                    "%(tier)s from %(units)s on: units of other programs count %(factor)s times.",
                    tier=name,
                    units=units,
                    factor=factor,
                )
        window = self.terms.window
        if self.terms.tiers and window.kind == "calendar":
            yield _("What counts is earned within a calendar year; a tier is kept until the end of the next.")
        elif self.terms.tiers:
            yield ngettext(
                "What counts is earned within %(num)s month; a tier is kept as long again.",
                "What counts is earned within %(num)s months; a tier is kept as long again.",
                window.months,
            )
        if self.terms.tiers and window.grace_days:
            yield ngettext("%(num)s day of grace.", "%(num)s days of grace.", window.grace_days)

    def _expiry(self) -> Iterator[str]:
        expiry = self.terms.expiry
        if self.terms.kind == "tiers":
            return
        if expiry.years_end is not None:
            yield (
                ngettext(
                    "Units expire at the end of the year, %(num)s year later.",
                    "Units expire at the end of the year, %(num)s years later.",
                    expiry.years_end,
                )
                if expiry.years_end
                else _("Units expire at the end of the year.")
            )
        if expiry.months:
            yield ngettext(
                "Units expire after %(num)s month.", "Units expire after %(num)s months.", expiry.months
            )
        if expiry.days:
            yield ngettext("Units expire after %(num)s day.", "Units expire after %(num)s days.", expiry.days)
        if expiry.years_end is None and not expiry.months and not expiry.days:
            yield _("Units never expire.")
        if self.terms.pending_days:
            yield ngettext(
                "Units can be spent after %(num)s day.",
                "Units can be spent after %(num)s days.",
                self.terms.pending_days,
            )

    def _fairness(self) -> Iterator[str]:
        terms = self.terms
        if terms.kind != "tiers" and terms.clawback == "negative":
            yield _("Returned after its units were spent: the balance may go below zero.")
        elif terms.kind != "tiers":
            yield _("Returned after its units were spent: the balance stops at zero.")
        if terms.rules and terms.earns_on_discounts:
            yield _("What the till took off earns too.")
        if terms.rules and terms.earns_on_coupons:
            yield _("What coupons took off earns too.")
        if terms.rules and not terms.earns_on_gift_cards:
            yield _("What gift cards paid earns nothing.")


def names_of(goods: Selection, which: str, names: Mapping[str, str]) -> str:
    """The names of goods meant (any) or left out (none), as a list in words; `names` are those of products."""
    found = sorted(
        names.get(f"sku/{name}", name) if sort == "products" else name
        for sort in SORTS
        for name in getattr(getattr(goods, sort), which)
    )
    return format_list(found, "or" if which == "none" else "standard", locale=get_locale()) if found else ""


def worth_of(minor: Decimal, currency: str) -> str:
    """An amount that may be less than the smallest coin."""
    digits = get_currency_precision(currency)
    if minor == int(minor):
        return str(format_currency(minor.scaleb(-digits), currency, locale=get_locale()))
    places = max(digits, -int(minor.scaleb(-digits).normalize().as_tuple().exponent))
    return str(
        format_currency(
            minor.scaleb(-digits),
            currency,
            locale=get_locale(),
            currency_digits=False,
            decimal_quantization=False,
            format=_wide(places),
        )
    )


def _wide(places: int) -> str:
    """The language's pattern of an amount, with so many places."""
    pattern = get_locale().currency_formats["standard"].pattern.split(";")[0]
    return str(pattern.replace("0.00", "0." + "0" * places))


def benefit_name(reward: Reward) -> str:
    return reward.benefit.item or str(GIVES.get(reward.benefit.kind, reward.key))


def _days(days: frozenset[int]) -> str:
    names = get_day_names("wide", locale=get_locale())
    return format_list([str(names[day - 1]) for day in sorted(days)], locale=get_locale())


def _time(at: dt.time) -> str:
    return str(format_time(dt.datetime.combine(dt.date(2000, 1, 1), at), "short", rebase=False))
