"""The examples that every surface is tried with, at the engine itself."""

from __future__ import annotations

import pytest

from tenants.engine.mapping import from_mapping, to_mapping
from tenants.engine.results import Result
from tests.factories.examples import EXAMPLES
from tests.tenants.engine.shop import assert_expected, judge


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_example(example):
    result = judge(example)
    assert_expected(result, example["expected"])
    assert from_mapping(Result, to_mapping(result)) == result  # what is stored is what is read back
