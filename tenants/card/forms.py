"""What a member types: a name, a contact as the shop asks for it, a code."""

from __future__ import annotations

from typing import Any

import phonenumbers
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, SelectChoice, SelectField, StringField, TelField
from wtforms.validators import Email, InputRequired, Length, Optional, ValidationError

from saas.merchants.registry import Record
from saas.web.i18n import LANGUAGES
from tenants.members.forms import BirthdayForm
from tenants.programs.forms import one_line

MAX_EMAIL = 254


def stripped(text: str | None) -> str | None:
    return text.strip() if text else text


class PersonForm(BirthdayForm):
    """A first name, and the contacts and the birthday where the merchant asks for them; other fields are taken off."""

    first_name = StringField(
        _l("First name"),
        filters=[one_line],
        validators=[
            InputRequired(_l("Tell us what to call you.")),
            Length(max=60, message=_l("Please use at most 60 characters.")),
        ],
        render_kw={"autocomplete": "given-name", "maxlength": 60},
    )
    email = EmailField(
        _l("E-mail"),
        filters=[stripped],
        validators=[
            Optional(),
            Length(max=MAX_EMAIL, message=_l("This address is too long.")),
            Email(_l("This is not an e-mail address, please check it.")),
        ],
        render_kw={"autocomplete": "email", "inputmode": "email"},
    )
    phone = TelField(
        _l("Phone"), filters=[stripped], validators=[Optional()], render_kw={"autocomplete": "tel"}
    )

    def __init__(self, merchant: Record, **values: Any) -> None:
        super().__init__(**values)
        if not merchant.is_birthday_asked:
            self.forget_birthday()
        self.merchant = merchant
        asked = {"none": (), "email": ("email",), "phone": ("phone",), "any": ("email", "phone")}
        self.contacts: tuple[str, ...] = asked[merchant.member_contact]
        for name in ("email", "phone"):
            if name not in self.contacts:
                delattr(self, name)
            elif merchant.is_contact_required and len(self.contacts) == 1:
                self[name].flags.optional = False

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        if (
            self.contacts
            and self.merchant.is_contact_required
            and not any(self[name].data for name in self.contacts)
        ):
            words = _("The shop asks for a way to reach you.")
            self[self.contacts[0]].errors = [*self[self.contacts[0]].errors, words]
            return False
        return True

    def validate_phone(self, field: TelField) -> None:
        """Keep the number as E.164, read as people of the merchant's country write it."""
        try:
            number = phonenumbers.parse(field.data or "", self.merchant.country)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_valid_number(number):
            raise ValidationError(_("This is not a phone number, please check it."))
        field.data = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def contact(self, name: str) -> str | None:
        """The e-mail address or phone that was given, where it was asked for."""
        return (self[name].data or None) if name in self.contacts else None


class JoinForm(PersonForm):
    """Joining; `nonce` makes a form sent twice one member, `held` is the code that brought them."""

    nonce = HiddenField()
    held = HiddenField()


class ProfileForm(PersonForm):
    """What a member may change; a birthday can be said once."""

    def __init__(self, merchant: Record, *, has_birthday: bool = False, **values: Any) -> None:
        super().__init__(merchant, **values)
        if has_birthday and self.asks_birthday:
            self.forget_birthday()

    language = SelectField(
        _l("Language"), choices=[SelectChoice(*language) for language in LANGUAGES.items()]
    )


class CodeForm(FlaskForm):
    """The code on the counter's screen, typed or scanned."""

    code = StringField(
        _l("Code on the counter’s screen"),
        filters=[stripped],
        validators=[InputRequired(_l("Type the digits that the counter’s screen shows.")), Length(max=300)],
        render_kw={"autocomplete": "off", "inputmode": "numeric", "enterkeyhint": "go"},
    )


class RecoveryForm(FlaskForm):
    email = EmailField(
        _l("E-mail"),
        filters=[stripped],
        validators=[
            InputRequired(_l("Type the address that you gave when you joined.")),
            Length(max=MAX_EMAIL, message=_l("This address is too long.")),
            Email(_l("This is not an e-mail address, please check it.")),
        ],
        render_kw={"autocomplete": "email", "inputmode": "email"},
    )
