"""What a merchant says about a segment."""

from __future__ import annotations

import datetime as dt
from typing import Any

from babel.dates import get_month_names
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from tenants.search.rules import one_line
from tenants.segments.rules import LONGEST_DAYS, THIS_MONTH, Terms

MOST_VISITS = 10_000


def _ticks(label: Any) -> SelectMultipleField:
    return SelectMultipleField(
        label, option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False), validate_choice=False
    )


def _whole(label: Any, most: int) -> IntegerField:
    message = _l("Between %(min)s and %(max)s, please.")
    return IntegerField(label, [Optional(), NumberRange(0, most, message)])


class SegmentForm(FlaskForm):
    """A name, and what its members have in common. `name` is taken off where it can't change any more."""

    name = StringField(
        _l("Name"),
        [
            InputRequired(_l("Please type a name.")),
            Length(max=60, message=_l("Please use at most %(max)d characters.")),
        ],
        filters=[one_line],
    )
    tags = _ticks(_l("With one of these tags"))
    without_tags = _ticks(_l("Without these tags"))
    tier = SelectField(_l("Tier"), validate_choice=False)
    seen_within_days = _whole(_l("Here within so many days"), LONGEST_DAYS)
    away_for_days = _whole(_l("Not here for so many days"), LONGEST_DAYS)
    joined_since = DateField(_l("Joined since"), [Optional()])
    birthday_month = SelectField(_l("Birthday in"), coerce=int, default=0)
    min_visits = _whole(_l("Visits, at least"), MOST_VISITS)
    max_visits = _whole(_l("Visits, at most"), MOST_VISITS)

    def __init__(self, tags: list[str], tiers: dict[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in (self.tags, self.without_tags):
            field.choices = [SelectChoice(tag, tag) for tag in sorted({*tags, *(field.data or ())})]
        self.tier.choices = [
            SelectChoice("", _("Any")),
            *(SelectChoice(key, name) for key, name in tiers.items()),
        ]
        months = get_month_names("wide", context="stand-alone", locale=get_locale())
        self.birthday_month.choices = [
            SelectChoice(0, _("Any month")),
            SelectChoice(THIS_MONTH, _("The month that it is")),
            *(SelectChoice(month, str(months[month])) for month in range(1, 13)),
        ]

    def validate_name(self, field: StringField) -> None:
        if "," in (field.data or ""):
            raise ValidationError(_("A name has no comma."))

    def validate_without_tags(self, field: SelectMultipleField) -> None:
        if set(field.data or ()) & set(self.tags.data or ()):
            raise ValidationError(_("This contradicts something else that was chosen."))

    def validate_away_for_days(self, field: IntegerField) -> None:
        if field.data and self.seen_within_days.data and field.data >= self.seen_within_days.data:
            raise ValidationError(_("This contradicts something else that was chosen."))

    def validate_max_visits(self, field: IntegerField) -> None:
        if field.data is not None and field.data < (self.min_visits.data or 0):
            raise ValidationError(_("This contradicts something else that was chosen."))

    def terms(self) -> Terms:
        """What was chosen; the form is valid."""
        return Terms(
            frozenset(self.tags.data or ()),
            frozenset(self.without_tags.data or ()),
            self.tier.data or "",
            self.seen_within_days.data or 0,
            self.away_for_days.data or 0,
            self.joined_since.data,
            self.birthday_month.data or 0,
            self.min_visits.data or 0,
            self.max_visits.data,
        )


def data_of(name: str, terms: Terms) -> dict[str, Any]:
    """A segment as the form's data."""
    since: dt.date | None = terms.joined_since
    return {
        "name": name,
        "tags": sorted(terms.tags),
        "without_tags": sorted(terms.without_tags),
        "tier": terms.tier,
        "seen_within_days": terms.seen_within_days or None,
        "away_for_days": terms.away_for_days or None,
        "joined_since": since,
        "birthday_month": terms.birthday_month,
        "min_visits": terms.min_visits or None,
        "max_visits": terms.max_visits,
    }
