"""The blueprint that the operators' pages stand on, who acts, and what an address asks for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, g, request

from saas.web.clock import utcnow
from saas.web.throttle import address

bp = Blueprint("operator", __name__, url_prefix="/operator")


def by() -> dict[str, Any]:
    """Who does what follows, from where and when, for the chain of actions."""
    return {
        "operator_id": g.operator.id,
        "operator_name": g.operator.name,
        "address": address(),
        "now": utcnow(),
    }


def asked_uuid(name: str) -> UUID | None:
    """An id in the address, None where it is none."""
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def asked_number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def asked_text(name: str) -> str:
    return request.args.get(name, "").strip()[:100]
