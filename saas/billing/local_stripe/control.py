"""The desk behind the demo: events and their deliveries, sent again or shuffled; time moved on; refunds, disputes."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from . import disputes, pages, refunds
from .faults import Fault
from .periods import DAY
from .store import Obj, Store

bp = Blueprint("control", __name__)
SHOWN = 50
STEPS = (1, 3, 7, 15, 31, 366)


@bp.get("/")
def show() -> Response:
    with pages.desk() as store:
        return _page(store)


def _page(store: Store, error: str = "", status: int = 200) -> Response:
    stand_in = current_app.extensions["local_stripe"]
    rows = store.db.execute(
        "SELECT event, endpoint, state, attempts, status, error FROM delivery ORDER BY seq DESC LIMIT 500"
    ).fetchall()
    sent: dict[str, list[Any]] = {}
    for event, *rest in rows:
        sent.setdefault(event, []).append(rest)
    search = request.args.get("q", "").strip()
    events = [event for event in store.select("event") if search in event["type"]]
    return pages.show(
        "control",
        status=status,
        now=store.now(),
        steps=STEPS,
        search=search,
        events=events[:SHOWN],
        more=len(events) - SHOWN,
        sent=sent,
        endpoints=[row for row in store.select("webhook_endpoint") if not row.get("deleted")],
        charges=[row for row in store.select("charge") if row["paid"]][:10],
        disputes=[row for row in store.select("dispute") if row["status"] not in ("won", "lost")],
        is_held=stand_in.sender.held,
        checked=stand_in.checked_requests,
        error=error,
    )


@bp.post("/time")
def advance() -> AnyResponse:
    """Days that pass for everybody without a test clock."""
    days = request.form.get("days", "")
    if days.isdigit() and 0 < int(days) <= 366:
        current_app.extensions["local_stripe"].advance(int(days) * DAY)
    return redirect(url_for(".show"), 303)


@bp.post("/deliveries")
def deliver() -> AnyResponse:
    """Once more, twice more, all of them in any order; hold them back and let them go."""
    sender = current_app.extensions["local_stripe"].sender
    action, event = request.form.get("action", ""), request.form.get("event", "")
    if action in ("resend", "duplicate") and event:
        sender.resend(event, times=1 if action == "resend" else 2)
    elif action == "shuffle":
        sender.resend_all(shuffle=int(time.time()))
    elif action == "hold":
        sender.hold()
    elif action == "release":
        sender.release()
    return redirect(url_for(".show"), 303)


@bp.post("/charges/<charge_id>/refunds")
def refund(charge_id: str) -> AnyResponse:
    return _try(charge_id, lambda store, charge: refunds.refund(store, charge, None, "requested_by_customer"))


@bp.post("/charges/<charge_id>/disputes")
def dispute(charge_id: str) -> AnyResponse:
    return _try(charge_id, lambda store, charge: disputes.begin(store, charge, "fraudulent"))


@bp.post("/disputes/<dispute_id>/decisions")
def decide(dispute_id: str) -> AnyResponse:
    with pages.desk() as store:
        found = store.need("dispute", dispute_id)
        if found["status"] not in ("won", "lost"):
            disputes.decide(store, found, won=request.form.get("outcome") == "won")
    return redirect(url_for(".show"), 303)


def _try(charge_id: str, do: Any) -> AnyResponse:
    with pages.desk() as store:
        try:
            charge: Obj = store.need("charge", charge_id)
            with store.savepoint():
                do(store, charge)
        except Fault as fault:
            return _page(store, pages.words(fault), 422)
    return redirect(url_for(".show"), 303)
