"""The platform's own rooms, as blueprints."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Blueprint

from saas.config import Settings

ROOMS = ("web.health", "merchants.views", "accounts.views", "accounts.sessions", "accounts.staff", "accounts.invitations", "web.mailbox")


def blueprints(settings: Settings) -> list[Blueprint]:
    """Every blueprint of the platform; the mailbox exists only where no mail is sent outside production."""
    return [import_module(f"saas.{r}").bp for r in ROOMS if find_spec(f"saas.{r}")]
