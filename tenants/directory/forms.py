"""What staff type about a member."""

from __future__ import annotations

import unicodedata
from typing import Any

import phonenumbers
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, SelectChoice, SelectField, StringField, TelField
from wtforms.validators import UUID, Email, InputRequired, Length, Optional, ValidationError

from saas.merchants.registry import Record
from saas.web.i18n import LANGUAGES


def one_line(text: str | None) -> str:
    """Text without control characters and with single blanks."""
    seen = (" " if unicodedata.category(char)[0] in "CZ" else char for char in text or "")
    return " ".join("".join(seen).split())


class MemberForm(FlaskForm):
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
