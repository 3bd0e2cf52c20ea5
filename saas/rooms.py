"""The platform's own rooms, as blueprints."""

from __future__ import annotations

from flask import Blueprint

from saas.accounts import invitations, sessions, staff_member
from saas.accounts import views as accounts
from saas.api_keys import views as api_keys
from saas.billing import pricing, seats, webhooks
from saas.billing import tasks as billing_tasks
from saas.billing import usage as billing_usage
from saas.billing import views as billing
from saas.config import Settings
from saas.merchants import views as merchants
from saas.operator import views as operator
from saas.operator import visit_views as visits
from saas.web import health, mailbox

JOBS = (billing_tasks, billing_usage, seats)  # imported, so that the worker knows them


def blueprints(settings: Settings) -> list[Blueprint]:
    """Every blueprint of the platform; the mailbox exists only outside production."""
    rooms = [
        health.bp,
        merchants.bp,
        accounts.bp,
        sessions.bp,
        staff_member.bp,
        invitations.bp,
        api_keys.bp,
        pricing.bp,
        billing.bp,
        webhooks.bp,
        operator.bp,
        visits.bp,
    ]
    return rooms if settings.is_production else [*rooms, mailbox.bp]
