"""Every language is compiled, and what a person gets; bin/lint holds them complete."""

from __future__ import annotations

import pytest

from saas.web.i18n import LANGUAGES


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("pt", "Iniciar sessão"),
        ("sv", "Logga in"),
        ("el", "Σύνδεση"),
        ("fr", "Se connecter"),
        ("es", "Iniciar sesión"),
    ],
)
def test_a_page_speaks_the_language(client, language, words):
    assert set(LANGUAGES) == {"en", "pt", "sv", "el", "fr", "es"}
    client.set_cookie("language", language)
    page = client.get("/log-in").text
    assert f'lang="{language}"' in page
    assert words in page
    browser = client.application.test_client()
    assert words in browser.get("/log-in", headers={"Accept-Language": f"{language};q=0.9,en;q=0.2"}).text
