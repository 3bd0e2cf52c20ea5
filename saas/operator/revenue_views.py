"""What comes in: revenue by month, what is paid every month, churn, and trials that became paid."""

from __future__ import annotations

import datetime as dt
from typing import Any

from babel.dates import format_skeleton
from flask import Response, request
from flask_babel import get_locale
from sqlalchemy import BigInteger, cast, func, select

from saas.billing.models import Invoice, Subscription, TrialGrant
from saas.billing.plans import PLANS
from saas.db import db
from saas.operator import rules
from saas.operator.blueprint import bp
from saas.operator.rules import Contract, Month, Paid
from saas.web.access import operator
from saas.web.clock import utcnow
from saas.web.render import render

PERIODS = (6, 12, 24)


@bp.get("/revenue")
@operator()
def revenue() -> Response:
    """The charts and the tables they are drawn from."""
    return render("saas/operator/revenue.html", **_numbers())


@bp.get("/revenue/print")
@operator()
def revenue_print() -> Response:
    """The same as a sheet of paper."""
    return render("saas/operator/revenue_print.html", **_numbers())


def _numbers() -> dict[str, Any]:
    asked = request.args.get("months", "")
    count = int(asked) if asked in map(str, PERIODS) else 12
    now = utcnow()
    months = rules.months_until(Month.of(now), count)
    contracts = _contracts()
    plans = [code for code, plan in PLANS.items() if plan.is_paid]
    return {
        "now": now,
        "months": months,
        "count": count,
        "periods": PERIODS,
        "labels": [format_skeleton("yMMM", month.first, locale=get_locale()) for month in months],
        "revenue": rules.revenue(_paid(months[0].begins), months),
        "recurring": rules.recurring(contracts, plans),
        "churn": rules.churn(contracts, months),
        "trials": rules.trials(_trials(months[0].begins), months),
        "plans": PLANS,
    }


def _paid(since: dt.datetime) -> list[Paid]:
    """What the copies of invoices say, summed by month and currency in the database."""
    month = func.date_trunc("month", func.timezone("UTC", Invoice.paid_at))
    currency = func.upper(Invoice.currency)
    rows = db.session.execute(
        select(
            month,
            currency,
            cast(func.sum(Invoice.paid_minor), BigInteger),
            cast(func.sum(Invoice.refunded_minor), BigInteger),
        )
        .where(Invoice.paid_at >= since)
        .group_by(month, currency)
    )
    return [Paid(Month.of(at.date()), code, paid, refunded) for at, code, paid, refunded in rows]


def _contracts() -> list[Contract]:
    plan = func.coalesce(Subscription.paid_plan, Subscription.plan)
    rows = db.session.execute(
        select(
            plan,
            Subscription.state,
            Subscription.currency,
            Subscription.interval,
            Subscription.amount_minor,
            Subscription.started_at,
            Subscription.ended_at,
        ).where(Subscription.stripe_subscription_id.is_not(None))
    )
    return [Contract(*row) for row in rows]


def _trials(since: dt.datetime) -> list[tuple[dt.datetime, dt.datetime | None]]:
    rows = db.session.execute(
        select(TrialGrant.granted_at, Subscription.started_at)
        .outerjoin(Subscription, Subscription.merchant_id == TrialGrant.merchant_id)
        .where(TrialGrant.granted_at >= since)
    )
    return [(granted, started) for granted, started in rows]
