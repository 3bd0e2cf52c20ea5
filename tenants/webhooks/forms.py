"""What an owner says about an endpoint."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectMultipleField, StringField, URLField
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from tenants.webhooks import addresses
from tenants.webhooks.addresses import NoTargetError
from tenants.webhooks.catalogue import TYPES


def stripped(text: str | None) -> str:
    return (text or "").strip()


def fault_of(url: str) -> str:
    """Why nothing can be sent to an address, in words; empty where something can."""
    settings = current_app.extensions["regulars"].settings
    words = {
        "scheme": _("The address must begin with https://."),
        "user": _("Leave user names and passwords out: messages are signed instead."),
        "host": _("This is not an address on the internet."),
        "port": _("Use port 443, or one from 1024 on."),
        "shape": _("This is not a web address, please check it."),
    }
    try:
        target = addresses.parse(url, is_http_allowed=not settings.is_production)
    except NoTargetError as error:
        return words[error.reason]
    is_inner = not settings.is_webhook_loopback_allowed and addresses.names_inner_machine(target.host)
    return words["host"] if is_inner else ""


class EndpointForm(FlaskForm):
    """Where messages go, what for, and which."""

    url = URLField(
        _l("Address"),
        [
            InputRequired(_l("Please type the address that messages go to.")),
            Length(max=addresses.MOST_CHARACTERS, message=_l("Please use at most %(max)d characters.")),
        ],
        filters=[stripped],
    )
    description = StringField(
        _l("What it is for"),
        [Length(max=120, message=_l("Please use at most %(max)d characters."))],
        filters=[stripped],
    )
    event_types = SelectMultipleField(
        _l("Which events it is told"),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        validate_choice=True,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event_types.choices = [
            SelectChoice(kind.name, f"{kind.label} ({kind.name})") for kind in TYPES.values()
        ]

    def validate_url(self, field: URLField) -> None:
        if words := fault_of(field.data or ""):
            raise ValidationError(words)

    def validate_event_types(self, field: SelectMultipleField) -> None:
        if not field.data:
            raise ValidationError(_("Choose at least one event."))
