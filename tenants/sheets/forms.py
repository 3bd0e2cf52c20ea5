"""What a person says about how a file is written, whatever its rows are about."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectChoice, SelectField

from tenants.sheets.decoding import Layout

ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp1252": _l("Windows, Western Europe"),
    "cp1253": _l("Windows, Greek"),
}
DELIMITER_NAMES = {
    ";": _l("Semicolon ;"),
    "\t": _l("Tab"),
    "|": _l("Bar |"),
    ",": _l("Comma ,"),
    " ": _l("Blanks"),
}


class LayoutForm(FlaskForm):
    """Decimal sign, separator, characters and header; a room adds its own columns."""

    decimal = SelectField(
        _l("Decimal sign"),
        choices=[SelectChoice(",", _l("Comma: 12,50")), SelectChoice(".", _l("Point: 12.50"))],
    )
    delimiter = SelectField(
        _l("Between columns"), choices=[SelectChoice(sign, name) for sign, name in DELIMITER_NAMES.items()]
    )
    encoding = SelectField(
        _l("Characters"), choices=[SelectChoice(code, name) for code, name in ENCODING_NAMES.items()]
    )
    has_header = BooleanField(_l("The first row names the columns"))

    def is_relaid(self, layout: Layout) -> bool:
        """Whether characters, separator or header were changed, so that the columns are others."""
        return (layout.encoding, layout.delimiter, layout.has_header) != (
            self.encoding.data,
            self.delimiter.data,
            self.has_header.data,
        )


def column_choices(layout: Layout, titles: list[str], examples: list[str]) -> list[SelectChoice]:
    """The file's own columns as choices: positions from 0, "" for none."""
    columns = [SelectChoice("", _("Not in the file"))]
    for index in range(layout.width):
        label = (titles[index] or _("Column %(number)s", number=index + 1))[:40]
        shown = f"{label} ({examples[index][:24]})" if examples[index] else label
        columns.append(SelectChoice(str(index), shown))
    return columns
