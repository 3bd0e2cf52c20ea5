"""Stamp cards for tests, made and published by the operations."""

from __future__ import annotations

from typing import Any

from saas.web.clock import utcnow
from tenants.programs import operations
from tenants.programs.models import Program
from tenants.programs.rules import Terms


def draft_program(required: int = 10, *, name: str = "Coffee card", **terms: Any) -> Program:
    """A stamp card that nobody sees yet."""
    values: dict[str, Any] = {"headline": "Your next coffee is on us", "reward_name": "Free coffee", **terms}
    return operations.create(name, Terms(required=required, **values), utcnow())


def published_program(required: int = 10, *, name: str = "Coffee card", **terms: Any) -> Program:
    """A stamp card that every member has."""
    program = draft_program(required, name=name, **terms)
    operations.publish(program.id, "Owner of Bakery", utcnow())
    return program
