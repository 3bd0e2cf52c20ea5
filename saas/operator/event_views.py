"""Every event of Stripe's with its outcome, and processing one again; jobs that failed, and trying one again."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _

from saas.operator import audit, events, failed_jobs, words
from saas.operator.blueprint import asked_number, asked_text, bp, by
from saas.web.access import operator
from saas.web.refusals import Refusal
from saas.web.render import done, done_at, render, safe_next


@bp.get("/events", endpoint="events")
@operator()
def index() -> Response:
    """Events as they came, the newest first."""
    wish = events.Wish.of(asked_text("q"), asked_text("state"), asked_text("merchant"))
    before = asked_text("before")
    found, older = events.page(wish, before)
    asked: dict[str, Any] = {
        "q": wish.text or None,
        "state": wish.state or None,
        "merchant": wish.slug or None,
    }
    return render(
        "saas/operator/events.html",
        block="list",
        lines=found,
        counts=events.counts(),
        wish=wish,
        words=words,
        newest_url=url_for("operator.events", **asked) if before else None,
        older_url=url_for("operator.events", **asked, before=older) if older else None,
    )


@bp.get("/events/<string:event_id>")
@operator()
def event(event_id: str) -> Response:
    """One event: what became of it, and what it said."""
    found, merchant = events.get(event_id)
    return render(
        "saas/operator/event.html", event=found, merchant=merchant, said=events.said(found), words=words
    )


@bp.post("/events/<string:event_id>/processing")
@operator()
def process_event(event_id: str) -> Response:
    """Have the event processed again by the job that does it."""
    found, merchant = events.get(event_id)
    events.process_again(found)
    audit.append("event_processed", merchant_id=merchant.id if merchant else None, subject=event_id, **by())
    words_ = _("The event is being processed again. Reload this page in a moment to see what became of it.")
    return done("operator.event", words_, event_id=event_id)


@bp.get("/jobs")
@operator()
def jobs() -> Response:
    """Jobs that the queue gave up on, the newest first."""
    slug, task, before = asked_text("merchant"), asked_text("q"), asked_number("before")
    found, older = failed_jobs.page(slug, task, before)
    asked: dict[str, Any] = {"merchant": slug or None, "q": task or None}
    return render(
        "saas/operator/jobs.html",
        block="list",
        jobs=found,
        slug=slug,
        task=task,
        newest_url=url_for("operator.jobs", **asked) if before else None,
        older_url=url_for("operator.jobs", **asked, before=older) if older else None,
    )


@bp.post("/jobs/<int:job_id>/retry")
@operator()
def retry_job(job_id: int) -> Response:
    """Put a failed job back into the queue."""
    who = by()
    back = safe_next(request.form.get("next")) or url_for("operator.jobs")
    try:
        job = failed_jobs.retry(job_id, who["now"])
    except Refusal as refusal:
        return done_at(back, str(refusal))
    audit.append(
        "job_retried", merchant_id=events.merchant_of(job.slug), subject=f"{job.task} {job.id}", **who
    )
    return done_at(back, _("The job is in the queue again."))


@bp.get("/actions")
@operator()
def actions() -> Response:
    """What operators did, to whom, why and from where: the chain, the newest first."""
    text, before = asked_text("q"), asked_number("before")
    found, older = audit.page(text=text, before=before)
    return render(
        "saas/operator/actions.html",
        block="list",
        actions=found,
        text=text,
        words=words,
        newest_url=url_for("operator.actions", q=text or None) if before else None,
        older_url=url_for("operator.actions", q=text or None, before=older) if older else None,
    )
