"""Member numbers: what is mistyped is noticed, and no two are alike."""

from __future__ import annotations

import random

import pytest

from tenants.members import rules
from tenants.members.rules import ALPHABET, new_number, new_numbers, normalise


@pytest.mark.parametrize("written", ["{}", " {} ", "R:{}", "https://regulars.example/c/bakery/n/{}/"])
def test_a_number_is_known_however_it_is_written(written: str) -> None:
    number = new_number()
    assert normalise(written.format(number)) == number
    assert normalise(written.format(f"{number[:4]}-{number[4:]}".lower())) == number


def test_look_alikes_are_read_as_what_they_look_like() -> None:
    assert normalise("iL" + "1" * 6) == "1" * 8


def test_every_wrong_character_and_every_swap_of_two_is_noticed() -> None:
    for _ in range(5):
        number = new_number()
        assert normalise(number) == number
        for place, right in enumerate(number):
            wrong = {number[:place] + other + number[place + 1 :] for other in ALPHABET if other != right}
            assert {normalise(one) for one in wrong} == {None}
            for later in range(place + 1, len(number)):
                letters = list(number)
                letters[place], letters[later] = letters[later], letters[place]
                assert normalise("".join(letters)) == (number if letters[place] == right else None)


@pytest.mark.parametrize(
    "text",
    ["", "1", "1" * 7, "1" * 9, "1111111O", "1111111U", "\N{GREEK CAPITAL LETTER ALPHA}1111111", "-" * 8],
)
def test_another_shape_is_no_number(text: str) -> None:
    assert normalise(text) is None


def test_many_at_once_are_all_different(monkeypatch: pytest.MonkeyPatch) -> None:
    few = random.Random(1)
    monkeypatch.setattr(rules, "new_number", lambda: str(few.randrange(60)))
    assert sorted(map(int, new_numbers(60))) == list(range(60))
    assert new_numbers(0) == []
