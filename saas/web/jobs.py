"""Jobs: deferred in the transaction of the change that causes them, run by the worker through procrastinate.

A task names its merchant in its arguments and opens its own transaction; it must be harmless when run twice.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from procrastinate import App, PsycopgConnector, RetryStrategy
from sqlalchemy import cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import DateTime, Text

from saas.config import Settings
from saas.db import db

Task = Callable[..., None]
TASKS: dict[str, Task] = {}
PERIODIC: dict[str, str] = {}
RETRIES = RetryStrategy(max_attempts=8, exponential_wait=3)  # 3, 9, 27 … s: the last after about an hour


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
        registered = jobs.task(name=name, retry=RetryStrategy(max_attempts=8, exponential_wait=3))(
            _in_app(app, function)
        )
        if name in PERIODIC:
            jobs.periodic(cron=PERIODIC[name])(registered)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(name="jobs.retry_stalled", queueing_lock="jobs.retry_stalled")
    async def retry_stalled(timestamp: int) -> None:
        """Take up jobs whose worker died: it has not been heard of for half a minute."""
        for job in await jobs.job_manager.get_stalled_jobs(seconds_since_heartbeat=30):
            await jobs.job_manager.retry_job(job)

    @jobs.periodic(cron="17 3 * * *")
    @jobs.task(name="jobs.forget_failed", queueing_lock="jobs.forget_failed")
    async def forget_failed(timestamp: int) -> None:
        """Delete jobs that failed for good a day ago: a mail's job holds its text."""
        await jobs.job_manager.delete_old_jobs(nb_hours=24, include_failed=True)

    return jobs


def _without_arguments(record: logging.LogRecord) -> bool:
    """Leave a job's arguments out of the log: a mail's are its text, with links that work."""
    job = getattr(record, "job", None)
    if isinstance(job, dict) and "call_string" in job:
        name = f"{job.get('task_name')}[{job.get('id')}]"
        record.msg, record.args = record.getMessage().replace(job["call_string"], name), ()
        job["call_string"], job["task_kwargs"] = name, {}
    return True


logging.getLogger("procrastinate.worker").addFilter(_without_arguments)


def _in_app(app: Flask, function: Task) -> Callable[..., None]:
    @functools.wraps(function)
    def run(timestamp: int | None = None, **arguments: Any) -> None:
        with app.app_context():
            function(**arguments)

    return run


def run_waiting(app: Flask) -> None:
    """Run what waits in the queue until it is empty, as the worker would; for tests and commands."""
    settings = app.extensions["regulars"].settings

    async def run() -> None:
        jobs = queue(app, settings)
        async with jobs.open_async():
            await jobs.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="successful")

    with ThreadPoolExecutor(1) as thread:  # a thread of its own: the caller's may have a loop that runs
        thread.submit(asyncio.run, run()).result()
