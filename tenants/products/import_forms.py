"""The upload of a product list, and what the person says about its columns."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import SelectField

from tenants.products import words
from tenants.products.headers import FIELDS
from tenants.products.imports import Choice
from tenants.products.reading import Mapping
from tenants.sheets.forms import LayoutForm, column_choices


class UploadForm(FlaskForm):
    file = FileField(_l("File with products"))


class ColumnsForm(LayoutForm):
    """Selects whose options are the file's own columns; numbers are positions from 0, "" is none."""

    sku = SelectField(words.FIELD_NAMES["sku"])
    name = SelectField(words.FIELD_NAMES["name"])
    category = SelectField(words.FIELD_NAMES["category"])
    tags = SelectField(words.FIELD_NAMES["tags"])
    price_minor = SelectField(words.FIELD_NAMES["price_minor"])
    is_excluded_from_earning = SelectField(words.FIELD_NAMES["is_excluded_from_earning"])
    is_excluded_from_redeeming = SelectField(words.FIELD_NAMES["is_excluded_from_redeeming"])
    is_active = SelectField(words.FIELD_NAMES["is_active"])

    @classmethod
    def of(cls, choice: Choice, titles: list[str], examples: list[str]) -> ColumnsForm:
        """The form as it stands for a choice, or as it was sent."""
        layout, mapping = choice.layout, choice.mapping
        form = cls(
            **{name: str(mapping.columns.get(name, "")) for name in FIELDS},
            decimal=mapping.decimal,
            delimiter=layout.delimiter,
            encoding=layout.encoding,
            has_header=layout.has_header,
        )
        columns = column_choices(layout, titles, examples)
        for name in FIELDS:
            form[name].choices = columns
        return form

    def mapping(self) -> Mapping:
        """The columns as they were sent."""
        return Mapping({name: int(self[name].data) for name in FIELDS if self[name].data}, self.decimal.data)
