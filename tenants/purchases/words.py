"""Why a file or a row of it is not taken, in the language of whoever reads it."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tenants.sheets import words

FIELD_NAMES = {
    "member": _l("Member ID"),
    "name": _l("Name"),
    "email": _l("E-mail"),
    "phone": _l("Phone"),
    "date": _l("Date"),
    "amount": _l("Amount"),
    "quantity": _l("Quantity"),
    "receipt": _l("Receipt number"),
    "": _l("Whole row"),
}
FILES = {
    **words.FILES,
    "not_a_table": _l(
        "No columns were found in this file. Save your list as CSV, with a header and one row a purchase."
    ),
}
ROWS = {
    **words.ROWS,
    "date": _l("This is not a date that we can read."),
    "date_old": _l("The date is before 1970."),
    "date_future": _l("The date is in the future."),
    "amount_negative": _l("The amount is negative: refunds are not imported."),
    "quantity": _l("The quantity is not a whole number."),
    "quantity_small": _l("The quantity must be at least 1."),
    "quantity_large": _l("The quantity is larger than 10,000."),
    "email": _l("This is not an e-mail address."),
    "phone": _l("This is no phone number."),
    "no_member": _l("The row names no member: member ID, e-mail and phone are empty."),
    "stamps": _l("The row would give more than 1,000 stamps: look at the columns for quantity and amount."),
}


def of_file(reason: str) -> str:
    return str(FILES.get(reason, FILES["binary"]))


def of_row(reason: str) -> str:
    return str(ROWS.get(reason) or _("The row can't be read."))


def of_field(name: str) -> str:
    return str(FIELD_NAMES.get(name, FIELD_NAMES[""]))
