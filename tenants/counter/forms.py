"""What the counter's forms look like."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField, PasswordField, SelectField, StringField
from wtforms.validators import UUID, DataRequired, InputRequired, Length, NumberRange, Optional

from tenants.members.forms import BirthdayForm
from tenants.programs.rules import MAX_UNITS


def strip(text: str | None) -> str:
    """A text without blanks around it and without what can't be seen, which a database may refuse."""
    return "".join(character for character in text or "" if character.isprintable()).strip()


class CodeForm(FlaskForm):
    """Which code the counter shows; `seen` is the one on the screen."""

    program_id = StringField(_l("Stamp card"), validators=[UUID()])
    units = IntegerField(_l("Stamps"), default=1, validators=[InputRequired(), NumberRange(1, MAX_UNITS)])
    seen = HiddenField(validators=[Optional(), UUID()])
    fresh = BooleanField(_l("New code"))


class KeyForm(FlaskForm):
    """Any change that may be sent again: the key makes it count once."""

    request_key = HiddenField(filters=[strip], validators=[DataRequired(), Length(max=64)])


class StampForm(KeyForm):
    """Stamps for a member: a number, or the amount that they are worked out from."""

    program_id = HiddenField(validators=[UUID()])
    units = IntegerField(_l("Stamps"), validators=[Optional()])
    amount = StringField(_l("Amount paid"), filters=[strip], validators=[Optional(), Length(max=20)])


class RedemptionForm(KeyForm):
    """Handing a reward out, with the member's changing code where there was one."""

    code = HiddenField(filters=[strip], validators=[Optional(), Length(max=300)])


class EnrolForm(BirthdayForm):
    """A new member at the counter: the name is enough; the birthday is asked for where the merchant wants it."""

    member_id = HiddenField(validators=[UUID()])
    first_name = StringField(_l("First name"), filters=[strip], validators=[DataRequired(), Length(max=120)])


class ShiftForm(FlaskForm):
    """Taking over the counter."""

    staff_id = SelectField(_l("Who serves?"))
    pin = PasswordField(_l("PIN"), validators=[DataRequired(), Length(max=20)])


class LocationForm(FlaskForm):
    """Where this device stands."""

    location_id = StringField(_l("Location"), validators=[UUID()])
