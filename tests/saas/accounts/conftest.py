"""What the tests of accounts share: nobody has tried anything yet."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import delete

from saas.db import PLATFORM, db, transaction
from saas.web.models import Throttle


@pytest.fixture(autouse=True)
def _nobody_has_tried(app: Flask) -> None:
    with app.app_context(), transaction(PLATFORM):
        db.session.execute(delete(Throttle))
