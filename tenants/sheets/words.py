"""Why a file or a row is not taken, in the language of whoever reads it; a room adds its own reasons."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

FILES = {
    "empty": _l("The file is empty."),
    "binary": _l("This is not a text file. Save your list as CSV and choose that file."),
    "workbook": _l(
        "This is a spreadsheet file. Save it as CSV in the spreadsheet program, and choose that file."
    ),
    "no_file": _l("Choose a file first."),
    "large": _l("This file is larger than 16 MB. Please choose a smaller one."),
    "vanished": _l("The file could not be found. Upload it again."),
}
ROWS = {
    "empty": _l("The cell is empty."),
    "amount": _l("This is not an amount that we can read."),
    "amount_decimals": _l("The amount has more decimals than the currency."),
    "amount_large": _l("The amount is too large."),
    "long": _l("The text is too long."),
    "quote": _l("A quotation mark was opened and never closed."),
    "columns": _l("The row has another number of columns than the others."),
}
