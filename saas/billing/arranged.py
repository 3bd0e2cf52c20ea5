"""A switch that waits for the end of the period: Stripe keeps it as a schedule of the subscription."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from saas.billing import catalogue, plans
from saas.billing.gateway import Gateway, Obj

WAITS = ("active", "not_started")


@dataclass(frozen=True)
class Arranged:
    """The plan that comes, and when."""

    plan: plans.Plan
    at: dt.datetime


def find(gateway: Gateway, subscription_id: str | None) -> Arranged | None:
    """The switch that is arranged, if it is to a plan of ours; no transaction may be open."""
    if subscription_id is None:
        return None
    expanded = {"expand": ["schedule"]}
    subscription = gateway.ask(lambda api: api.subscriptions.retrieve, subscription_id, expanded)
    schedule = subscription["schedule"]
    if schedule is None or schedule["status"] not in WAITS:
        return None
    ends = subscription["items"]["data"][0]["current_period_end"]
    later = [phase for phase in schedule["phases"] if phase["start_date"] >= ends]
    return _of(gateway, later[0]) if later else None


def _of(gateway: Gateway, phase: Obj) -> Arranged | None:
    keys = {id_: key for key, id_ in catalogue.price_ids(gateway).items()}
    price = plans.price_of(keys.get(phase["items"][0]["price"]))
    at = dt.datetime.fromtimestamp(phase["start_date"], dt.UTC)
    return Arranged(plans.plan(price.plan), at) if price else None


def take_back(gateway: Gateway, subscription: Obj) -> None:
    """Let the subscription go on as it is; harmless where nothing is arranged."""
    if subscription["schedule"]:
        gateway.ask(lambda api: api.subscription_schedules.release, subscription["schedule"])
