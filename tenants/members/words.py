"""A birthday in words."""

from __future__ import annotations

import datetime as dt

from babel.dates import format_skeleton
from flask_babel import format_date, get_locale

from tenants.members import rules


def birthday(born: dt.date | None) -> str:
    """“31 May”, with the year where it is known; "" for none."""
    if born is None:
        return ""
    if rules.birth_year(born) is None:
        return str(format_skeleton("MMMMd", born, locale=get_locale()))
    return str(format_date(born, "long"))
