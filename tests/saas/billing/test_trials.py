"""Trials and grace periods by the clock: begun once for a business, reminded once, ended on time."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from saas.billing import customers, mails, tasks, trials
from saas.billing.models import Subscription, TrialGrant
from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.web.clock import utcnow

DAY = dt.timedelta(days=1)


@pytest.fixture
def posted(monkeypatch):
    found: list[tuple[str, str, str]] = []
    monkeypatch.setattr(mails, "post", lambda *letter: found.append(letter))
    return found


@pytest.fixture
def sold(app, stripe_side):
    """An app context in which plans are sold."""
    with app.app_context():
        yield


def row(merchant):
    with transaction(PLATFORM):
        return db.session.get(Subscription, merchant.id)


def begin(merchant, email, now):
    with transaction(PLATFORM):
        trials.begin(merchant.id, email, now)


def test_a_business_has_one_trial(sold, bakery, florist):
    now, email = utcnow(), f"ann@{bakery.slug}.example"
    begin(bakery, email, now)
    begin(florist, f"Ann+2@{bakery.slug}.example", now)
    begin(bakery, email, now + DAY)
    first, second = row(bakery), row(florist)
    assert (first.state, first.plan, first.trial_ends_at) == ("trial", "growth", now + 14 * DAY)
    assert (second.state, second.plan, second.trial_ends_at) == ("free", "free", None)
    with transaction(PLATFORM):
        assert (trials.was_granted(bakery.id), trials.was_granted(florist.id)) == (True, False)
    with transaction(PLATFORM):
        trials.give(florist.id, now)
        trials.give(florist.id, now + DAY)
    assert row(florist).trial_ends_at == now + 14 * DAY
    found = registry.find(bakery.slug)
    assert found is not None
    assert (found.plan, found.billing_state) == ("growth", "trial")


def test_where_nothing_is_sold_no_trial_begins(app, florist):
    with app.app_context():
        begin(florist, "ann@florist.example", utcnow())
        assert row(florist) is None
        tasks.review_all()
        tasks.reconcile()


def test_a_trial_is_reminded_once_and_ends_once(sold, bakery, posted):
    now = utcnow()
    begin(bakery, f"ann@{bakery.slug}.example", now)
    for days in (1, 10.9, 11.1, 12, 13.9, 14, 14.1, 20):
        with transaction(PLATFORM):
            tasks.review(bakery.id, now + days * DAY)
    subjects = [subject.partition(":")[2] for _to, subject, _body in posted]
    assert len(subjects) == 2
    assert "ends on" in subjects[0]
    assert "is over" in subjects[1]
    assert (row(bakery).state, row(bakery).plan) == ("free", "free")
    with transaction(PLATFORM):
        trials.extend(bakery.id, 7, now + 21 * DAY)
    assert (row(bakery).state, row(bakery).trial_ends_at) == ("trial", now + 28 * DAY)


def test_grace_is_reminded_and_ends_in_a_console_that_can_be_read(sold, bakery, posted):
    now = utcnow()
    with transaction(PLATFORM):
        found = customers.row(bakery.id, now)
        found.stripe_status, found.paid_plan, found.stripe_subscription_id = (
            "past_due",
            "starter",
            bakery.slug,
        )
        found.past_due_since, found.grace_ends_at = now, now + 14 * DAY
        tasks.review(bakery.id, now)
    assert row(bakery).state == "past_due"
    for days in (10, 12, 13, 14, 15):
        with transaction(PLATFORM):
            tasks.review(bakery.id, now + days * DAY)
    assert row(bakery).state == "restricted"
    assert [subject.partition(": ")[2][:6] for _to, subject, _body in posted] == ["please", "the co"]


def test_shops_from_before_begin_their_trial_and_the_rest_is_left_alone(sold, bakery, florist, posted):
    now = utcnow()
    tasks.begin_missing(now)
    assert row(bakery).state == row(florist).state == "trial"
    before = row(bakery).changed_at
    tasks.begin_missing(now + DAY)
    assert row(bakery).changed_at == before
    with transaction(PLATFORM):
        assert db.session.scalar(select(TrialGrant.merchant_id).where(TrialGrant.merchant_id == bakery.id))


def test_a_closed_shop_gets_no_mail(sold, bakery, posted):
    from saas.billing import copies
    from saas.billing.notices import Notice
    from saas.merchants.models import Merchant

    with transaction(PLATFORM):
        db.session.get_one(Merchant, bakery.id).status = "closed"
        db.session.flush()
        copies.tell(bakery.id, Notice("cancelled", f"cancelled:{bakery.slug}"), utcnow())
    assert posted == []


@pytest.mark.parametrize("kind", sorted(mails.LETTERS))
def test_every_mail_has_its_words_in_every_language(sold, bakery, posted, kind):
    from flask_babel import force_locale

    from saas.billing.notices import Notice
    from saas.web.i18n import LANGUAGES

    notice = Notice(kind, kind, at=utcnow(), amount_minor=1900, currency="EUR")
    for language in LANGUAGES:
        with force_locale(language):
            letter = mails.written(notice, "Fleur")
            assert "Fleur" in letter.subject
            assert "%" not in letter.subject + letter.text
