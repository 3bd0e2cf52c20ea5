"""The operators' pages: who reaches them, what they show, what is done on them."""

from __future__ import annotations

from tests.factories import operators


def test_every_page_answers(app, bakery):
    browser = operators.logged_in(app)
    for path in ("", "/events", "/jobs", "/revenue", "/revenue/print", "/actions", f"/merchants/{bakery.id}"):
        answer = browser.get(f"/operator{path}")
        assert answer.status_code == 200, (path, answer.text[:3000])
        assert "<title>" in answer.text
