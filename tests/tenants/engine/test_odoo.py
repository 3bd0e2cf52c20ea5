"""Whatever Odoo's loyalty can express, an example each; the document says the same."""

from __future__ import annotations

import pytest

from saas.config import ROOT
from tests.factories.odoo import ROWS, document
from tests.tenants.engine.shop import assert_expected, judge


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_option(row):
    _name, _option, _how, example, expected = row
    assert_expected(judge(example), expected)


def test_the_document_is_this_table():
    assert (ROOT / "docs" / "odoo.md").read_text() == document()
    assert len({row[0] for row in ROWS}) == len(ROWS)
