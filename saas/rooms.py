"""The platform's own rooms, as blueprints."""

from __future__ import annotations

from flask import Blueprint

from saas.config import Settings


def blueprints(settings: Settings) -> list[Blueprint]:
    """Every blueprint of the platform; the mailbox exists only where no mail is sent outside production."""
    from saas.accounts import invitations, sessions, staff
    from saas.accounts import views as accounts
    from saas.merchants import views as merchants
    from saas.web import health, mailbox

    rooms = [health.bp, merchants.bp, accounts.bp, sessions.bp, staff.bp, invitations.bp]
    if not settings.is_production:
        rooms.append(mailbox.bp)
    return rooms
