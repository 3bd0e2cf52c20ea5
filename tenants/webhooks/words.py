"""What pages say of deliveries, of attempts and of endpoints that are switched off."""

from __future__ import annotations

from flask_babel import gettext as _

from tenants.webhooks.models import Attempt


def of_state(state: str) -> str:
    words = {
        "": _("All messages"),
        "pending": _("Waiting"),
        "delivered": _("Delivered"),
        "failed": _("Given up"),
    }
    return words[state]


def of_attempt(attempt: Attempt) -> str:
    """One line that says what became of an attempt."""
    code = attempt.status_code
    words = {
        "delivered": _("Delivered (%(code)s)", code=code),
        "status": _("Refused by the endpoint (%(code)s)", code=code),
        "redirect": _("A redirect (%(code)s), which is not followed", code=code),
        "address": _("The address can’t be used"),
        "name": _("The name of the host is not known"),
        "private": _("The host’s name leads to a private address, where nothing is sent"),
        "connection": _("No connection"),
        "tls": _("The certificate is not valid for this host, or encryption failed"),
        "timeout": _("No answer within 15 seconds"),
        "protocol": _("The answer was no HTTP"),
    }
    return words[attempt.outcome]


def of_disabling(reason: str) -> str:
    """Why an endpoint gets nothing."""
    words = {
        "owner": _("An owner switched it off."),
        "gone": _("It answered that it is gone for good (410), so it was switched off."),
        "failing": _("For five days every message to it failed, so it was switched off."),
    }
    return words[reason]
