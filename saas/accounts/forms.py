"""Forms about accounts and staff."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional

from saas.accounts.permissions import ROLE_NAMES
from saas.merchants.forms import ShopForm, options, plain
from saas.web.i18n import LANGUAGES

TOO_LONG = _l("Please use at most %(max)d characters.")


def email_field() -> Any:
    return StringField(
        _l("E-mail address"),
        filters=[plain],
        validators=[
            DataRequired(_l("Please give an e-mail address.")),
            Length(max=254, message=TOO_LONG),
            Email(_l("This does not look like an e-mail address.")),
        ],
    )


def name_field(label: Any) -> Any:
    needed = DataRequired(_l("Please give a name."))
    return StringField(label, filters=[plain], validators=[needed, Length(max=120, message=TOO_LONG)])


def secret_field(label: Any) -> Any:
    return PasswordField(label, validators=[InputRequired(_l("Please type a password.")), Length(max=1000)])


class SignUpForm(ShopForm):
    """A person and a shop on one page."""

    name = name_field(_l("Your name"))
    email = email_field()
    password = secret_field(_l("Password"))


class LogInForm(FlaskForm):
    email = email_field()
    password = secret_field(_l("Password"))


class AddressForm(FlaskForm):
    email = email_field()


class NewPasswordForm(FlaskForm):
    password = secret_field(_l("New password"))


class JoinForm(FlaskForm):
    """Somebody new, who was invited."""

    name = name_field(_l("Your name"))
    password = secret_field(_l("Password"))


class DetailsForm(FlaskForm):
    name = name_field(_l("Your name"))
    language = SelectField(_l("Language"), choices=options(LANGUAGES.items()))


class ChangePasswordForm(FlaskForm):
    current = secret_field(_l("Present password"))
    password = secret_field(_l("New password"))


def proof_field() -> Any:
    """The password once more; what it is needed for asks for it where the log-in is some time ago."""
    return PasswordField(_l("Your password"), validators=[Length(max=1000)])


class InvitationForm(FlaskForm):
    email = email_field()
    name = name_field(_l("Name"))
    role = SelectField(_l("Role"))
    password = proof_field()

    def offer(self, roles: list[str]) -> None:
        self.role.choices = options((role, str(ROLE_NAMES[role])) for role in roles)


class CashierForm(FlaskForm):
    """A cashier without an e-mail address."""

    name = name_field(_l("Name"))
    pin = StringField(_l("PIN"), filters=[plain], validators=[DataRequired(_l("Please choose a PIN."))])


class StaffForm(FlaskForm):
    """What can be changed of one person: the role, the PIN."""

    role = SelectField(_l("Role"), validators=[Optional()])
    pin = StringField(_l("New PIN"), filters=[plain], validators=[Optional()])
    password = proof_field()

    def offer(self, roles: list[str]) -> None:
        self.role.choices = options((role, str(ROLE_NAMES[role])) for role in roles)


class RemovalForm(FlaskForm):
    """The end of an owner's access."""

    password = proof_field()
