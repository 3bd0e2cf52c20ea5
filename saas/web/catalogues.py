"""Translation catalogues: taken out of code and templates, merged, and checked to be complete."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from saas.config import ROOT
from saas.web.i18n import LANGUAGES

FOLDER = ROOT / "saas" / "translations"
METHODS = [("saas/**.py", "python"), ("tenants/**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}}
KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def template() -> Catalog:
    """Every string that a person may see, with where it stands."""
    catalog = Catalog(project="Regulars", charset="utf-8")
    found = extract_from_dir(str(ROOT), METHODS, OPTIONS, KEYWORDS, comment_tags=("Translators:",))
    for filename, line, message, comments, context in found:
        if filename.startswith((".venv", "build")):
            continue
        catalog.add(message, None, [(filename, line)], auto_comments=comments, context=context)
    return catalog


def path_of(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def load(language: str) -> Catalog:
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def update() -> list[str]:
    """Merge new strings into each catalogue; answers one line a language of what is left to translate."""
    strings = template()
    answer = []
    for language in LANGUAGES:
        if language == "en":
            continue
        path = path_of(language)
        catalog = load(language) if path.exists() else Catalog(locale=language, charset="utf-8")
        catalog.update(strings, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.fuzzy = False  # a catalogue that is marked so as a whole is not compiled
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = BytesIO()
        write_po(buffer, catalog, width=110, omit_header=False, sort_by_file=True, include_lineno=False)
        path.write_bytes(
            re.sub(rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By)[^\n]*\n', b"", buffer.getvalue())
        )
        answer.append(f"{language}: {len(_untranslated(catalog))} to translate")
    return answer


def check() -> list[str]:
    """One line a fault: a string missing from a catalogue, untranslated, or with other placeholders."""
    problems: list[str] = []
    strings = template()
    for language in LANGUAGES:
        if language == "en":
            continue
        if not path_of(language).exists():
            problems.append(f"{language}: there is no catalogue")
            continue
        catalog = load(language)
        if catalog.fuzzy:
            problems.append(f"{language}: the catalogue is marked as fuzzy and would not be compiled")
        for message in strings:
            if not message.id:
                continue
            known = catalog.get(message.id, message.context)
            if known is None or known in _untranslated(catalog) or known.fuzzy:
                problems.append(f"{language}: not translated: {message.id!r} {message.locations[:1]}")
            elif _placeholders(known.string) - _placeholders(message.id):
                problems.append(f"{language}: other placeholders: {message.id!r}")
    return problems


def _untranslated(catalog: Catalog) -> list[object]:
    return [
        message
        for message in catalog
        if message.id
        and (not message.string or (isinstance(message.string, (list, tuple)) and not all(message.string)))
    ]


def _placeholders(text: object) -> set[str]:
    texts = text if isinstance(text, (list, tuple)) else [text]
    return {name for one in texts for name in PLACEHOLDER.findall(str(one))}
