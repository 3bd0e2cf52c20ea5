"""The hourly round: what is over by each merchant's own clock, tiers to review, birthdays, and words of warning.

Each instant of expiry is the end of a local day, so the round that follows midnight in a shop closes that shop's day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from uuid import UUID

from saas.db import PLATFORM, transaction
from saas.merchants import registry
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.jobs import defer, task
from tenants.engine.dates import local
from tenants.programs.ledger import SYSTEM, RewardGone
from tenants.units import expiry, occasions, rewards, standing

BATCH = 100


@task("units.round", cron="7 * * * *")
def go_round() -> None:
    """Put every merchant's round into the queue; one that waits already isn't added again."""
    with transaction(PLATFORM):
        merchants = registry.every_open()
    for merchant in merchants:
        with transaction(merchant.binding):
            name = f"units.keep {merchant.id}"
            defer("units.keep", lock=name, queueing_lock=name, slug=merchant.slug)


@task("units.keep")
def keep(slug: str) -> None:
    """One merchant's round; may be run at any time, and twice."""
    merchant = registry.find(slug)
    if merchant is not None:
        keep_until(merchant, utcnow())


def keep_until(merchant: Record, now: dt.datetime) -> None:
    """The round as of a moment. Takes no open transaction: each batch is one of its own."""
    _batches(merchant, lambda: expiry.due(now, BATCH), lambda found: expiry.close_lots(found, merchant, now))
    _batches(merchant, lambda: expiry.rewards_due(now, BATCH), lambda found: _expire(found, now))
    _review(merchant, now)
    _birthdays(merchant, now)
    while True:
        with transaction(merchant.binding):
            if not expiry.warn(merchant, now):
                return


def _batches(merchant: Record, due: Callable[[], Sequence[UUID]], act: Callable[[UUID], object]) -> None:
    """Act on what is due until nothing is; each action makes its own no longer due."""
    while True:
        with transaction(merchant.binding):
            ids = due()
            for found in ids:
                act(found)
        if len(ids) < BATCH:
            return


def _expire(reward_id: UUID, now: dt.datetime) -> None:
    try:
        rewards.expire(reward_id, actor=SYSTEM, now=now)
    except RewardGone:
        return  # handed out in this very moment: the reward is no longer due


def _review(merchant: Record, now: dt.datetime) -> None:
    after: UUID | None = None
    while True:
        with transaction(merchant.binding):
            ids = standing.due(now, BATCH, after)
            for found in ids:
                standing.review(found, merchant, now)
        if len(ids) < BATCH:
            return
        after = ids[-1]


def _birthdays(merchant: Record, now: dt.datetime) -> None:
    with transaction(merchant.binding):
        ids = occasions.birthdays(merchant, now) if occasions.has_birthdays(merchant, now) else ()
    year = str(local(now, merchant.time_zone).year)
    for start in range(0, len(ids), BATCH):
        with transaction(merchant.binding):
            for member_id in ids[start : start + BATCH]:
                occasions.happened(member_id, "birthday", year, merchant=merchant, now=now)
