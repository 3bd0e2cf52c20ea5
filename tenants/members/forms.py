"""A birthday as people say it: a day and a month, and the year if they like."""

from __future__ import annotations

import datetime as dt
from typing import Any

from babel.dates import get_month_names
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, ValidationError

from saas.web.clock import utcnow
from tenants.members import rules

FIELDS = ("birth_day", "birth_month", "birth_year")


class BirthdayForm(FlaskForm):
    """Three fields; all empty is no birthday. `forget_birthday` takes them off."""

    birth_day = SelectField(_l("Day"), coerce=int, default=0)
    birth_month = SelectField(_l("Month"), coerce=int, default=0)
    birth_year = IntegerField(
        _l("Year"), [Optional()], render_kw={"inputmode": "numeric", "autocomplete": "bday-year"}
    )

    def __init__(self, *args: Any, born: dt.date | None = None, **kwargs: Any) -> None:
        if born is not None:
            said = {"birth_day": born.day, "birth_month": born.month, "birth_year": rules.birth_year(born)}
            kwargs["data"] = {**kwargs.get("data", {}), **said}
        super().__init__(*args, **kwargs)
        months = get_month_names("wide", context="stand-alone", locale=get_locale())
        self.birth_day.choices = [
            SelectChoice(0, "–"),
            *(SelectChoice(day, str(day)) for day in range(1, 32)),
        ]
        self.birth_month.choices = [
            SelectChoice(0, "–"),
            *(SelectChoice(month, str(months[month])) for month in range(1, 13)),
        ]

    def forget_birthday(self) -> None:
        for name in FIELDS:
            delattr(self, name)

    @property
    def asks_birthday(self) -> bool:
        return "birth_day" in self

    def birthday(self) -> dt.date | None:
        """What was said; None for nothing. The form is valid."""
        if not self.asks_birthday or not self.birth_day.data or not self.birth_month.data:
            return None
        today = utcnow().date()
        return rules.birthday(self.birth_day.data, self.birth_month.data, self.birth_year.data, today)

    def validate_birth_day(self, field: SelectField) -> None:
        is_begun = bool(field.data or self.birth_month.data or self.birth_year.data)
        if is_begun and self.birthday() is None:
            raise ValidationError(_("Choose the day and the month; there is no such date otherwise."))
