"""The upload, and what the person says about the file's columns."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import RadioField, SelectChoice, SelectField

from tenants.purchases.choices import HANDED_OUT, TO_HAND_OUT, Choice
from tenants.purchases.headers import FIELDS
from tenants.purchases.reading import Mapping
from tenants.purchases.words import FIELD_NAMES
from tenants.sheets.forms import LayoutForm, column_choices


class UploadForm(FlaskForm):
    file = FileField(_l("File with purchases"))


class ColumnsForm(LayoutForm):
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
        columns = column_choices(layout, titles, examples)
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
