"""`regulars check`: clean where all is right, and one line for each thing that was spoiled on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy.engine import URL

from saas.db import migrations, new_id, provisioning
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.checks import run_checks
from tenants.members import operations as members
from tenants.programs import ledger
from tenants.purchases import redeeming
from tests.factories import ledger as make
from tests.factories import purchases

Within = Callable[[Record], AbstractContextManager[None]]
Spoil = Callable[[str], None]


@pytest.fixture
def findings(app: Flask, control_url: URL) -> Callable[[Record], list[str]]:
    """The findings that name a merchant, its slug or its schema; other tests' merchants don't matter here."""

    def run(merchant: Record) -> list[str]:
        found = [str(finding) for finding in run_checks(control_url, app) if finding.is_error]
        return [line for line in found if merchant.slug in line or merchant.schema_name in line]

    return run


@pytest.fixture
def spoil(bakery: Record, control_url: URL) -> Iterator[Spoil]:
    """Runs a statement in the bakery's schema as the owner of everything."""
    with migrations.connect(control_url) as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(bakery.schema_name)))

        def run(statement: str) -> None:
            text = statement.replace("{schema}", bakery.schema_name)
            connection.execute(text.encode())

        yield run


def fill(merchant: Record, within: Within) -> None:
    with within(merchant):
        now = utcnow()
        program = make.stamp_card(3)
        member = members.join(
            first_name="Anna",
            email=None,
            phone=None,
            language="en",
            source="counter",
            consent_text=None,
            now=now,
        )
        from tenants.programs.enrolments import enrol

        enrol(member.id, now)
        for _ in range(4):
            done = ledger.earn(
                member.id,
                program.id,
                1,
                actor=make.CASHIER,
                cause="member_code",
                request_key=new_id().hex,
                now=now,
            )
        ledger.undo(done.entry_id, actor=make.CASHIER, request_key=new_id().hex, now=now)


def test_clean(app: Flask, bakery: Record, within: Within, findings: Callable[[Record], list[str]]) -> None:
    fill(bakery, within)
    assert findings(bakery) == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE enrolment SET balance = balance + 1", "but its entries sum to"),
        ("DELETE FROM entry WHERE kind = 'redeem'", "no entry paid for it"),
        ("UPDATE entry SET units = units - 5 WHERE kind = 'reverse'", "no exact reversal"),
        ("GRANT UPDATE ON entry TO {schema}", "append-only"),
        ("GRANT UPDATE (units) ON entry TO {schema}", "append-only"),
        ("GRANT USAGE ON SCHEMA {schema} TO PUBLIC", "holds USAGE on the schema"),
        ("GRANT CREATE ON SCHEMA {schema} TO {schema}", "holds CREATE on the schema"),
        ("GRANT SELECT ON member TO PUBLIC", "PUBLIC: holds SELECT"),
        ("UPDATE schema_version SET version_num = '0000'", "is at version 0000"),
        ("ALTER ROLE {schema} LOGIN", "may log in"),
    ],
)
def test_what_was_spoiled_is_named(
    bakery: Record,
    within: Within,
    findings: Callable[[Record], list[str]],
    spoil: Spoil,
    statement: str,
    words: str,
) -> None:
    fill(bakery, within)
    spoil(statement)
    found = findings(bakery)
    assert any(words in line for line in found), found
    if "PUBLIC" in statement:
        spoil(statement.replace("GRANT", "REVOKE").replace(" TO ", " FROM "))


def test_another_merchants_rights(
    bakery: Record, florist: Record, findings: Callable[[Record], list[str]], spoil: Spoil
) -> None:
    spoil(f"GRANT {{schema}} TO {florist.schema_name}")
    assert findings(florist) == [
        f"error: registry: {florist.schema_name}: is a member of {bakery.schema_name}"
    ]


def test_orphans(app: Flask, control_url: URL) -> None:
    schema = provisioning.new_schema_name()
    provisioning.provision(control_url, schema)
    try:
        found = [str(finding) for finding in run_checks(control_url, app) if schema in str(finding)]
        assert [line.split(": ")[-1] for line in found] == [
            "a schema that no merchant owns",
            "a role that no merchant owns",
        ]
    finally:
        provisioning.drop(control_url, schema)


def test_a_merchant_without_its_schema(
    bakery: Record, control_url: URL, findings: Callable[[Record], list[str]]
) -> None:
    provisioning.drop(control_url, bakery.schema_name)
    assert len(findings(bakery)) == 2
    address = control_url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "DELETE FROM platform.staff USING platform.merchant m WHERE merchant_id = m.id AND m.slug = %s",
            [bakery.slug],
        )
        connection.execute("DELETE FROM platform.merchant WHERE slug = %s", [bakery.slug])


def buy(merchant: Record, within: Within) -> None:
    """A purchase of a member with points that expire, a reward issued, and one piece returned."""
    with within(merchant):
        program = purchases.published({**purchases.POINTS, "expiry": {"months": 1}})
        who = make.member()
        lines = purchases.lines({"unit_price_minor": 500, "quantity": 6})
        done = purchases.commit(merchant, who.id, lines)
        asked = {"merchant": merchant, "actor": make.CASHIER, "request_key": new_id().hex, "now": utcnow()}
        redeeming.issue(who.id, program.id, "cup", **asked)
        purchases.refund(merchant, done.purchase_id, {"1": Decimal(1)})


def test_purchases_are_clean(bakery: Record, within: Within, findings: Callable[[Record], list[str]]) -> None:
    buy(bakery, within)
    assert findings(bakery) == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE lot SET units_left = units_left + 1", "but its lots hold"),
        ("UPDATE reward SET cost_pieces = '[]'", "but its pieces hold 0"),
        ("UPDATE purchase_line SET net_minor = net_minor - 1", "but its lines come to"),
        ("UPDATE refund SET amount_minor = 9999", "were charged, but 9999 refunded"),
        ("UPDATE refund_line SET quantity = 7", "6.000000 were bought, but 7.000000 returned"),
        ("UPDATE refund_line SET amount_minor = 1", "but its lines come to 1"),
        ("UPDATE entry SET cause_id = gen_random_uuid() WHERE cause = 'refund'", "caused by the refund"),
        ("GRANT UPDATE ON refund TO {schema}", "append-only"),
        ("GRANT DELETE ON purchase_line TO {schema}", "append-only"),
    ],
)
def test_what_was_spoiled_in_purchases_is_named(
    bakery: Record,
    within: Within,
    findings: Callable[[Record], list[str]],
    spoil: Spoil,
    statement: str,
    words: str,
) -> None:
    buy(bakery, within)
    spoil(statement)
    found = findings(bakery)
    assert any(words in line for line in found), found
