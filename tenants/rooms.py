"""The rooms of a merchant: their blueprints, and their jobs, which are registered by being imported."""

from __future__ import annotations

from flask import Blueprint

from tenants.api import tasks as api_tasks
from tenants.api import views as api
from tenants.card import views as card
from tenants.counter import tasks as counter_tasks
from tenants.counter import views as counter
from tenants.coupons import issuing
from tenants.coupons import operations as coupon_operations
from tenants.coupons import tasks as coupons_tasks
from tenants.coupons import views as coupons
from tenants.directory import tasks as members_tasks
from tenants.directory import views as members
from tenants.previews import tasks as previews_tasks
from tenants.previews import views as previews
from tenants.products import tasks as products_tasks
from tenants.products import views as products
from tenants.programs import coupon_names
from tenants.programs import views as programs
from tenants.purchases import seams
from tenants.purchases import tasks as purchases_tasks
from tenants.purchases import views as purchases
from tenants.segments import views as segments
from tenants.settings import views as settings
from tenants.stats import allowance as stats_allowance
from tenants.stats import views as stats
from tenants.units import stock
from tenants.units import tasks as units_tasks
from tenants.webhooks import tasks as webhooks_tasks
from tenants.webhooks import views as webhooks

JOBS = (
    api_tasks, counter_tasks, coupons_tasks, members_tasks, previews_tasks, products_tasks, purchases_tasks,
    units_tasks, webhooks_tasks,
)  # fmt: skip
seams.tell(coupon_operations)
coupon_names.tell(issuing.to_give)
COUNTS = (stats_allowance,)  # what a plan counts; other rooms' are imported by what asks them


def blueprints() -> list[Blueprint]:
    """Every blueprint that lives in a merchant's schema."""
    rooms = (
        stats,
        members,
        segments,
        programs,
        previews,
        coupons,
        products,
        stock,
        purchases,
        settings,
        webhooks,
        counter,
        card,
        api,
    )
    return [room.bp for room in rooms]
