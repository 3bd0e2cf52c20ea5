"""Endpoints with a log, written as rows: nothing of it is ever sent."""

from __future__ import annotations

import datetime as dt
import uuid

from saas.db import db, new_id
from tenants.webhooks import outbox
from tenants.webhooks.catalogue import TYPES
from tenants.webhooks.models import Attempt, Delivery, Endpoint


def endpoint(url: str, now: dt.datetime, *, description: str = "", types: tuple[str, ...] = ()) -> Endpoint:
    """An endpoint of which no job knows."""
    made = Endpoint(
        id=new_id(),
        url=url,
        description=description,
        event_types=list(types or TYPES),
        secret_salt=b"0123456789abcdef",
        position=now,
        created_by="Owner",
        created_at=now,
    )
    db.session.add(made)
    db.session.flush()
    return made


def delivery(to: Endpoint, kind: str, outcomes: dict[str, str], now: dt.datetime) -> Delivery:
    """A delivery with an attempt of each outcome, whose endpoint answered so; delivered if the last one says so."""
    made = outbox.add(kind, new_id(), TYPES[kind].example, to, now)
    for number, (outcome, answer) in enumerate(outcomes.items(), 1):
        db.session.add(
            Attempt(
                delivery_id=made.id,
                number=number,
                outcome=outcome,
                status_code={"delivered": 200, "status": 500, "redirect": 302}.get(outcome),
                answer=answer,
                duration_ms=140 * number,
                attempted_at=now + dt.timedelta(minutes=5 * number),
            )
        )
        made.attempts, made.status = number, "delivered" if outcome == "delivered" else "failed"
        made.next_attempt_at, made.finished_at = None, now
    db.session.flush()
    return made


def filled(now: dt.datetime) -> dict[str, uuid.UUID]:
    """One endpoint that works and one that switched itself off; `delivery` has been tried in vain and then not."""
    works = endpoint(
        "https://till.example.com/hooks", now, description="Till at the counter", types=("units.expired",)
    )
    gone = endpoint("https://old.example.com/a/very/long/path/that/nobody/reads/any/more?key=value", now)
    gone.is_enabled, gone.disabled_reason, gone.disabled_at = False, "failing", now
    tried = delivery(works, "reward.issued", {"timeout": "", "status": "Oops", "delivered": "ok"}, now)
    delivery(works, "units.earned", {"delivered": "ok"}, now)
    for kind in ("member.joined", "purchase.committed"):
        delivery(gone, kind, {"private": "", "connection": "Connection refused"}, now)
        delivery(gone, kind, {}, now)
    return {"endpoint": works.id, "off": gone.id, "delivery": tried.id}
