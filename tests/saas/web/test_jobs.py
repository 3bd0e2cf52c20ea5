"""Jobs: deferred with the change that causes them, retried later, and silent about what they carry."""

from __future__ import annotations

import logging

import pytest

from saas.db import PLATFORM, db, transaction
from saas.web import jobs, mail, throttle
from saas.web.models import KeptMail


def kept(app, recipient):
    with app.app_context(), transaction(PLATFORM):
        return [found.subject for found in db.session.query(KeptMail).filter_by(recipient=recipient)]


def post_and_fail():
    mail.post("lost@example.org", "Lost", "text")
    raise KeyError


def test_a_mail_is_sent_after_the_merchants_transaction_and_only_then(app, bakery):
    with app.app_context(), transaction(bakery.binding):
        mail.post("kept@example.org", "Kept\nin one line", "text")
    with pytest.raises(KeyError), app.app_context(), transaction(bakery.binding):
        post_and_fail()
    jobs.run_waiting(app)
    assert kept(app, "kept@example.org") == ["Kept in one line"]
    assert kept(app, "lost@example.org") == []


def test_an_unknown_task_is_a_fault(app, bakery):
    with pytest.raises(KeyError), app.app_context(), transaction(bakery.binding):
        jobs.defer("no.such_task")


def test_a_jobs_arguments_stay_out_of_the_log(caplog):
    call = "mail.send[7](recipient='eleni@example.org', body='https://x/reset/secret')"
    job = {"id": 7, "task_name": "mail.send", "call_string": call, "task_kwargs": {"body": "secret"}}
    with caplog.at_level(logging.INFO, "procrastinate.worker"):
        logging.getLogger("procrastinate.worker").error("Job %s failed", call, extra={"job": job})
    (record,) = caplog.records
    assert "secret" not in record.getMessage() + str(record.__dict__)
    assert "mail.send[7]" in record.getMessage()


@pytest.mark.parametrize(
    ("caller", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("nonsense", "unknown"),
    ],
)
def test_throttles_count_an_ipv6_network_as_one_caller(app, caller, counted):
    with app.test_request_context(environ_base={"REMOTE_ADDR": caller}):
        assert throttle.address() == counted
