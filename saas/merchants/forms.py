"""The shop's part of a sign-up form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from saas.merchants import categories, defaults
from saas.merchants.operations import Details
from saas.web.i18n import LANGUAGES


def plain(value: str | None) -> str:
    """One line of text: control and invisible characters count as blanks, and blanks are single."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value or "").split())


def options(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    """Values and their names, as a select shows them."""
    return [SelectChoice(value, label) for value, label in pairs]


class ShopForm(FlaskForm):
    """A shop's name, and what can be guessed: empty stands for "as guessed"."""

    shop_name = StringField(
        _l("Name of your shop"),
        filters=[plain],
        validators=[
            DataRequired(_l("Please tell us the name of your shop.")),
            Length(max=300, message=_l("Please use at most %(max)d characters.")),
        ],
    )
    slug = StringField(_l("Address of your page"), filters=[plain], validators=[Length(max=60)])
    category = SelectField(_l("Kind of business"))
    country = SelectField(_l("Country"))
    currency = SelectField(_l("Currency"))
    time_zone = SelectField(_l("Time zone"))
    language = SelectField(_l("Language"), choices=options(LANGUAGES.items()))

    def offer(self, accept_language: str) -> None:
        """Fill in the choices, and the guesses where nothing was sent."""
        language = str(get_locale() or "en")
        guess = defaults.guess(accept_language, language)
        own = ("", gettext("As usual in the country"))
        self.category.choices = options([("", gettext("As the name says")), *categories.choices()])
        self.country.choices = [
            SelectChoice(code, name, {"data-currency": defaults.currency_of(code)})
            for code, name in defaults.country_choices(language)
        ]
        self.currency.choices = options([own, *defaults.currency_choices(language)])
        zones = [
            SelectChoice(zone, zone.replace("_", " "), {"data-country": defaults.country_of(zone)})
            for zone in defaults.time_zones()
        ]
        self.time_zone.choices = [*options([own]), *zones]
        for field, guessed in ((self.country, guess.country), (self.language, guess.language)):
            if not field.raw_data:
                field.data = guessed
        for field in (self.category, self.currency, self.time_zone):
            if not field.raw_data:
                field.data = ""

    def guessed(self) -> dict[str, str]:
        """What the folded part says just now, by the field's name: the country, the currency and the language."""
        country = str(self.country.data or "")
        names = dict(defaults.country_choices(str(get_locale() or "en")))
        return {
            "country": names.get(country, country),
            "currency": str(self.currency.data or defaults.currency_of(country)),
            "language": LANGUAGES.get(str(self.language.data), ""),
        }

    def details(self) -> Details:
        return Details(
            name=self.shop_name.data,
            slug=self.slug.data,
            category=self.category.data,
            country=self.country.data,
            currency=self.currency.data,
            time_zone=self.time_zone.data,
            language=self.language.data,
        )

    @property
    def is_open(self) -> bool:
        """Whether the guessed part must be shown because something in it is wrong."""
        guessed = (self.slug, self.category, self.country, self.currency, self.time_zone, self.language)
        return any(field.errors for field in guessed)
