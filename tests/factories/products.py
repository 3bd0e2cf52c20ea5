"""Products for tests, added as the console adds them; and a list as a shop has it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.products import imports, operations, writing
from tenants.products.models import Product
from tenants.products.operations import Line
from tenants.products.writing import Change

SHELVES = {
    "Coffee": ("Ελληνικός καφές", "Espresso", "Cappuccino", "Flat white", "Freddo"),
    "Bakery > Bread": ("Sourdough", "Rågbröd", "Baguette", "Χωριάτικο ψωμί"),
    "Bakery > Cakes": ("Carrot cake", "Pastel de nata", "Éclair", "Kanelbulle"),
    "Tobacco": ("Rolling tobacco",),
}
FILE = "SKU;Name;Price;Colour\nN-1;Räksmörgås;9,50;pink\nN-2;Broken;-1,00;\n101;Espresso;2,20;\n"


def product(sku: str = "AB-12", now: dt.datetime | None = None, **values: Any) -> Product:
    """A product of this SKU, named after it unless a name is given."""
    return operations.add(sku, {"name": sku, **values}, now or utcnow())


def filled(merchant: Record, now: dt.datetime) -> dict[str, uuid.UUID]:
    """A list of more than one page with everything that a row may show, and files: "product", "upload", "report"."""
    names = [(shelf, name) for shelf, own in SHELVES.items() for name in own]
    changes = [
        Change(
            str(100 + number),
            {
                "name": name if number < len(names) else f"{name} no. {number}",
                "category": shelf,
                "tags": ["vegan", "to take away"] if number % 3 else [],
                "price_minor": 150 + 5 * number,
                "is_excluded_from_earning": shelf == "Tobacco",
                "is_excluded_from_redeeming": shelf == "Tobacco",
            },
        )
        for number, (shelf, name) in enumerate(names * 5)
    ]
    writing.write(changes, "import", now)
    operations.ensure([Line("TILL-1", "Seasonal special", 450)], now)
    operations.archive(product("OLD-1", now, name="Last year’s calendar").id, now)
    upload = imports.upload("price-list.csv", FILE.encode(), "Owner", merchant, now)
    report = imports.upload("list-of-june.csv", FILE.encode(), "Owner", merchant, now)
    report.status, report.finished_at, report.content = "done", now, b""
    report.products_added, report.rows_total, report.rows_refused = 2, 3, 1
    report.refusals = {
        "lines": [[3, "price_minor", "amount_negative", "-1,00", ["N-2", "Broken", "-1,00", ""]]],
        "reasons": [["amount_negative", "price_minor", 1]],
        "titles": ["SKU", "Name", "Price", "Colour"],
        "count": 1,
    }
    special = operations.ensure([Line("TILL-1")], now)["TILL-1"]
    return {"product": special, "upload": upload.id, "report": report.id}
