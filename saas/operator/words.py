"""How the operators' pages call what they show: states, plans, actions, what became of an event."""

from __future__ import annotations

import datetime as dt

from flask_babel import format_date
from flask_babel import lazy_gettext as _l

STATES = {
    "free": _l("Free"),
    "trial": _l("Trial"),
    "active": _l("Paid"),
    "incomplete": _l("Payment to be confirmed"),
    "past_due": _l("Past due"),
    "restricted": _l("Restricted"),
    "paused": _l("Paused"),
    "cancelling": _l("Ends soon"),
    "cancelled": _l("Cancelled"),
    "refunded": _l("Refunded"),
    "disputed": _l("Disputed"),
    "suspended": _l("Suspended"),
    "closed": _l("Closed"),
}
STATE_TONES = {
    "trial": "blue",
    "active": "green",
    "incomplete": "yellow",
    "past_due": "yellow",
    "restricted": "red",
    "cancelling": "yellow",
    "disputed": "red",
    "suspended": "red",
}
ACTIONS = {
    "added": _l("Operator added"),
    "link_made": _l("Link made"),
    "removed": _l("Operator removed"),
    "enrolled": _l("Second factor set up"),
    "logged_in": _l("Logged in"),
    "recovery_used": _l("Recovery code used"),
    "suspended": _l("Shop suspended"),
    "restored": _l("Shop restored"),
    "trial_extended": _l("Trial extended"),
    "visit_began": _l("Console visited"),
    "visit_ended": _l("Visit ended"),
    "job_retried": _l("Job tried again"),
    "event_processed": _l("Event processed again"),
}
ACTION_TONES = {"suspended": "red", "restored": "green", "trial_extended": "green", "visit_began": "blue"}
EVENT_STATES = {
    "waiting": _l("Waiting"),
    "done": _l("Done"),
    "ignored": _l("Ignored"),
    "failed": _l("Failed"),
}
EVENT_TONES = {"waiting": "yellow", "done": "green", "ignored": "gray", "failed": "red"}
INVOICE_STATES = {
    "draft": _l("Draft"),
    "open": _l("Open"),
    "paid": _l("Paid"),
    "uncollectible": _l("Uncollectible"),
    "void": _l("Void"),
}
INVOICE_TONES = {"open": "yellow", "paid": "green", "uncollectible": "red"}


def day(at: dt.datetime) -> str:
    return str(format_date(at, "medium"))
