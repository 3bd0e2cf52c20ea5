"""The job that carries an import out, and the same from the command line, at once and with its progress
said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from flask import current_app
from sqlalchemy.exc import DBAPIError

from saas.db import PLATFORM, transaction
from saas.merchants import registry
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.jobs import task
from tenants.programs import queries as programs
from tenants.purchases import operations, queries, runs
from tenants.purchases.choices import HANDED_OUT, Choice

Say = Callable[[str], None]


class UnknownProgramError(Exception):
    """No program of that name runs."""


@dataclass(frozen=True)
class Report:
    """What an import added, as one line for a terminal."""

    rows: int
    members: int
    purchases: int
    known: int
    refused: int
    stamps: int

    def __str__(self) -> str:
        return (
            f"{self.rows} rows: {self.members} members and {self.purchases} purchases added, "
            f"{self.known} were known already, {self.refused} refused; {self.stamps} stamps."
        )


@task("purchases.import")
def import_purchases(slug: str, import_id: str) -> None:
    """Carry an import out. A line that is down leaves it running, for the queue's next try."""
    merchant = registry.find(slug)
    if merchant is None:
        return
    try:
        runs.run(merchant, UUID(import_id))
    except DBAPIError as error:
        if not error.connection_invalidated:
            runs.fail(merchant, UUID(import_id))
        raise
    except Exception:
        current_app.logger.exception("import %s of %s failed", import_id, slug)
        runs.fail(merchant, UUID(import_id))


@task("purchases.take_up", cron="*/10 * * * *")
def take_up() -> None:
    """Queue every import again that runs for long, should the queue have given it up; twice is harmless."""
    with transaction(PLATFORM):
        merchants = registry.every_open()
    for merchant in merchants:
        with transaction(merchant.binding):
            operations.take_up(merchant, utcnow())


@task("purchases.forget_files", cron="50 3 * * *")
def forget_files() -> None:
    """Empty every merchant's files that were uploaded and never started; one transaction a merchant."""
    with transaction(PLATFORM):
        merchants = registry.every_open()
    for merchant in merchants:
        with transaction(merchant.binding):
            operations.forget_files(utcnow())


def stamping_on(merchant: Record, name: str | None, is_none: bool) -> Callable[[Choice], Choice] | None:
    """The change to a choice that stamps the running program `name`, or none; raises UnknownProgramError."""
    if is_none:
        return lambda choice: replace(choice, program_id=None)
    if name is None:
        return None
    with transaction(merchant.binding):
        ids = {program.name: program.id for program, _version, _terms in programs.running()}
    if name not in ids:
        raise UnknownProgramError(f"No program {name!r} runs; there are: {', '.join(ids) or 'none'}.")
    return lambda choice: replace(choice, program_id=ids[name])


def import_file(
    merchant: Record,
    path: Path,
    say: Say | None = None,
    *,
    content: bytes | None = None,
    rewards: str = HANDED_OUT,
    change: Callable[[Choice], Choice] | None = None,
) -> Report:
    """Read a file into a merchant now, by the guessed columns unless `change` says otherwise; raises
    operations' refusals.
    """
    data = path.read_bytes() if content is None else content
    now = utcnow()
    with transaction(merchant.binding):
        found = operations.upload(path.name, data, "regulars import", merchant, now)
        choice = replace(Choice.from_json(found.mapping), rewards=rewards)
        operations.begin(found.id, change(choice) if change else choice, now)
    try:
        runs.run(merchant, found.id, lambda done, total: say(f"{done} of {total} rows") if say else None)
    except BaseException:
        runs.fail(merchant, found.id)
        raise
    with transaction(merchant.binding):
        done = queries.existing(found.id)
        return Report(
            done.rows_total,
            done.members_added,
            done.purchases_added,
            done.purchases_known,
            done.rows_refused,
            done.stamps_added,
        )
