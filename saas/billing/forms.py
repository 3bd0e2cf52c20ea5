"""The form of what stays; its boxes are as many as there are things, so the view reads them itself."""

from __future__ import annotations

from flask_wtf import FlaskForm


class KeepForm(FlaskForm):
    """Carries the token and what was wrong."""
