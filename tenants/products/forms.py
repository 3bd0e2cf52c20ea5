"""What staff type about a product, and what they do to some at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from tenants.products import rules, words
from tenants.products.models import Product
from tenants.sheets import amounts

LONG = _l("Please use at most %(max)d characters.")


class ProductForm(FlaskForm):
    """A product's fields; the price as people write it, in the merchant's currency."""

    sku = StringField(
        _l("SKU"),
        [InputRequired(_l("Please type a SKU.")), Length(max=rules.LONGEST_SKU, message=LONG)],
        filters=[rules.one_line],
    )
    name = StringField(
        _l("Name"),
        [InputRequired(_l("Please type a name.")), Length(max=rules.LONGEST_NAME, message=LONG)],
        filters=[rules.one_line],
    )
    category = StringField(
        _l("Category"),
        [Optional(), Length(max=rules.LONGEST_CATEGORY, message=LONG)],
        filters=[rules.one_line],
    )
    tags = StringField(_l("Tags"), [Optional()])
    price = StringField(_l("Price"), [Optional()], filters=[rules.one_line])
    is_excluded_from_earning = BooleanField(_l("Earns nothing: neither stamps nor points"))
    is_excluded_from_redeeming = BooleanField(_l("Can’t be a reward: neither given away nor made cheaper"))

    def __init__(self, country: str, exponent: int, product: Product | None = None) -> None:
        self.country, self.exponent = country, exponent
        super().__init__(data=_shown(product, exponent) if product else None)
        self.price_minor: int | None = None
        if product:
            del self.sku

    def validate_sku(self, field: StringField) -> None:
        if not field.data:
            raise ValidationError(_("Please type a SKU."))
        _checked(rules.sku, field.data, _("This SKU is too long."))

    def validate_name(self, field: StringField) -> None:
        if not field.data:
            raise ValidationError(_("Please type a name."))

    def validate_category(self, field: StringField) -> None:
        field.data = _checked(rules.category, field.data, _("This category is too long."))

    def validate_tags(self, field: StringField) -> None:
        _checked(rules.tags, field.data, words.of_row("many_tags"))

    def validate_price(self, field: StringField) -> None:
        sign = amounts.decimal_sign([field.data], self.country, self.exponent)
        try:
            self.price_minor = amounts.amount(field.data, sign, self.exponent, rules.LARGEST_PRICE_MINOR)
        except amounts.BadValueError as bad:
            raise ValidationError(words.of_row(bad.reason)) from bad

    def values(self) -> dict[str, Any]:
        """The fields as they are kept."""
        return {
            "name": self.name.data,
            "category": self.category.data or "",
            "tags": rules.tags(self.tags.data or ""),
            "price_minor": self.price_minor,
            "is_excluded_from_earning": self.is_excluded_from_earning.data,
            "is_excluded_from_redeeming": self.is_excluded_from_redeeming.data,
        }


def _checked(read: Any, text: str, message: str) -> Any:
    try:
        return read(text)
    except rules.TooLongError as error:
        raise ValidationError(message) from error


def _shown(product: Product, exponent: int) -> dict[str, Any]:
    """A product as the form shows it."""
    price = ""
    if product.price_minor is not None:
        pattern = "0." + "0" * exponent if exponent else "0"
        amount = Decimal(product.price_minor).scaleb(-exponent)
        price = format_decimal(amount, pattern, locale=get_locale())
    return {
        "name": product.name,
        "category": product.category,
        "tags": ", ".join(product.tags),
        "price": price,
        "is_excluded_from_earning": product.is_excluded_from_earning,
        "is_excluded_from_redeeming": product.is_excluded_from_redeeming,
    }


class SelectionForm(FlaskForm):
    """What is done to the ticked products."""

    act = SelectField(
        _l("With the ticked products"),
        choices=[SelectChoice(act, label) for act, label in words.ACTS.items()],
    )
    text = StringField(_l("Category or tags"), [Optional(), Length(max=1_000)])
