"""What an owner types about the shop, its colour and its locations."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from babel.dates import get_day_names
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    ColorField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from saas.merchants import categories, defaults
from saas.merchants.forms import plain
from saas.merchants.registry import Record
from saas.web.i18n import LANGUAGES
from tenants.locations import rules

COLOUR = re.compile(r"#[0-9a-f]{6}")
SPANS = 2
CONTACTS = {
    "none": _l("Nothing: a first name is enough"),
    "email": _l("E-mail"),
    "phone": _l("Phone"),
    "any": _l("E-mail or phone"),
}


def _choices(pairs: Iterable[tuple[str, Any]], current: str | None = None) -> list[SelectChoice]:
    """The pairs as choices, with what is in force now where it is none of them."""
    found = [SelectChoice(code, name) for code, name in pairs]
    if current is None or any(choice.value == current for choice in found):
        return found
    return [SelectChoice(current, current), *found]


class ShopForm(FlaskForm):
    """The shop as the registry knows it. The currency is taken off where it can't change any more."""

    name = StringField(
        _l("Name of the shop"),
        [
            InputRequired(_l("Please type a name.")),
            Length(max=300, message=_l("Please use at most %(max)d characters.")),
        ],
        filters=[plain],
    )
    category = SelectField(_l("Kind of business"))
    country = SelectField(_l("Country"))
    currency = SelectField(_l("Currency"))
    time_zone = SelectField(_l("Time zone"))
    language = SelectField(_l("Main language"), choices=_choices(LANGUAGES.items()))
    languages = SelectMultipleField(
        _l("Languages offered to members"),
        choices=_choices(LANGUAGES.items()),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    member_contact = RadioField(_l("What members leave when they join"), choices=_choices(CONTACTS.items()))
    is_contact_required = BooleanField(_l("They have to leave it"))
    is_birthday_asked = BooleanField(_l("Ask for their birthday: the day and the month are enough"))
    is_counter_code_on = BooleanField(
        _l("Counter code: members scan the changing code on your counter’s screen")
    )
    is_member_code_on = BooleanField(_l("Member code: you scan or type the member’s own code"))

    def __init__(self, merchant: Record, is_currency_locked: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, obj=merchant, **kwargs)
        language = str(get_locale() or "en")
        self.category.choices = _choices(categories.choices())
        self.country.choices = _choices(defaults.country_choices(language), merchant.country)
        self.time_zone.choices = _choices(
            [(zone, zone) for zone in defaults.time_zones()], merchant.time_zone
        )
        self.currency.choices = _choices(defaults.currency_choices(language), merchant.currency)
        if is_currency_locked:
            del self.currency

    def validate_is_member_code_on(self, field: BooleanField) -> None:
        if not field.data and not self.is_counter_code_on.data:
            raise ValidationError(_("Leave at least one way on: without any, nobody gets a stamp."))

    def offered(self) -> list[str]:
        """The languages that were ticked, the main one always among them and first."""
        ticked = [code for code in self.languages.data or [] if code != self.language.data]
        return [self.language.data, *ticked]


class ColourForm(FlaskForm):
    """The brand colour, as #rrggbb."""

    colour = ColorField(_l("Brand colour"), filters=[lambda text: (text or "").strip().lower()])

    def validate_colour(self, field: ColorField) -> None:
        if not COLOUR.fullmatch(field.data or ""):
            raise ValidationError(_("Write the colour as # and six digits, for example #0f766e."))


class LogoForm(FlaskForm):
    """A file; what is in it is found out by decoding it."""

    logo = FileField(_l("Logo"))


class LocationForm(FlaskForm):
    """A location, with up to two opening times on each weekday."""

    name = StringField(
        _l("Name of the location"),
        [
            InputRequired(_l("Please type a name.")),
            Length(max=120, message=_l("Please use at most %(max)d characters.")),
        ],
        filters=[plain],
    )
    address = StringField(
        _l("Address"),
        [Optional(), Length(max=300, message=_l("Please use at most %(max)d characters."))],
        filters=[plain],
    )

    def __init__(self, *args: Any, hours: dict[str, Any] | None = None, **kwargs: Any) -> None:
        times = {}
        for weekday, spans in (hours or {}).items():
            for place, (start, end) in enumerate(spans[:SPANS]):
                times[f"open_{weekday}_{place}"] = dt.time.fromisoformat(start)
                times[f"close_{weekday}_{place}"] = dt.time.fromisoformat(end)
        super().__init__(*args, data={**kwargs.pop("data", {}), **times}, **kwargs)
        for day, name in self.days():
            for place in range(SPANS):
                self[f"open_{day}_{place}"].label.text = _("%(day)s: opens at", day=name)
                self[f"close_{day}_{place}"].label.text = _("%(day)s: closes at", day=name)

    def days(self) -> list[tuple[int, str]]:
        """The weekdays from Monday on, with their names."""
        return sorted(get_day_names(locale=get_locale()).items())

    def hours(self) -> dict[str, list[list[str]]]:
        """Opening hours as they are stored; no times at all mean always open, and are stored as {}."""
        found = {str(day): self._spans(day) for day, _name in self.days()}
        return found if any(found.values()) else {}

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = bool(super().validate(extra_validators))
        for day, _name in self.days():
            field = self[f"open_{day}_0"]
            for place in range(SPANS):
                start, end = self[f"open_{day}_{place}"], self[f"close_{day}_{place}"]
                if (start.data is None) != (end.data is None) and not (start.errors or end.errors):
                    start.errors = [_("Type both times, or none.")]
                    is_valid = False
            if is_valid and rules.overlaps(self._spans(day)):
                field.errors = [_("The two opening times overlap.")]
                is_valid = False
        return is_valid

    def _spans(self, day: int) -> list[list[str]]:
        pairs = [
            (self[f"open_{day}_{place}"].data, self[f"close_{day}_{place}"].data) for place in range(SPANS)
        ]
        return sorted(
            [f"{start:%H:%M}", f"{end:%H:%M}"]
            for start, end in pairs
            if start is not None and end is not None
        )


for _day in range(rules.WEEK):
    for _place in range(SPANS):
        for _end in ("open", "close"):
            _time = TimeField(validators=[Optional()], format=["%H:%M", "%H:%M:%S"])
            setattr(LocationForm, f"{_end}_{_day}_{_place}", _time)
