"""What staff type about a member."""

from __future__ import annotations

from typing import Any

import phonenumbers
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    EmailField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TelField,
)
from wtforms.validators import (
    UUID,
    DataRequired,
    Email,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)

from saas.merchants.registry import Record
from saas.web.i18n import LANGUAGES
from tenants.members.forms import BirthdayForm
from tenants.search.rules import one_line
from tenants.units.adjusting import LARGEST, LONGEST_REASON


class KeyForm(FlaskForm):
    """A change that may be sent again: the key makes it count once."""

    request_key = HiddenField(validators=[DataRequired(), Length(max=64)], filters=[one_line])


class TagForm(FlaskForm):
    """A tag to give or to take, for one member or for all of a list."""

    act = SelectField(
        _l("What to do"),
        choices=[SelectChoice("add", _l("Add the tag")), SelectChoice("remove", _l("Take the tag away"))],
        default="add",
    )
    word = StringField(
        _l("Tag"),
        [
            InputRequired(_l("Type a tag.")),
            Length(max=100, message=_l("Please use at most %(max)d characters.")),
        ],
        filters=[one_line],
    )


class AdjustmentForm(KeyForm):
    """Units to add or to take, and why."""

    program = SelectField(_l("Program"))
    direction = RadioField(
        _l("What to do"),
        choices=[SelectChoice("add", _l("Add")), SelectChoice("take", _l("Take away"))],
        default="add",
    )
    units = IntegerField(
        _l("How many"),
        [
            InputRequired(_l("Say how many units to add or to take.")),
            NumberRange(1, LARGEST, _l("Say how many units to add or to take.")),
        ],
    )
    reason = StringField(
        _l("Reason"),
        [
            InputRequired(_l("Say why: the member can read it.")),
            Length(max=LONGEST_REASON, message=_l("Please use at most %(max)d characters.")),
        ],
        filters=[one_line],
    )

    def signed(self) -> int:
        """The units with their sign."""
        return int(self.units.data) * (-1 if self.direction.data == "take" else 1)


class MemberForm(BirthdayForm):
    """A member's details. Phone numbers are read as people of the merchant's country write them."""

    member_id = HiddenField(validators=[Optional(), UUID()])
    first_name = StringField(
        _l("First name"),
        [
            InputRequired(_l("Please type a name.")),
            Length(max=120, message=_l("Please use at most %(max)d characters.")),
        ],
        filters=[one_line],
    )
    email = EmailField(
        _l("E-mail"),
        [
            Optional(),
            Length(max=254, message=_l("Please use at most %(max)d characters.")),
            Email(_l("This is not an e-mail address, please check it.")),
        ],
        filters=[one_line],
    )
    phone = TelField(_l("Phone"), [Optional()], filters=[one_line])
    language = SelectField(_l("Language"), choices=[SelectChoice(*pair) for pair in LANGUAGES.items()])

    def __init__(self, merchant: Record, *args: Any, **kwargs: Any) -> None:
        self.country = merchant.country
        super().__init__(*args, **kwargs)

    def validate_phone(self, field: TelField) -> None:
        try:
            number = phonenumbers.parse(field.data or "", self.country)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_valid_number(number):
            raise ValidationError(_("This is not a phone number, please check it."))
        field.data = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
