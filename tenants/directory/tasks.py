"""Tagging a long list: some members at a time, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping

from saas.db import transaction
from saas.merchants import registry
from saas.web.clock import utcnow
from saas.web.jobs import task
from tenants.directory import queries
from tenants.directory.queries import Wish
from tenants.members import tagging
from tenants.segments.queries import When


@task("members.tag")
def tag(slug: str, wish: Mapping[str, str], tag: str, is_added: bool) -> None:
    """Go on until nobody of the list is left who isn't as wanted; may be run twice."""
    merchant = registry.find(slug)
    if merchant is None:
        return
    when = When(utcnow(), merchant.time_zone)
    while True:
        with transaction(merchant.binding):
            wanted = queries.condition(Wish(**wish), when)
            if tagging.change_some(wanted, tag, is_added=is_added) < tagging.AT_ONCE:
                return
