"""The house rules as tests: routes declare access, addresses are typed, templates are used, SQL stays in its room."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from saas.accounts.permissions import PERMISSION_NAMES, ROLES
from saas.config import ROOT
from saas.web.access import access_of

SOURCES = [path for room in ("saas", "tenants") for path in sorted((ROOT / room).rglob("*.py"))]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OUTSIDE_DB = [path for path in SOURCES if ROOT / "saas" / "db" not in path.parents]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_route_declares_who_may_call_it(app):
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint])
        assert access is not None, rule
        if access.who == "staff":
            assert access.permission in PERMISSION_NAMES, rule
            assert "<slug:merchant>" in rule.rule, rule
        if rule.rule.startswith(("/console/", "/counter/")):
            assert access.who == "staff", rule


def test_every_permission_is_used_and_held(app):
    used = {access_of(view).permission for view in app.view_functions.values()}
    shown = "".join(path.read_text() for path in TEMPLATES + OUTSIDE_DB)
    for permission in PERMISSION_NAMES:
        assert permission in used or f'"{permission}"' in shown or f"'{permission}'" in shown, permission
        assert permission in ROLES["owner"], permission


def test_addresses_are_typed_and_kebab(app):
    for rule in app.url_map.iter_rules():
        for parameter in re.findall(r"<([^>]+)>", rule.rule):
            assert ":" in parameter, f"{rule.rule}: {parameter} has no type"
        assert re.fullmatch(r"[a-z0-9\-/.]*", re.sub(r"<[^>]+>", "", rule.rule)), rule.rule


def test_every_template_is_used():
    texts = "\n".join(path.read_text() for path in TEMPLATES + SOURCES)
    for template in TEMPLATES:
        path = template.relative_to(ROOT / "templates")
        room = "".join(source.read_text() for source in (ROOT / path.parent).glob("*.py"))
        is_named = (
            f'"{path}"' in texts
            or f"'{path}'" in texts
            or f'"{path.stem}"' in room
            or f'"{path.name}"' in room
        )
        assert is_named, f"{path} is used nowhere"


@pytest.mark.parametrize("path", OUTSIDE_DB, ids=name)
def test_sql_and_commits_stay_in_the_database_room(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("sqlalchemy"):
            names = {alias.name for alias in node.names}
            if path.name != "models.py":  # an index's condition is text
                assert "text" not in names, f"{name(path)}:{node.lineno} imports text()"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr != "commit", f"{name(path)}:{node.lineno} commits"
            if node.func.attr == "exec_driver_sql" and path.name != "throttle.py":
                raise AssertionError(f"{name(path)}:{node.lineno} runs SQL text")
            if node.func.attr == "execute" and node.args:
                assert not isinstance(node.args[0], (ast.JoinedStr, ast.BinOp)), f"{name(path)}:{node.lineno}"


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name == "rules.py"], ids=name)
def test_rules_know_neither_http_nor_the_database(path):
    for node in ast.walk(ast.parse(path.read_text())):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        for module in modules:
            assert module.split(".")[0] not in ("flask", "sqlalchemy"), f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_keep_to_the_content_security_policy(path):
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text), "inline style"
    assert not re.search(r"<style[\s>]", text), "inline style sheet"
    assert not re.search(r"\son[a-z]+\s*=", text), "inline handler"
    assert not re.search(r"hx-on|hx-vars|hx-vals=['\"]js:", text), "script in an attribute"
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/(ld\+)?json)", text), "inline script"
    assert 'href="#"' not in text
    assert "|safe" not in text.replace(" ", ""), "markup is made safe where it is made, by Markup"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_module_begins_with_a_sentence(path):
    assert ast.get_docstring(ast.parse(path.read_text())), f"{name(path)} has no docstring"


def test_lock_files_carry_hashes_and_no_addresses():
    locks = list(ROOT.glob("requirements*.lock"))
    assert len(locks) == 2
    for lock in locks:
        text = lock.read_text()
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")


def test_no_file_knows_where_this_checkout_lies():
    for path in [*SOURCES, *TEMPLATES, *ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("bin/*")]:
        assert str(ROOT) not in path.read_text(), path
