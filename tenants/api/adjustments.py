"""Adjustments at the API: a balance corrected by hand, with a reason that the member can read."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from flask import g
from pydantic import Field

from saas.web.clock import utcnow
from tenants.api import enrolments
from tenants.api.entries import STAMPS, Entry, actor, one
from tenants.api.example_ids import ENROLMENT
from tenants.api.idempotency import request_key
from tenants.api.operation import Example
from tenants.api.schemas import ONE_LINE, Answer, Body
from tenants.units import adjusting


class NewAdjustment(Body):
    """Units to add, or to take where they are below zero, and why."""

    units: Annotated[int, Field(ge=-adjusting.LARGEST, le=adjusting.LARGEST)]
    reason: Annotated[
        str,
        Field(min_length=1, max_length=adjusting.LONGEST_REASON, description="The member reads it."),
        ONE_LINE,
    ]


class Adjustment(Answer):
    """The entry, and the balance as it is now."""

    entry: Entry
    balance: int


SORRY = {
    **STAMPS,
    "kind": "adjust",
    "units": 3,
    "why": {
        "reasons": [{"code": "adjusted", "params": {"note": "Sorry about the wait"}}],
        "sentence": "Corrected by Till on Nov 20, 2026: Sorry about the wait",
    },
    "location_id": None,
}


@enrolments.resource.post(
    "/enrolments/<uuid:enrolment_id>/adjustments",
    "adjustments:write",
    "Correct a balance",
    body=NewAdjustment,
    answer=Adjustment,
    status=201,
    refusals=(adjusting.BadAdjustment,),
    example=Example(
        ids={"enrolment_id": ENROLMENT},
        body={"units": 3, "reason": "Sorry about the wait"},
        answer={"entry": SORRY, "balance": 7},
    ),
)
def adjust(enrolment_id: UUID, body: NewAdjustment) -> Adjustment:
    """No balance goes below zero by it, and no stamp card becomes full."""
    row = enrolments.found(enrolment_id)
    entry = adjusting.adjust(
        enrolment_id,
        body.units,
        body.reason,
        actor=actor(),
        request_key=request_key(),
        now=utcnow(),
        time_zone=g.merchant.time_zone,
    )
    return Adjustment(entry=one(entry.id), balance=row.balance)
