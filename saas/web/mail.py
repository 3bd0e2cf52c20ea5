"""Mail: written in the transaction that causes it, sent by a job; kept in the mailbox page when there is no server."""

from __future__ import annotations

import smtplib
import ssl
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
    deliver(settings.smtp_url, message)


def deliver(smtp_url: str, message: EmailMessage) -> None:
    """Speak to the server: smtps:// is encrypted from the start (465); smtp:// becomes so by STARTTLS.

    STARTTLS is required on port 587 or where a password would go over the line (smtplib raises
    SMTPNotSupportedError where it isn't offered), and used wherever offered. Certificates are checked.
    """
    address = urlsplit(smtp_url)
    host, context = address.hostname or "localhost", ssl.create_default_context()
    if address.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, address.port or 465, timeout=20, context=context)
    else:
        server = smtplib.SMTP(host, address.port or 25, timeout=20)
    with server:
        server.ehlo()
        if address.scheme == "smtp" and (
            server.has_extn("starttls") or address.port == 587 or address.username
        ):
            server.starttls(context=context)
            server.ehlo()
        if address.username:
            server.login(unquote(address.username), unquote(address.password or ""))
        server.send_message(message)
