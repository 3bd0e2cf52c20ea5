"""What the columns of a product list are called, and why a row of it is not taken, in the reader's language."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tenants.sheets import words

FIELD_NAMES = {
    "sku": _l("SKU"),
    "name": _l("Name"),
    "category": _l("Category"),
    "tags": _l("Tags"),
    "price_minor": _l("Price"),
    "is_excluded_from_earning": _l("Excluded from earning"),
    "is_excluded_from_redeeming": _l("Excluded from redeeming"),
    "is_active": _l("On sale"),
    "": _l("Whole row"),
}
FILES = {
    **words.FILES,
    "not_a_table": _l(
        "No columns were found in this file. Save your list as CSV, with a header and one row a product."
    ),
}
ROWS = {
    **words.ROWS,
    "amount_negative": _l("A price can't be negative."),
    "duplicate": _l("This SKU is in an earlier row of the file, which is used."),
    "flag": _l("This is neither yes nor no."),
    "many_tags": _l("At most 20 tags of at most 40 characters."),
}
ACTS = {
    "category": _l("Set the category"),
    "add_tags": _l("Add tags"),
    "remove_tags": _l("Take tags away"),
    "exclude_earning": _l("Exclude from earning"),
    "include_earning": _l("Let them earn again"),
    "exclude_redeeming": _l("Exclude from redeeming"),
    "include_redeeming": _l("Let them be redeemed again"),
    "archive": _l("Archive"),
    "restore": _l("Take out of the archive"),
}


def of_file(reason: str) -> str:
    return str(FILES.get(reason, FILES["binary"]))


def of_row(reason: str) -> str:
    return str(ROWS.get(reason) or _("The row can't be read."))


def of_field(name: str) -> str:
    return str(FIELD_NAMES.get(name, FIELD_NAMES[""]))
