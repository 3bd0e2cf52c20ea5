"""What an owner says of a new key."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectChoice, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from saas.api_keys.scopes import RESOURCES, SCOPES, VERBS
from saas.merchants.forms import plain


class KeyForm(FlaskForm):
    """A name to know the key by, what it may do, and the password where the log-in is some time ago."""

    name = StringField(
        _l("What is it for?"),
        filters=[plain],
        validators=[
            DataRequired(_l("Please give a name.")),
            Length(max=80, message=_l("Please use at most %(max)d characters.")),
        ],
    )
    scopes = SelectMultipleField(
        _l("What it may do"),
        choices=[SelectChoice(scope, scope) for scope in SCOPES],
        validators=[InputRequired(_l("Please choose at least one."))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    password = PasswordField(_l("Your password"), validators=[Length(max=1000)])

    def table(self) -> list[tuple[object, list[tuple[object, str, bool]]]]:
        """The scopes as rows: the resource's name, then verb, scope and whether it is chosen."""
        chosen = self.scopes.data or []
        return [
            (name, [(VERBS[verb], scope := f"{resource}:{verb}", scope in chosen) for verb in verbs])
            for resource, (name, verbs) in RESOURCES.items()
        ]
