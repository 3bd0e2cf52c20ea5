"""Products for tests, added as the console adds them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from saas.web.clock import utcnow
from tenants.products import operations
from tenants.products.models import Product


def product(sku: str = "AB-12", now: dt.datetime | None = None, **values: Any) -> Product:
    """A product of this SKU, named after it unless a name is given."""
    return operations.add(sku, {"name": sku, **values}, now or utcnow())
