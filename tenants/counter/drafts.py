"""A purchase while it is being entered: all of it stands in the form, so that nothing is kept between two requests."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from babel.numbers import get_currency_precision, get_decimal_symbol
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from saas.web.refusals import Refusal
from tenants.counter.forms import strip
from tenants.counter.rules import minor_units
from tenants.engine.values import Choice, Line, Redeem, UseReady
from tenants.products.catalogue import Known
from tenants.purchases.wishes import Wish

AMOUNT = "amount"  # the key of the only line of a purchase that was entered as an amount
DELIVERY = "delivery"  # the key of the line that is no product: what bringing the goods costs
MOST_ROWS, MOST_CHOSEN, MOST_OF_A_LINE = 200, 20, 100_000
PLACES = 3


class Unreadable(Refusal):
    """What was typed is no amount, price or quantity."""


class TooLong(Refusal):
    """More lines than a counter enters."""


@dataclass(frozen=True)
class Row:
    """A line as typed."""

    sku: str
    name: str
    price: str
    quantity: str = "1"


@dataclass(frozen=True)
class Draft:
    """A purchase as typed, with what was chosen to be used on it. `units` are those to pay with, by choice."""

    request_key: str
    by: str = AMOUNT
    member_id: uuid.UUID | None = None
    amount: str = ""
    receipt: str = ""
    codes: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    delivery: str = ""
    ready: frozenset[str] = frozenset()
    redeem: frozenset[str] = frozenset()
    units: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sent: MultiDict[str, str], request_key: str) -> Draft:
        """The draft of a form; unknown words count as not said. Raises Unreadable for a member's id that is none."""
        texts = {name: [strip(text)[:300] for text in sent.getlist(name)] for name in sent}
        one = {name: values[0] for name, values in texts.items() if values}
        columns = [texts.get(name, []) for name in ("sku", "name", "price", "quantity")]
        rows = [Row(*cells) for cells in zip(*columns, strict=False)]
        return cls(
            one.get("request_key", "")[:64] or request_key,
            "lines" if one.get("by") == "lines" else AMOUNT,
            _uuid(one.get("member_id", "")),
            one.get("amount", "")[:20],
            one.get("receipt", "")[:80],
            tuple(dict.fromkeys(code for code in texts.get("code", ())[:MOST_CHOSEN] if code)),
            tuple(rows[:MOST_ROWS]),
            one.get("delivery", "")[:20],
            frozenset(texts.get("ready", ())[:MOST_CHOSEN]),
            frozenset(texts.get("redeem", ())[:MOST_CHOSEN]),
            {name.removeprefix("units."): text for name, text in one.items() if name.startswith("units.")},
        )

    def adding(self, product: Known, currency: str) -> Draft:
        """One piece more of a product. Raises TooLong."""
        for place, row in enumerate(self.rows):
            if row.sku == product.sku:
                more = _plain((_decimal(row.quantity) or Decimal(0)) + 1)
                rows = (*self.rows[:place], replace(row, quantity=more), *self.rows[place + 1 :])
                return replace(self, rows=rows)
        if len(self.rows) >= MOST_ROWS:
            raise TooLong(_("A purchase has at most %(count)s lines here.", count=MOST_ROWS))
        price = typed(product.price_minor, currency) if product.price_minor is not None else ""
        return replace(self, rows=(*self.rows, Row(product.sku, product.name, price)))

    def without(self, place: str) -> Draft:
        """Without one of the lines, named by its place."""
        return replace(self, rows=tuple(row for n, row in enumerate(self.rows) if str(n) != place))

    def wish(self, currency: str, location_id: uuid.UUID | None) -> Wish:
        """What is asked of purchases. Raises Unreadable."""
        lines = self._lines(currency)
        return Wish(
            lines=lines,
            member_id=self.member_id,
            codes=self.codes,
            choices=self._choices(),
            names=self._names(lines),
            location_id=location_id,
            receipt_number=self.receipt,
            currency=currency,
        )

    def _lines(self, currency: str) -> tuple[Line, ...]:
        places = get_currency_precision(currency)
        if self.by == AMOUNT:
            minor = minor_units(self.amount, places)
            if not minor:
                raise Unreadable(_("Type the amount paid, such as 12.50."))
            return (Line(AMOUNT, minor),)
        if not self.rows:
            raise Unreadable(_("Add what is bought first."))
        bought = tuple(_line(place, row, places) for place, row in enumerate(self.rows, 1))
        fee = minor_units(self.delivery, places) if self.delivery else 0
        if fee is None:
            raise Unreadable(_("Type the price of %(product)s, such as 12.50.", product=_("Delivery")))
        return (*bought, Line(DELIVERY, fee, is_delivery=True)) if fee else bought

    def _names(self, lines: tuple[Line, ...]) -> dict[str, str]:
        """What the lines are called, where somebody typed or scanned products."""
        if self.by == AMOUNT:
            return {}
        named = {line.key: row.name for line, row in zip(lines, self.rows, strict=False) if row.name}
        return named | {line.key: _("Delivery") for line in lines if line.is_delivery}

    def _choices(self) -> tuple[Choice, ...]:
        found: list[Choice] = [UseReady(reward_id) for reward_id in sorted(self.ready)]
        for name in sorted(self.redeem):
            program_id, _slash, key = name.partition("/")
            text = self.units.get(name, "")
            units = int(text) if text.isascii() and text.isdigit() else None
            if text and units is None:
                raise Unreadable(_("Type how many to spend as a whole number."))
            found.append(Redeem(program_id, key, units))
        return tuple(found)


def typed(amount_minor: int, currency: str) -> str:
    """An amount as a person would type it in this language."""
    places = get_currency_precision(currency)
    text = f"{Decimal(amount_minor).scaleb(-places):.{places}f}"
    return text.replace(".", get_decimal_symbol(get_locale()))


def quantity_of(text: str) -> Decimal:
    """A quantity as typed. Raises Unreadable."""
    quantity = _decimal(text)
    if quantity is None or not 0 < quantity <= MOST_OF_A_LINE or round(quantity, PLACES) != quantity:
        raise Unreadable(_("Type the quantity as a number, such as 2 or 0.350."))
    return quantity


def _line(place: int, row: Row, places: int) -> Line:
    price = minor_units(row.price, places)
    if price is None:
        raise Unreadable(_("Type the price of %(product)s, such as 12.50.", product=row.name or row.sku))
    return Line(str(place), price, quantity_of(row.quantity), sku=row.sku)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal("".join(text.split()).replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _plain(number: Decimal) -> str:
    return f"{number:f}"


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError as error:
        raise Unreadable(_("There is no such member.")) from error
