"""The demonstration: three shops, the sample exactly, and again without adding anything."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.engine import URL

from saas.accounts.operations import log_in
from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.web.clock import utcnow
from tenants import demo
from tenants.checks import run_checks
from tenants.members.models import Member
from tenants.programs.models import Enrolment, Entry, Reward
from tenants.purchases.models import Purchase

pytestmark = pytest.mark.xdist_group("demo")


def counts(slug: str) -> dict[str, int]:
    merchant = registry.find(slug)
    assert merchant is not None
    with transaction(merchant.binding):
        return {
            model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Member, Purchase, Enrolment, Entry, Reward)
        }


def test_seeded_twice_and_exact(app: Flask, control_url: URL, capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    with app.app_context():
        demo.seed()
    assert time.monotonic() - started < 30
    with app.app_context():
        first = {shop.slug: counts(shop.slug) for shop in demo.SHOPS}
        demo.seed()
        assert {shop.slug: counts(shop.slug) for shop in demo.SHOPS} == first
        assert (first["cdnow"]["member"], first["cdnow"]["purchase"]) == (2357, 6919)
        assert first["fournos"]["member"] == 12

        merchant = registry.find("fournos")
        assert merchant is not None
        with transaction(merchant.binding):
            assert {0, 5, 9} <= set(db.session.scalars(select(Enrolment.balance)))
            assert set(db.session.scalars(select(Reward.status))) == {"issued", "fulfilled"}
        with transaction(PLATFORM):
            user = log_in("owner@fournos.example", demo.PASSWORD, "203.0.113.9", utcnow())
            assert user.name == "Olga"
            slugs = set(db.session.scalars(select(Merchant.slug)))
            assert slugs >= {"cdnow", "fournos", "fleur"}
        demo.print_logins()
    assert "owner@regulars.example" in capsys.readouterr().out
    found = [str(finding) for finding in run_checks(control_url, app) if finding.is_error]
    assert not [line for line in found if any(shop.slug in line for shop in demo.SHOPS)]


def test_dates_move_together_and_end_on_the_day() -> None:
    moved = demo.shifted(demo.SAMPLE.read_bytes(), dt.date(2026, 3, 1)).decode()
    dates = sorted(line.split()[2] for line in moved.splitlines())
    assert (dates[0], dates[-1], len(dates)) == ("20240902", "20260301", 6919)
