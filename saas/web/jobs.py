"""Jobs: deferred in the transaction of the change that causes them, run by the worker through procrastinate.

A task names its merchant in its arguments and opens its own transaction; it must be harmless when run twice.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import Any

from flask import Flask
from procrastinate import App, PsycopgConnector
from sqlalchemy import cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import DateTime, Text

from saas.config import Settings
from saas.db import db

Task = Callable[..., None]
TASKS: dict[str, Task] = {}
PERIODIC: dict[str, str] = {}


def task(name: str, *, cron: str | None = None) -> Callable[[Task], Task]:
    """Register a function as the task `name`; with `cron` it also runs by the clock (and gets no arguments)."""

    def register(function: Task) -> Task:
        TASKS[name] = function
        if cron:
            PERIODIC[name] = cron
        return function

    return register


def defer(
    name: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    at: dt.datetime | None = None,
    **arguments: Any,
) -> None:
    """Put a task into the queue; it exists when the transaction commits, and not at all otherwise.

    Jobs of one `lock` run one after another; while one of a `queueing_lock` waits, another is not added.
    """
    if name not in TASKS:
        raise KeyError(f"no task is called {name}")
    db.session.execute(
        select(
            func.platform.defer_job(
                cast(literal(name), Text),
                cast(literal(arguments, JSONB), JSONB),
                cast(literal(lock), Text),
                cast(literal(queueing_lock), Text),
                cast(literal(at), DateTime(timezone=True)),
            )
        )
    )


def queue(app: Flask, settings: Settings) -> App:
    """The procrastinate app with every registered task, on a connection whose search path is the platform's."""
    url = settings.app_url.set(drivername="postgresql").render_as_string(hide_password=False)
    connector = PsycopgConnector(
        conninfo=url, kwargs={"options": "-c search_path=platform"}, min_size=1, max_size=4
    )
    jobs = App(connector=connector)
    for name, function in TASKS.items():
        registered = jobs.task(name=name, retry=5)(_in_app(app, function))
        if name in PERIODIC:
            jobs.periodic(cron=PERIODIC[name])(registered)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(name="jobs.retry_stalled", queueing_lock="jobs.retry_stalled")
    async def retry_stalled(timestamp: int) -> None:
        """Take up jobs whose worker died: it has not been heard of for half a minute."""
        for job in await jobs.job_manager.get_stalled_jobs(seconds_since_heartbeat=30):
            await jobs.job_manager.retry_job(job)

    return jobs


def _in_app(app: Flask, function: Task) -> Callable[..., None]:
    @functools.wraps(function)
    def run(timestamp: int | None = None, **arguments: Any) -> None:
        with app.app_context():
            function(**arguments)

    return run


def run_waiting(app: Flask) -> None:
    """Run what waits in the queue until it is empty, as the worker would; for tests and commands."""
    import asyncio

    settings = app.extensions["regulars"].settings

    async def run() -> None:
        jobs = queue(app, settings)
        async with jobs.open_async():
            await jobs.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="successful")

    asyncio.run(run())
