"""What a merchant types about a program of points, cashback, tiers or bonuses, a row for each rule and reward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from babel.dates import get_day_names
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from tenants.programs import coupon_names
from tenants.programs.forms import ICON_NAMES, one_line
from tenants.programs.typed import Amount, Count, Decimals, Names, Worth

MOST_ROWS = 30
GOODS = {
    "": _l("anything"),
    "categories": _l("these categories"),
    "tags": _l("these tags"),
    "products": _l("these products"),
    "kept": _l("goods chosen elsewhere"),
}
PER = {"amount": _l("for every"), "item": _l("for each item"), "visit": _l("a visit")}
ROUNDING = {"down": _l("down"), "half_up": _l("to the nearest"), "up": _l("up")}
EVENTS = {
    "welcome": _l("Joining"),
    "birthday": _l("The birthday"),
    "referral": _l("Bringing a friend"),
    "review": _l("A review"),
    "comeback": _l("Coming back"),
}
GIVES = {
    "merchandise": _l("Something to hand out"),
    "free_item": _l("Free goods of the shop"),
    "percent": _l("A percentage off"),
    "amount": _l("An amount off"),
    "payment": _l("Paying with it: each unit is worth something"),
    "coupon": _l("A coupon for a later visit"),
    "gift_card": _l("A gift card of this shop"),
    "early_access": _l("Early access"),
    "kept": _l("As it was set up elsewhere"),
}
EXPIRES = {"never": _l("never"), "after": _l("after some time"), "year": _l("at the end of a year")}
WINDOWS = {"rolling": _l("The last months"), "calendar": _l("The calendar year")}
CLAWBACK = {"negative": _l("The balance may go below zero"), "stop_at_zero": _l("It stops at zero")}
COMBINE = {
    "best": _l("The best one counts"),
    "add": _l("They are added up"),
    "multiply": _l("They are multiplied"),
}


def _select(label: Any, choices: dict[str, Any], **kwargs: Any) -> SelectField:
    found = [SelectChoice(value, words) for value, words in choices.items()]
    return SelectField(label, choices=found, default=next(iter(choices)), **kwargs)


def _count(label: Any, most: int, least: int = 0, default: int | None = None) -> Count:
    return Count(label, [Optional(), NumberRange(least, most)], default=default)


def _text(label: Any, length: int, *validators: Any) -> StringField:
    return StringField(label, [*validators, Length(max=length)], filters=[one_line])


class Row(FlaskForm):
    """One of several: `key` names it for good, and stays when it is written again."""

    class Meta:
        csrf = False

    key = HiddenField()


class GoodsRow(Row):
    """A row that may be about some goods only."""

    def validate_goods(self, field: Names) -> None:
        by = self["goods_by"].data
        if by in ("categories", "tags", "products") and not field.data and not field.errors:
            raise ValidationError(_("Name at least one, with commas between them."))


class RuleRow(GoodsRow):
    """How units are earned."""

    units = Decimals(_l("Members earn"))
    per = _select(_l("For what"), PER)
    step = Amount(_l("Amount spent"))
    percent = Decimals(_l("Percent back"), places=2)
    goods_by = _select(_l("Counts on"), GOODS)
    goods = Names(_l("Which goods"))
    not_categories = Names(_l("Not on these categories"))
    not_tags = Names(_l("Not on these tags"))
    not_products = Names(_l("Not on these products"))
    min_amount = Amount(_l("From a purchase of"))
    max_units = _count(_l("At most in one purchase"), 10_000_000)
    rounding = _select(_l("Parts of a unit are rounded"), ROUNDING)
    full_steps = BooleanField(_l("Only full amounts count"))


class MultiplierRow(GoodsRow):
    """When units count more than once."""

    label = _text(_l("Name of the bonus"), 80, Optional())
    factor = Decimals(_l("Times"), places=2)
    goods_by = _select(_l("On"), GOODS)
    goods = Names(_l("Which goods"))
    weekdays = SelectMultipleField(
        _l("On these days"), coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    start = TimeField(_l("From"), [Optional()])
    end = TimeField(_l("Until"), [Optional()])
    tiers = SelectMultipleField(
        _l("For members who are"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    member_tags = SelectMultipleField(
        _l("For members tagged"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )
    segments = SelectMultipleField(
        _l("For members of the segment"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )
    birthday = BooleanField(_l("Around the birthday"))
    days_before = _count(_l("Days before"), 180)
    days_after = _count(_l("Days after"), 180)
    min_amount = Amount(_l("From a purchase of"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = get_day_names("wide", locale=get_locale())
        self.weekdays.choices = [SelectChoice(day, str(names[day - 1])) for day in range(1, 8)]
        self.tiers.choices, self.member_tags.choices, self.segments.choices = [], [], []


class OccasionRow(Row):
    """Units for something other than a purchase."""

    event = _select(_l("For"), EVENTS)
    units = _count(_l("Units"), 1_000_000)
    max_times = _count(_l("At most this often for one member"), 10_000)


class RewardRow(GoodsRow):
    """What units buy."""

    name = _text(_l("Reward"), 120, DataRequired())
    note = _text(_l("Small print"), 200, Optional())
    cost = _count(_l("It costs"), 1_000_000_000)
    gives = _select(_l("What it gives"), GIVES)
    goods_by = _select(_l("On"), GOODS)
    goods = Names(_l("Which goods"))
    percent = Decimals(_l("Percent off"), places=2)
    amount = Amount(_l("Amount"))
    worth = Worth(_l("Each unit is worth"), places=6)
    item = _text(_l("Name of the thing or launch"), 120, Optional())
    coupon = SelectField(_l("The coupon that is given"))
    max_discount = Amount(_l("At most off"))
    valid_days = _count(_l("Days it is kept for"), 3650)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = (self.item.data or "") if self.gives.data == "coupon" and not self.coupon.data else ""
        known = coupon_names.to_give()
        named = next((key for key, name in known.items() if name.lower() == named.lower()), named)
        if named:
            self.coupon.data = named
        unknown = {named: named} if named and named not in known else {}
        choices = {"": _("Choose a coupon that runs"), **known, **unknown}
        self.coupon.choices = [SelectChoice(value, words) for value, words in choices.items()]

    @property
    def data(self) -> dict[str, Any]:
        """What was typed; the coupon that was chosen is the item that is given."""
        found = super().data
        chosen = found.pop("coupon")
        return found | ({"item": chosen} if found["gives"] == "coupon" else {})

    def validate_coupon(self, field: SelectField) -> None:
        if self.gives.data == "coupon" and not field.data:
            raise ValidationError(_("Choose the coupon that is given."))

    def validate_goods_by(self, field: SelectField) -> None:
        if self.gives.data == "free_item" and not field.data:
            raise ValidationError(_("Say which goods are free."))


class TierRow(Row):
    """A tier of members."""

    name = _text(_l("Tier"), 60, DataRequired())
    threshold = _count(_l("Reached at"), 1_000_000_000)
    multiplier = Decimals(_l("Units count times"), places=2)


LISTS: dict[str, type[Row]] = {
    "rules": RuleRow,
    "multipliers": MultiplierRow,
    "occasions": OccasionRow,
    "rewards": RewardRow,
    "tiers": TierRow,
}


class KindForm(FlaskForm):
    """A program of one kind. `tier_names` are the tiers of all programs, by the engine's names; `tags` and `segments`
    those that members have."""

    kind = HiddenField()
    name = _text(_l("Name"), 120, DataRequired())
    headline = _text(_l("Headline on the card"), 120, DataRequired())
    unit = _text(_l("Your own word for the units"), 30, Optional())
    icon = RadioField(
        _l("Picture on the card"),
        choices=[SelectChoice(icon, words) for icon, words in ICON_NAMES.items()],
        default="star",
    )
    rules = FieldList(FormField(RuleRow), max_entries=MOST_ROWS)
    multipliers = FieldList(FormField(MultiplierRow), max_entries=MOST_ROWS)
    occasions = FieldList(FormField(OccasionRow), max_entries=MOST_ROWS)
    rewards = FieldList(FormField(RewardRow), max_entries=MOST_ROWS)
    tiers = FieldList(FormField(TierRow), max_entries=MOST_ROWS)
    combine = _select(_l("Where several bonuses meet"), COMBINE)
    ignores_tiers = BooleanField(_l("Tiers of other programs don’t multiply these units"))
    expires = _select(_l("Units expire"), EXPIRES)
    expiry_months = _count(_l("Months"), 1200)
    expiry_days = _count(_l("Days"), 3660)
    expiry_years = _count(_l("Years after this one"), 20)
    pending_days = _count(_l("Days before units can be spent"), 365)
    clawback = RadioField(
        _l("If something is returned and its units are spent"),
        choices=[SelectChoice(value, words) for value, words in CLAWBACK.items()],
        default="negative",
    )
    earns_on_discounts = BooleanField(_l("What the till took off earns too"))
    earns_on_coupons = BooleanField(_l("What coupons took off earns too"))
    earns_on_gift_cards = BooleanField(_l("What gift cards paid earns too"))
    window_kind = _select(_l("What counts towards a tier"), WINDOWS)
    window_months = _count(_l("Months that count"), 120, 1, 12)
    grace_days = _count(_l("Days of grace"), 3660)

    def __init__(
        self,
        tier_names: dict[str, str],
        *args: Any,
        tags: Sequence[str] = (),
        segments: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.tier_names = tier_names
        self.groups = {"member_tags": tags, "segments": segments}
        for row in self.multipliers:
            self.offer_groups(row)

    def validate_expires(self, field: SelectField) -> None:
        if field.data == "after" and not self.expiry_months.data and not self.expiry_days.data:
            raise ValidationError(_("Say after how many months or days."))

    def offer_groups(self, row: Any) -> None:
        """What a bonus can be for: the tiers, tags and segments that there are, and those that it names already."""
        row.form.tiers.choices = [SelectChoice(key, name) for key, name in self.tier_names.items()]
        for sort, known in self.groups.items():
            names = sorted({*known, *(row.form[sort].data or ())})
            row.form[sort].choices = [SelectChoice(name, name) for name in names]

    def shape(self, add: str, remove: str) -> None:
        """Add an empty row to a list, or take a row out by its name."""
        for name in LISTS:
            rows = self[name]
            rows.entries = [entry for entry in rows.entries if entry.name != remove]
            if name == add and len(rows.entries) < MOST_ROWS:
                row = rows.append_entry()
                if name == "multipliers":
                    self.offer_groups(row)
