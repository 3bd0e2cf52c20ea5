"""The browser files that are not ours are exactly those that bin/vendor listed."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "static"
FILES = tomllib.loads((STATIC / "vendor" / "VENDOR.toml").read_text())["file"]


@pytest.mark.parametrize("entry", FILES, ids=lambda entry: entry["file"])
def test_file_is_what_the_package_held(entry: dict[str, str]) -> None:
    assert hashlib.sha256((STATIC / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_every_vendored_file_is_listed() -> None:
    listed = {entry["file"] for entry in FILES} | {"vendor/VENDOR.toml", "vendor/tabler/LICENSE"}
    found = {
        str(path.relative_to(STATIC))
        for path in (STATIC / "vendor").rglob("*")
        if path.is_file() and path.suffix not in (".gz", ".br")
    }
    assert found | {"icons/sprite.svg"} == listed


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = (STATIC / "icons" / "sprite.svg").read_text()
    cut = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    templates = (STATIC.parent / "templates").rglob("*.html")
    named = {
        name
        for page in templates
        for name in re.findall(r"\b(?:icon|glyph)\('([a-z0-9-]+)'", page.read_text())
    }
    assert named <= cut
