"""The forms of a page, as a browser without scripts would send them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def without_tokens(page: str) -> str:
    """A page as it would be in any other second, in which its forms' tokens are others."""
    return re.sub(r'(name="csrf[-_]token"[^>]*(?:value|content)=")[^"]+', r"\1", page)


@dataclass
class Form:
    """A form: where it leads, what it sends, each box that can be ticked by the words beside it, the names of all
    fields, and what can be chosen in the lists."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    boxes: dict[str, tuple[str, str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    offered: dict[str, set[str]] = field(default_factory=dict)

    def filled(self, typed: dict[str, Any]) -> dict[str, Any]:
        """What is sent after so much was typed; only what the page asks for can be typed."""
        unknown = typed.keys() - self.names
        assert not unknown, f"the page has no field {sorted(unknown)}"
        for name in typed.keys() & self.offered.keys():
            assert typed[name] in self.offered[name], f"{name} offers no {typed[name]!r}"
        return {**self.fields, **typed}


class _Forms(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.select, self.box = "", ("", "")
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(known.get("action", "")))
        elif self.forms:
            self._control(tag, known)

    def _control(self, tag: str, known: dict[str, str]) -> None:
        form, name, value = self.forms[-1], known.get("name", ""), known.get("value", "")
        if tag in ("input", "select", "textarea") and name:
            form.names.add(name)
        if tag == "select":
            self.select = name
        elif tag == "option" and self.select:
            form.offered.setdefault(self.select, set()).add(value)
            if "selected" in known or self.select not in form.fields:
                form.fields[self.select] = [value]
        elif tag == "input" and name:
            is_box = known.get("type") in ("checkbox", "radio")
            if is_box:
                self.box = (name, value)
            if not is_box or "checked" in known:
                form.fields.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self.box[0] and data.strip():
            self.forms[-1].boxes.setdefault(data.strip(), self.box)
            self.box = ("", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""


def form_to(page: TestResponse, ends: str) -> Form:
    """The form of a page that leads to an address with this end."""
    assert page.status_code == 200, (page.status_code, page.text[:2000])
    return next(form for form in _Forms(page.text).forms if form.action.endswith(ends))


def largest(page: str) -> Form:
    """The form of a page that asks most: an editor."""
    return max(_Forms(page).forms, key=lambda form: len(form.names))


def send(
    client: FlaskClient, page: TestResponse, ends: str, typed: dict[str, Any] | None = None, to: str = ""
) -> TestResponse:
    """Send a form of a page after typing into it; `to` is the address of another of its buttons."""
    form = form_to(page, ends)
    return client.post(to or form.action, data=form.filled(typed or {}))


def words(page: TestResponse) -> str:
    """What a page says, with single spaces."""
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page.text, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
