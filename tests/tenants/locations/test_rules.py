"""Opening hours: spans, midnight, empty hours, and the next opening."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.locations import rules

WEEKDAYS = {str(day): [["08:00", "13:00"], ["14:30", "18:00"]] for day in range(5)}
BAR = {"4": [["20:00", "02:00"]], "5": [["20:00", "03:00"]]}
MONDAY = dt.datetime(2026, 11, 23)
FRIDAY = MONDAY + dt.timedelta(days=4)


def at(day: dt.datetime, text: str) -> dt.datetime:
    return day.replace(hour=int(text[:2]), minute=int(text[3:]))


@pytest.mark.parametrize(
    ("hours", "local", "expected"),
    [
        ({}, MONDAY, True),
        ({"0": [], "1": []}, MONDAY, True),
        (WEEKDAYS, at(MONDAY, "07:59"), False),
        (WEEKDAYS, at(MONDAY, "08:00"), True),
        (WEEKDAYS, at(MONDAY, "13:00"), False),
        (WEEKDAYS, at(MONDAY, "14:30"), True),
        (WEEKDAYS, at(FRIDAY + dt.timedelta(days=1), "10:00"), False),
        (BAR, at(FRIDAY, "01:00"), False),
        (BAR, at(FRIDAY, "23:59"), True),
        (BAR, at(FRIDAY + dt.timedelta(days=1), "01:59"), True),
        (BAR, at(FRIDAY + dt.timedelta(days=1), "02:00"), False),
        ({"6": [["22:00", "04:00"]]}, at(MONDAY, "03:00"), True),
        ({"0": [["00:00", "00:00"]]}, at(MONDAY, "12:00"), True),
        ({"0": [["00:00", "00:00"]]}, MONDAY + dt.timedelta(days=1), False),
    ],
)
def test_is_open(hours: dict[str, list[list[str]]], local: dt.datetime, expected: bool) -> None:
    assert rules.is_open(hours, local) is expected


@pytest.mark.parametrize(
    ("hours", "local", "expected"),
    [
        ({}, MONDAY, MONDAY),
        (WEEKDAYS, at(MONDAY, "07:00"), at(MONDAY, "08:00")),
        (WEEKDAYS, at(MONDAY, "13:30"), at(MONDAY, "14:30")),
        (WEEKDAYS, at(FRIDAY, "18:00"), at(MONDAY + dt.timedelta(days=7), "08:00")),
        ({"0": [["08:00", "09:00"]]}, at(MONDAY, "09:00"), at(MONDAY + dt.timedelta(days=7), "08:00")),
    ],
)
def test_next_opening(hours: dict[str, list[list[str]]], local: dt.datetime, expected: dt.datetime) -> None:
    assert rules.next_opening(hours, local) == expected


TIMES = st.times().map(lambda time: time.strftime("%H:%M"))
HOURS = st.dictionaries(st.sampled_from("0123456"), st.lists(st.tuples(TIMES, TIMES), max_size=3))


@given(hours=HOURS, minutes=st.integers(0, 7 * 24 * 60))
def test_whenever_it_next_opens_it_is_open(hours: dict[str, list[tuple[str, str]]], minutes: int) -> None:
    local = MONDAY + dt.timedelta(minutes=minutes)
    opening = rules.next_opening(hours, local)
    assert opening is not None
    assert opening >= local
    assert rules.is_open(hours, opening)


def test_overlaps() -> None:
    assert not rules.overlaps([["08:00", "12:00"], ["12:00", "18:00"]])
    assert rules.overlaps([["08:00", "12:01"], ["12:00", "18:00"]])
    assert rules.overlaps([["22:00", "02:00"], ["23:00", "23:30"]])
