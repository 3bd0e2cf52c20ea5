"""Why a file or a row of it is not taken, in the language of whoever reads it."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

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
    "empty": _l("The file is empty."),
    "binary": _l("This is not a text file. Save your list as CSV and choose that file."),
    "workbook": _l(
        "This is a spreadsheet file. Save it as CSV in the spreadsheet program, and choose that file."
    ),
    "not_a_table": _l(
        "No columns were found in this file. Save your list as CSV, with a header and one row a purchase."
    ),
    "no_file": _l("Choose a file first."),
    "large": _l("This file is larger than 16 MB. Please choose a smaller one."),
    "vanished": _l("The file could not be found. Upload it again."),
}
ROWS = {
    "empty": _l("The cell is empty."),
    "date": _l("This is no date that we can read."),
    "date_old": _l("The date is before 1970."),
    "date_future": _l("The date is in the future."),
    "amount": _l("This is no amount that we can read."),
    "amount_decimals": _l("The amount has more decimals than the currency."),
    "amount_large": _l("The amount is too large."),
    "amount_negative": _l("The amount is negative: refunds are not imported."),
    "quantity": _l("The quantity is no whole number."),
    "quantity_small": _l("The quantity must be at least 1."),
    "quantity_large": _l("The quantity is larger than 10,000."),
    "email": _l("This is no e-mail address."),
    "phone": _l("This is no phone number."),
    "long": _l("The text is too long."),
    "no_member": _l("The row says of no member: member ID, e-mail and phone are empty."),
    "quote": _l("A quotation mark was opened and never closed."),
    "columns": _l("The row has another number of columns than the others."),
    "stamps": _l("The row would give more than 1,000 stamps: look at the columns for quantity and amount."),
}


def of_file(reason: str) -> str:
    return str(FILES.get(reason, FILES["binary"]))


def of_row(reason: str) -> str:
    return str(ROWS.get(reason) or _("The row can't be read."))


def of_field(name: str) -> str:
    return str(FIELD_NAMES.get(name, FIELD_NAMES[""]))
