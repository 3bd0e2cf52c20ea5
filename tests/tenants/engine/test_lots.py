"""Lots: the order of spending, expiry by the calendar, pending, debts."""

from __future__ import annotations

import datetime as dt

import pytest

from tenants.engine.lots import (
    Account,
    Expiry,
    Lot,
    NotEnough,
    available_at,
    earn,
    expire,
    give_back,
    spend,
    take_back,
)


def at(text):
    return dt.datetime.fromisoformat(text)


NOW = at("2026-03-03T12:00:00+00:00")


def lot(name, units, earned=0, expires=None, available=None):
    days = dt.timedelta(days=1)
    return Lot(
        name,
        units,
        NOW + earned * days,
        NOW + expires * days if expires else None,
        NOW + available * days if available else None,
    )


def units(lots):
    return {lot.id: lot.units for lot in lots}


def test_soonest_to_expire_then_oldest_then_what_never_expires():
    lots = (lot("never", 5, -9), lot("late", 5, -8, 20), lot("young", 5, -1, 10), lot("old", 5, -2, 10))
    account, taken = spend(Account(lots), 12, NOW)
    assert [piece.id for piece in taken] == ["old", "young", "late"]
    assert units(account.lots) == {"late": 3, "never": 5}


def test_pending_and_expired_units_are_not_spent():
    account = Account((lot("pending", 5, 0, None, 3), lot("over", 5, -9, -1), lot("good", 5)))
    assert account.spendable(NOW) == 5
    with pytest.raises(NotEnough):
        spend(account, 6, NOW)
    account, over = expire(account, NOW)
    assert units(over) == {"over": 5}
    assert expire(account, NOW) == (account, ())
    assert account.spendable(NOW + dt.timedelta(days=3)) == 10


def test_units_that_come_back_keep_their_expiry():
    account, taken = spend(Account((lot("a", 5, 0, 2),)), 5, NOW)
    assert give_back(account, taken).lots == taken
    late = NOW + dt.timedelta(days=3)
    assert expire(give_back(account, taken), late)[0].balance == 0


def test_what_comes_back_joins_what_is_left_of_its_lot():
    account, taken = spend(Account((lot("a", 5, 0, 2),)), 2, NOW)
    assert units(give_back(account, taken).lots) == {"a": 5}


def test_the_end_and_the_beginning_are_instants():
    """At the instant of its end a lot is over for all that ask, and at that of its beginning it can be spent."""
    ends, begins = Lot("a", 5, NOW, expires_at=NOW), Lot("b", 5, NOW, available_at=NOW)
    before = NOW - dt.timedelta(microseconds=1)
    assert [Account((ends,)).spendable(at) for at in (before, NOW)] == [5, 0]
    assert [units(expire(Account((ends,)), at)[1]) for at in (before, NOW)] == [{}, {"a": 5}]
    assert [Account((begins,)).spendable(at) for at in (before, NOW)] == [0, 5]


def test_what_is_taken_back_is_of_its_own_lot_first():
    account = Account((lot("other", 5, 0, 1), lot("own", 3, 0, 9)))
    assert units(take_back(account, "own", 4, "negative")[0].lots) == {"other": 4}


def test_a_debt_is_paid_by_what_comes_next():
    account, taken, short = take_back(Account((lot("a", 3),)), "gone", 5, "negative")
    assert (account.balance, taken, short) == (-2, 5, 0)
    assert earn(account, lot("b", 5)).balance == 3
    assert units(earn(account, lot("b", 5)).lots) == {"b": 3}


def test_stopping_at_zero_says_what_is_missing():
    account, taken, short = take_back(Account((lot("a", 3),)), "gone", 5, "stop_at_zero")
    assert (account.balance, taken, short) == (0, 3, 2)


@pytest.mark.parametrize(
    ("expiry", "earned", "zone", "ends"),
    [
        (Expiry(months=1), "2026-01-31T12:00+02:00", "Europe/Athens", "2026-03-01T00:00+02:00"),
        (Expiry(months=1), "2028-01-31T12:00+02:00", "Europe/Athens", "2028-03-01T00:00+02:00"),
        (
            Expiry(months=1),
            "2026-01-31T23:30+00:00",
            "Europe/Athens",
            "2026-03-02T00:00+02:00",
        ),  # 1 February there
        (Expiry(months=12), "2028-02-29T12:00+00:00", "UTC", "2029-03-01T00:00+00:00"),
        (
            Expiry(days=1),
            "2026-03-28T12:00+02:00",
            "Europe/Athens",
            "2026-03-30T00:00+03:00",
        ),  # a day of 23 hours
        (
            Expiry(days=1),
            "2026-10-24T12:00+03:00",
            "Europe/Athens",
            "2026-10-26T00:00+02:00",
        ),  # and one of 25
        (Expiry(days=1), "2026-04-23T12:00+02:00", "Africa/Cairo", "2026-04-25T00:00+03:00"),
        (Expiry(years_end=0), "2026-12-31T23:30+00:00", "UTC", "2027-01-01T00:00+00:00"),
        (Expiry(years_end=0), "2026-12-31T23:30+00:00", "Europe/Athens", "2028-01-01T00:00+02:00"),
    ],
)
def test_expiry_is_the_end_of_a_local_day(expiry, earned, zone, ends):
    assert expiry.ends_at(at(earned), zone) == at(ends)


def test_never_expires_and_not_pending():
    assert Expiry().ends_at(NOW, "UTC") is None
    assert available_at(NOW, 0, "UTC") is None
    assert available_at(at("2026-03-27T23:00+02:00"), 2, "Europe/Athens") == at("2026-03-30T00:00+03:00")
