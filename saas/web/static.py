"""Static files: addresses that change with the content, so that browsers may keep them for a year."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache

from flask import Flask
from whitenoise import WhiteNoise

from saas.config import ROOT

FOLDER = ROOT / "static"


@cache
def digest(path: str, modified_ns: int) -> str:
    return hashlib.sha256((FOLDER / path).read_bytes()).hexdigest()[:10]


def static(path: str) -> str:
    """The address of a file below static/; raises FileNotFoundError for one that isn't there."""
    return f"/static/{path}?v={digest(path, os.stat(f'{FOLDER}/{path}').st_mtime_ns)}"


def finder(*, is_production: bool) -> Callable[[str], str]:
    """static() for templates; in production, where files don't change under a process, each is looked at once."""
    return cache(static) if is_production else static


def init(app: Flask, *, is_production: bool) -> None:
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # the way that WhiteNoise documents
        app.wsgi_app, root=str(FOLDER), prefix="/static/", max_age=31536000, autorefresh=not is_production
    )
