"""The rooms of a merchant, as blueprints."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Blueprint

ROOMS = ("stats", "members", "programs", "purchases", "settings", "counter", "card")


def blueprints() -> list[Blueprint]:
    """Every blueprint that lives in a merchant's schema."""
    return [import_module(f"tenants.{r}.views").bp for r in ROOMS if find_spec(f"tenants.{r}") and find_spec(f"tenants.{r}.views")]
