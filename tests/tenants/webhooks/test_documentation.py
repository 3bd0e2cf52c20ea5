"""docs/webhooks.md names every type and every field that is sent, and no type that isn't."""

from __future__ import annotations

import re

from saas.config import ROOT
from tenants.webhooks.catalogue import TEST, TYPES
from tenants.webhooks.rules import RETRIES

TEXT = (ROOT / "docs" / "webhooks.md").read_text()


def test_every_type_and_field_is_documented():
    named = set(re.findall(r"^\| `([a-z.]+)` \|", TEXT, re.MULTILINE))
    assert named == {*TYPES, TEST}
    for kind in TYPES.values():
        for name in kind.example:
            assert f"`{name}`" in TEXT, (kind.name, name)


def test_the_attempts_are_as_they_say():
    assert "ten attempts over three days" in TEXT
    assert len(RETRIES) == 9
    assert "5 seconds,\n5 minutes, 30 minutes, 2, 5, 10, 14, 20 and 24 hours" in TEXT
