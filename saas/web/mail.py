"""Mail: written in the transaction that causes it, sent by a job; kept in the mailbox page when there is no server."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import make_msgid
from urllib.parse import unquote, urlsplit

from flask import current_app

from saas.db import PLATFORM, db, transaction
from saas.web.clock import utcnow
from saas.web.jobs import defer, task
from saas.web.models import KeptMail


def post(recipient: str, subject: str, body: str) -> None:
    """Send a plain-text mail once the transaction has committed. Line breaks in the subject become spaces."""
    defer("mail.send", recipient=recipient, subject=" ".join(subject.split()), body=body)


@task("mail.send")
def send(recipient: str, subject: str, body: str) -> None:
    """Hand a mail to the SMTP server; a failure is raised, and the job is tried again."""
    settings = current_app.extensions["regulars"].settings
    if settings.smtp_url is None:
        with transaction(PLATFORM):
            db.session.add(
                KeptMail(recipient=recipient, subject=subject[:300], body=body, created_at=utcnow())
            )
        return
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = recipient
    message["Subject"] = subject
    message["Message-ID"] = make_msgid(domain=urlsplit(settings.base_url).hostname or "regulars.example")
    message.set_content(body)
    address = urlsplit(settings.smtp_url)
    kind = smtplib.SMTP_SSL if address.scheme == "smtps" else smtplib.SMTP
    with kind(address.hostname or "localhost", address.port or 25, timeout=20) as server:
        if address.scheme == "smtp" and address.port != 25 and server.has_extn("starttls"):
            server.starttls()
        if address.username:
            server.login(unquote(address.username), unquote(address.password or ""))
        server.send_message(message)
