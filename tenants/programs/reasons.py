"""The engine's reasons in words: why units came in or did not, why a coupon or reward doesn't hold.

Each code is a whole sentence in the reader's language; several reasons are several sentences.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from babel.dates import get_day_names
from babel.lists import format_list
from flask_babel import format_date, format_decimal, get_locale, ngettext
from flask_babel import gettext as _

from saas.web.template_filters import money
from tenants.engine.reasons import Reason


class Grouped(int):
    """A number that is written as the language groups its digits, also where its plural is chosen by it."""

    def __str__(self) -> str:
        return str(format_decimal(int(self)))


@dataclass(frozen=True)
class Speech:
    """What reasons are said with: the currency, what units are (stamps, points or the merchant's own word; cashback is
    money), and the names of rules, tiers, programs and rewards by their keys."""

    currency: str
    kind: str = "points"
    unit: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def units(self, count: int | str) -> str:
        number = Grouped(count)
        if self.kind == "cashback":
            return money(number, self.currency)
        if self.unit:
            return _("%(number)s %(unit)s", number=format_decimal(number), unit=self.unit)
        if self.kind == "stamp_card":
            return ngettext("%(num)s stamp", "%(num)s stamps", number)
        return ngettext("%(num)s point", "%(num)s points", number)

    def name(self, key: int | str) -> str:
        return self.names.get(str(key), str(key).rsplit("/", 1)[-1])

    def money(self, amount: int | str) -> str:
        return money(int(amount), self.currency)


def why(stored: Iterable[Mapping[str, Any]] | None, speech: Speech) -> str:
    """The stored reasons of an entry, as sentences."""
    return " ".join(words(reason["code"], reason.get("params", {}), speech) for reason in stored or ())


def of(reason: Reason, speech: Speech) -> str:
    return words(reason.code, reason.params, speech)


def words(code: str, params: Mapping[str, Any], speech: Speech) -> str:
    """One reason as a sentence; a code of a later version says only that the rules decided so."""
    say = WORDS.get(code)
    return say(params, speech) if say else _("The program’s rules say so.")


Say = Callable[[Mapping[str, Any], Speech], str]


def _events() -> dict[str, str]:
    return {
        "welcome": _("joining"),
        "birthday": _("your birthday"),
        "referral": _("bringing a friend"),
        "review": _("your review"),
        "comeback": _("coming back"),
    }


def _event(params: Mapping[str, Any]) -> str:
    return _events().get(str(params["event"]), str(params["event"]))


def _day(text: Any) -> str:
    return format_date(dt.date.fromisoformat(str(text)), "medium")


def _weekdays(text: Any) -> str:
    names = get_day_names("wide", locale=get_locale())
    days = [names[int(number) - 1] for number in str(text).split(",") if number]
    return format_list(days, locale=get_locale())


def _listed(text: Any, speech: Speech) -> str:
    return format_list(
        [speech.name(name.strip()) for name in str(text).split(",")], "or", locale=get_locale()
    )


WORDS: dict[str, Say] = {
    "earned_visit": lambda p, s: _("%(units)s for this visit.", units=s.units(p["units"])),
    "earned_items": lambda p, s: ngettext(
        "%(units)s for %(num)s item.",
        "%(units)s for %(num)s items.",
        int(p["items"]),
        units=s.units(p["units"]),
    ),
    "earned_amount": lambda p, s: _(
        "%(units)s for %(amount)s that count.", units=s.units(p["units"]), amount=s.money(p["amount_minor"])
    ),
    "multiplied": lambda p, s: _(
        "%(units)s more by “%(rule)s” (×%(factor)s).",
        units=s.units(p["units"]),
        rule=s.name(p["rule"]),
        factor=format_decimal(p["factor"]),
    ),
    "tier_multiplied": lambda p, s: _(
        "%(units)s more because you are %(tier)s (×%(factor)s).",
        units=s.units(p["units"]),
        tier=s.name(p["tier"]),
        factor=format_decimal(p["factor"]),
    ),
    "capped": lambda p, s: _(
        "One purchase earns at most %(max)s: %(units)s are left out.",
        max=s.units(p["max"]),
        units=s.units(-int(p["units"])),
    ),
    "nothing_earned": lambda p, s: _("“%(rule)s” earned nothing this time.", rule=s.name(p["rule"])),
    "bonus": lambda p, s: _("%(units)s for %(event)s.", units=s.units(p["units"]), event=_event(p)),
    "no_member": lambda p, s: _("Only members earn. Ask for the member’s card."),
    "other_currency": lambda p, s: _("This applies in %(currency)s only.", currency=p["currency"]),
    "wrong_weekday": lambda p, s: _("This applies on %(days)s only.", days=_weekdays(p["weekdays"])),
    "wrong_hour": lambda p, s: _(
        "This applies between %(hours)s only.", hours=str(p["hours"]).replace("-", "–")
    ),
    "not_yet": lambda p, s: _("This applies from %(day)s on.", day=_day(p["first_day"])),
    "over": lambda p, s: _("This was good until %(day)s.", day=_day(p["last_day"])),
    "wrong_location": lambda p, s: _("This doesn’t apply at this location."),
    "needs_member": lambda p, s: _("This is for members only. Ask for the member’s card."),
    "no_birthday_known": lambda p, s: _("This is for birthdays, and the member’s birthday isn’t known."),
    "not_birthday": lambda p, s: _("This applies around the member’s birthday only."),
    "wrong_tier": lambda p, s: _("This is for %(tiers)s only.", tiers=_listed(p["tiers"], s)),
    "wrong_segment": lambda p, s: _("This is for some members only, and this member isn’t one of them."),
    "wrong_tags": lambda p, s: _("This is for some members only, and this member isn’t one of them."),
    "not_first_purchase": lambda p, s: _("This is for the first purchase only."),
    "not_away_long_enough": lambda p, s: ngettext(
        "This is for members who have been away for %(num)s day.",
        "This is for members who have been away for %(num)s days.",
        int(p["days"]),
    ),
    "used_up_by_member": lambda p, s: ngettext(
        "The member has used this already; it can be used once.",
        "The member has used this already; it can be used %(num)s times.",
        int(p["max"]),
    ),
    "no_matching_goods": lambda p, s: _("Nothing in the basket qualifies for this."),
    "goods_missing": lambda p, s: _("These are missing in the basket: %(missing)s.", missing=p["missing"]),
    "quantity_too_small": lambda p, s: _(
        "This needs at least %(min)s of the goods meant; there are %(quantity)s.",
        min=p["min"],
        quantity=p["quantity"],
    ),
    "amount_too_small": lambda p, s: _(
        "This needs at least %(min)s; the goods that count come to %(amount)s.",
        min=s.money(p["min_minor"]),
        amount=s.money(p["amount_minor"]),
    ),
    "nothing_to_reduce": lambda p, s: _("There is nothing left to take this off."),
    "excluded_by": lambda p, s: _("This doesn’t go together with “%(source)s”.", source=s.name(p["source"])),
    "better_in_group": lambda p, s: _(
        "Only one of these counts, and “%(source)s” saves more.", source=s.name(p["source"])
    ),
    "used_twice": lambda p, s: _("This was given twice; it counts once."),
    "unknown_program": lambda p, s: _("This program isn’t running at the moment."),
    "unknown_reward": lambda p, s: _("This reward is not available."),
    "reward_expired": lambda p, s: _("The time of this reward is over."),
    "not_enough_units": lambda p, s: _(
        "This costs %(units)s; there are %(balance)s to spend.",
        units=s.units(p["units"]),
        balance=s.units(p["balance"]),
    ),
    "already_happened": lambda p, s: _("This was given before for %(event)s.", event=_event(p)),
    "cap_reached": lambda p, s: _("This has been given as often as it can be."),
    "self_referral": lambda p, s: _("Members can’t refer themselves."),
    # what the room of coupons finds
    "unknown_code": lambda p, s: _(
        "This code isn’t known here, or it is somebody else’s. A personal one needs its member’s card first."
    ),
    "code_used": lambda p, s: _("This code was used already."),
    "code_void": lambda p, s: _("This code was taken back by the shop."),
    "code_expired": lambda p, s: _("This code was valid until %(day)s.", day=_day(p["day"])),
    "coupon_paused": lambda p, s: _("The shop has stopped this coupon."),
    "used_up": lambda p, s: ngettext(
        "This could be used %(num)s time, and has been.",
        "This could be used %(num)s times, and has been.",
        int(p["max"]),
    ),
    "used_up_for_now": lambda p, s: _(
        "This is used up for now; it begins again on %(day)s.", day=_day(p["until"])
    ),
    "used_up_by_member_for_now": lambda p, s: _(
        "This member has used it as often as one may for now; it begins again on %(day)s.",
        day=_day(p["until"]),
    ),
    # what the ledger itself writes
    "adjusted": lambda p, s: _("Corrected by the shop: %(note)s", note=p["note"]),
    "adjustment_undone": lambda p, s: _("The shop took a correction back: %(note)s", note=p["note"]),
    "expired": lambda p, s: _(
        "%(units)s expired, unused since %(day)s.", units=s.units(p["units"]), day=_day(p["earned"])
    ),
    "spent_on": lambda p, s: _(
        "%(units)s spent on “%(reward)s”.", units=s.units(p["units"]), reward=p["reward"]
    ),
    "returned": lambda p, s: _(
        "%(units)s taken back, because what earned them was returned.", units=s.units(p["units"])
    ),
    "given_back": lambda p, s: _(
        "%(units)s came back, because what they were spent on was returned.", units=s.units(p["units"])
    ),
    "shortfall": lambda p, s: _(
        "%(units)s more were owed; the balance stops at zero.", units=s.units(p["units"])
    ),
    "reward_closed": lambda p, s: _(
        "%(units)s are back: “%(reward)s” was not taken.", units=s.units(p["units"]), reward=p["reward"]
    ),
}
