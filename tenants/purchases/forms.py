"""The upload, and what the person says about the file's columns."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, RadioField, SelectChoice, SelectField

from tenants.purchases import decoding
from tenants.purchases.choices import HANDED_OUT, TO_HAND_OUT, Choice
from tenants.purchases.decoding import Layout
from tenants.purchases.headers import FIELDS
from tenants.purchases.reading import Mapping
from tenants.purchases.words import FIELD_NAMES

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


class UploadForm(FlaskForm):
    file = FileField(_l("File with purchases"))


class ColumnsForm(FlaskForm):
    """Selects whose options are the file's own columns; numbers are positions from 0, "" is none."""

    member = SelectField(FIELD_NAMES["member"])
    name = SelectField(FIELD_NAMES["name"])
    email = SelectField(FIELD_NAMES["email"])
    phone = SelectField(FIELD_NAMES["phone"])
    date = SelectField(FIELD_NAMES["date"])
    amount = SelectField(FIELD_NAMES["amount"])
    quantity = SelectField(FIELD_NAMES["quantity"])
    receipt = SelectField(FIELD_NAMES["receipt"])
    order = SelectField(
        _l("Dates such as 04/05"),
        choices=[
            SelectChoice("dmy", _l("Day first: 4 May")),
            SelectChoice("mdy", _l("Month first: 5 April")),
        ],
    )
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
    program = SelectField(_l("Stamps on"))
    rewards = RadioField(
        _l("Rewards of cards that these purchases filled"),
        choices=[
            SelectChoice(HANDED_OUT, _l("Were handed out already")),
            SelectChoice(TO_HAND_OUT, _l("Are still to be handed out")),
        ],
    )

    @classmethod
    def of(
        cls, choice: Choice, titles: list[str], examples: list[str], programs: list[tuple[UUID, str]]
    ) -> ColumnsForm:
        """The form as it stands for a choice, or as it was sent."""
        layout, mapping = choice.layout, choice.mapping
        form = cls(
            **{name: str(mapping.columns.get(name, "")) for name in FIELDS},
            order=mapping.order,
            decimal=mapping.decimal,
            delimiter=layout.delimiter,
            encoding=layout.encoding,
            has_header=layout.has_header,
            program=str(choice.program_id or ""),
            rewards=choice.rewards,
        )
        columns = [SelectChoice("", _("Not in the file"))]
        for index in range(layout.width):
            label = titles[index] or _("Column %(number)s", number=index + 1)
            columns.append(
                SelectChoice(
                    str(index), f"{label[:40]} ({examples[index][:24]})" if examples[index] else label[:40]
                )
            )
        for name in FIELDS:
            form[name].choices = columns
        form.program.choices = [
            SelectChoice("", _("No stamps")),
            *(SelectChoice(str(key), name) for key, name in programs),
        ]
        return form

    def mapping(self, before: Mapping) -> Mapping:
        """The columns as they were sent."""
        columns = {name: int(self[name].data) for name in FIELDS if self[name].data}
        is_guessed = before.is_order_guessed and before.columns.get("date") == columns.get("date")
        return Mapping(columns, self.decimal.data, self.order.data, is_guessed)

    def is_relaid(self, layout: Layout) -> bool:
        """Whether characters, separator or header were changed, so that the columns are others."""
        return (layout.encoding, layout.delimiter, layout.has_header) != (
            self.encoding.data,
            self.delimiter.data,
            self.has_header.data,
        )


def examples(text: str, layout: Layout) -> list[str]:
    """The first value that each column has."""
    found = [""] * layout.width
    for number, row in enumerate(decoding.rows(text, layout.delimiter)):
        if number == 0 and layout.has_header:
            continue
        for index, cell in enumerate(row.cells[: layout.width]):
            found[index] = found[index] or cell
        if all(found) or number > 50:
            break
    return found
