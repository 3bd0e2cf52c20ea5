"""What a merchant types about a stamp card."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

from babel.numbers import NumberFormatError, format_decimal, get_currency_precision, parse_decimal
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from tenants.programs.rules import EARN_BY, ICONS, MAX_REQUIRED, MAX_UNITS, Terms

MAX_AMOUNT = 1_000_000
EARN_NAMES = {"visit": _l("A visit"), "item": _l("An item bought"), "amount": _l("An amount spent")}
ICON_NAMES = {
    "coffee": _l("Coffee"),
    "cup": _l("Cup"),
    "bread": _l("Bread"),
    "ice-cream": _l("Ice cream"),
    "flower": _l("Flower"),
    "car": _l("Car"),
    "shoe": _l("Shoe"),
    "scissors": _l("Scissors"),
    "pizza": _l("Pizza"),
    "burger": _l("Burger"),
    "book": _l("Book"),
    "paw": _l("Paw"),
    "dumbbell": _l("Dumbbell"),
    "star": _l("Star"),
    "heart": _l("Heart"),
    "bolt": _l("Lightning"),
}


def one_line(text: str | None) -> str | None:
    """Text without control characters and with single spaces, as a card shows it."""
    if text is None:
        return None
    seen = (" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    return " ".join("".join(char for char in seen if unicodedata.category(char) != "Cs").split())


def read_amount(text: str, currency: str) -> int:
    """Minor units of an amount typed in the locale's notation; raises ValidationError."""
    locale = get_locale()
    try:
        amount = parse_decimal(text, locale=locale, strict=True)
    except NumberFormatError as error:
        example = format_decimal(Decimal("12.50"), "0.00", locale=locale)
        raise ValidationError(
            _("Write the amount as a number, for example %(example)s.", example=example)
        ) from error
    if not amount.is_finite() or not 0 < amount <= MAX_AMOUNT:
        raise ValidationError(_("The amount must be more than nothing, and at most a million."))
    minor = amount * 10 ** get_currency_precision(currency)
    if minor != int(minor):
        raise ValidationError(_("%(currency)s has no smaller coins than that.", currency=currency))
    return int(minor)


def write_amount(amount_minor: int, currency: str) -> str:
    """An amount as read_amount reads it, or nothing for none."""
    digits = get_currency_precision(currency)
    if not amount_minor:
        return ""
    pattern = "0." + "0" * digits if digits else "0"
    return str(format_decimal(Decimal(amount_minor) / 10**digits, pattern, locale=get_locale()))


class ProgramForm(FlaskForm):
    """A stamp card. `currency` is the merchant's, for the amount step."""

    name = StringField(_l("Name"), [Optional(), Length(max=120)], filters=[one_line])
    headline = StringField(_l("Headline on the card"), [DataRequired(), Length(max=120)], filters=[one_line])
    required = IntegerField(
        _l("Stamps to fill a card"), [InputRequired(), NumberRange(1, MAX_REQUIRED)], default=10
    )
    reward_name = StringField(_l("Reward"), [DataRequired(), Length(max=120)], filters=[one_line])
    reward_note = StringField(_l("Small print"), [Optional(), Length(max=200)], filters=[one_line])
    icon = RadioField(
        _l("Picture of a stamp"),
        choices=[SelectChoice(icon, ICON_NAMES[icon]) for icon in ICONS],
        default="coffee",
    )
    earn_by = RadioField(
        _l("One stamp for"), choices=[SelectChoice(how, EARN_NAMES[how]) for how in EARN_BY], default="visit"
    )
    amount_step = StringField(_l("Amount for one stamp"), filters=[one_line])
    cooldown_minutes = IntegerField(
        _l("Minutes between two stamps"), [InputRequired(), NumberRange(0, 10_080)], default=0
    )
    daily_cap = IntegerField(_l("Most stamps a day"), [InputRequired(), NumberRange(0, MAX_UNITS)], default=0)

    def __init__(self, currency: str, *args: Any, **kwargs: Any) -> None:
        self.currency = currency
        self.amount_step_minor = 0
        super().__init__(*args, **kwargs)

    @classmethod
    def of(cls, currency: str, name: str, terms: Terms) -> ProgramForm:
        """The form filled with terms; what was posted goes before them."""
        amount = write_amount(terms.amount_step_minor, currency)
        return cls(currency, data={**terms.to_mapping(), "name": name, "amount_step": amount})

    @property
    def called(self) -> str:
        """The name of the card: its headline, where none is typed."""
        return self.name.data or self.headline.data or ""

    def validate_amount_step(self, field: StringField) -> None:
        if self.earn_by.data != "amount":
            return
        if not field.data:
            raise ValidationError(_("Say how much someone spends for one stamp."))
        self.amount_step_minor = read_amount(field.data, self.currency)

    def terms(self) -> Terms:
        """The terms of a valid form."""
        return Terms(
            headline=self.headline.data or "",
            required=self.required.data or 1,
            reward_name=self.reward_name.data or "",
            reward_note=self.reward_note.data or "",
            icon=self.icon.data,
            earn_by=self.earn_by.data,
            amount_step_minor=self.amount_step_minor,
            cooldown_minutes=self.cooldown_minutes.data or 0,
            daily_cap=self.daily_cap.data or 0,
        )

    def sketch(self) -> Terms:
        """Terms to show while they are being typed; what makes no sense yet is replaced by what does."""
        required = self.required.data if isinstance(self.required.data, int) else 10
        return Terms(
            headline=(self.headline.data or _("Your headline"))[:120],
            required=min(max(required, 1), MAX_REQUIRED),
            reward_name=(self.reward_name.data or _("Your reward"))[:120],
            reward_note=(self.reward_note.data or "")[:200],
            icon=self.icon.data if self.icon.data in ICONS else ICONS[0],
        )
