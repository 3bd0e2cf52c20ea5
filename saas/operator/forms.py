"""Forms of the operators' pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from saas.accounts.forms import TOO_LONG, email_field, secret_field
from saas.merchants.forms import plain

MOST_TRIAL_DAYS = 90


class LogInForm(FlaskForm):
    """The first factor."""

    email = email_field()
    password = secret_field(_l("Password"))


class CodeForm(FlaskForm):
    """The second factor."""

    code = StringField(
        _l("Code"), filters=[plain], validators=[DataRequired(_l("Please type the code.")), Length(max=20)]
    )


class PasswordForm(FlaskForm):
    """A new operator's password."""

    password = PasswordField(
        _l("Password"), validators=[InputRequired(_l("Please type a password.")), Length(max=1000)]
    )


class ReasonForm(FlaskForm):
    """Why something is done to a merchant; its owner reads it."""

    reason = StringField(
        _l("Reason"),
        filters=[plain],
        validators=[
            DataRequired(_l("Please say why: the owner of the shop reads it.")),
            Length(max=300, message=TOO_LONG),
        ],
    )


class TrialForm(ReasonForm):
    """How many more days a trial lasts."""

    days = IntegerField(
        _l("Days"),
        default=7,
        validators=[
            InputRequired(_l("Please type a whole number.")),
            NumberRange(1, MOST_TRIAL_DAYS, _l("Between %(min)d and %(max)d days.")),
        ],
    )
