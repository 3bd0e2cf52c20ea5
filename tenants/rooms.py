"""The rooms of a merchant: their blueprints and their jobs."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Blueprint

ROOMS = ("stats", "members", "programs", "purchases", "settings", "counter", "card")


def blueprints() -> list[Blueprint]:
    """Every blueprint that lives in a merchant's schema; the rooms' jobs are registered on the way."""
    for room in ROOMS:
        if find_spec(f"tenants.{room}.tasks"):
            import_module(f"tenants.{room}.tasks")
    return [import_module(f"tenants.{room}.views").bp for room in ROOMS if find_spec(f"tenants.{room}.views")]
