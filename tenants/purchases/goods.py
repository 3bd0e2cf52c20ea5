"""Lines of a basket with what the catalogue knows of them: categories, tags, and what is excluded."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tenants.engine.values import Line
from tenants.products import catalogue, operations, rules
from tenants.products.catalogue import Known


def completed(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines with the catalogue's categories (and those above them), tags and exclusions added to their own.

    A SKU is spelled as in the catalogue, so that rules know it. What isn't known stays as it came.
    """
    known = catalogue.by_sku({line.sku for line in lines if line.sku})
    return tuple(_completed(line, known.get(line.sku)) for line in lines)


def _completed(line: Line, product: Known | None) -> Line:
    own = [above for category in line.categories for above in rules.lineage(category)]
    if product is None:
        return replace(line, categories=line.categories | frozenset(own))
    return replace(
        line,
        sku=product.sku,
        categories=line.categories | frozenset(own) | product.categories,
        tags=line.tags | product.tags,
        is_excluded_from_earning=line.is_excluded_from_earning or product.is_excluded_from_earning,
        is_excluded_from_redeeming=line.is_excluded_from_redeeming or product.is_excluded_from_redeeming,
    )


def products_of(lines: Sequence[Line], names: Mapping[str, str], now: dt.datetime) -> dict[str, uuid.UUID]:
    """The products of the lines by SKU; those not known yet are added. Raises BadSku."""
    wanted = [
        operations.Line(
            line.sku,
            names.get(line.key, ""),
            line.unit_price_minor,
            max(line.categories, key=lambda name: (len(name), name), default=""),
            tuple(sorted(line.tags)),
        )
        for line in lines
        if line.sku.strip()
    ]
    return operations.ensure(wanted, now) if wanted else {}
