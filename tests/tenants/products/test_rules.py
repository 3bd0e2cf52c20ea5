"""SKUs, categories, tags and searches as people write them; whatever comes in, PostgreSQL can take what comes out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.products import rules

ANYTHING = st.text(max_size=300)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ab-1", "AB-1"),
        (" AB-1\t", "AB-1"),
        ("ΚΑΦΈΣ", "καφές"),
        ("ＡＢ", "ab"),
        ("Straße", "STRASSE"),
        ("é", "é"),
    ],
)
def test_one_sku_however_it_is_cased(one: str, other: str) -> None:
    assert rules.sku_key(one) == rules.sku_key(other)


@pytest.mark.parametrize(("one", "other"), [("AB-1", "AB1"), ("é", "e"), ("1", "01"), ("a b", "ab")])
def test_skus_that_are_two(one: str, other: str) -> None:
    assert rules.sku_key(one) != rules.sku_key(other)


def test_what_is_too_long_is_refused() -> None:
    assert rules.sku("x" * 80) == "x" * 80
    for call in (
        lambda: rules.sku("x" * 81),
        lambda: rules.sku("ﷺ" * 40),
        lambda: rules.category("Ω" * 81),
        lambda: rules.tags("λ" * 41),
        lambda: rules.tags(",".join(str(number) for number in range(21))),
    ):
        with pytest.raises(rules.TooLongError):
            call()


def test_tags_are_small_and_once_and_in_order() -> None:
    assert rules.tags(" Vegan; #vegan, ΚΑΦΈΣ ,,\n gluten  free|") == ["vegan", "καφές", "gluten free"]
    assert rules.tags("") == []


def test_categories_know_what_stands_above() -> None:
    assert rules.category(" Drinks>  Hot   drinks > ") == "Drinks > Hot drinks"
    assert rules.lineage("Drinks > Hot > Tea") == ("Drinks", "Drinks > Hot", "Drinks > Hot > Tea")
    assert rules.lineage("") == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [("καφε", True), ("ΦΙΛΤΡΟΥ καφ", True), ("ab-12", True), ("ab12", True), ("12", True), ("rouge", True),
     ("iltrou", False), ("cafe zz", False)],
)  # fmt: skip
def test_a_search_finds_beginnings_of_words(text: str, found: bool) -> None:
    words = re.findall(r"'([^']+)'", rules.vector("AB-12", "Καφές φίλτρου", "Rougé", ["hot"]))
    begins = re.findall(r"'([^']+)':\*", rules.wanted(text) or "")
    assert all(any(word.startswith(begin) for word in words) for begin in begins) is found


def test_a_search_without_a_word_is_none() -> None:
    assert rules.wanted(" -'\"&|!() ") is None


@given(ANYTHING, ANYTHING)
def test_whatever_is_typed_is_written_safely(name: str, text: str) -> None:
    assert re.fullmatch(r"('[^\W_]+' ?)*", rules.vector(text[:80], name, "", []))
    assert re.fullmatch(r"('[^\W_]+':\*( & )?)*", rules.wanted(text) or "")
    assert len(rules.sort_key(name)) <= rules.LONGEST_NAME


@given(ANYTHING)
def test_what_is_kept_is_kept_as_it_is(text: str) -> None:
    """Cleaning twice is cleaning once, so a file that was exported and read again changes nothing."""
    for clean in (rules.one_line, rules.sku_key, rules.category):
        try:
            once = clean(text)
        except rules.TooLongError:
            continue
        assert clean(once) == once
    try:
        found = rules.tags(text)
    except rules.TooLongError:
        return
    assert rules.tags(", ".join(found)) == found
