"""What `regulars check` proves of the service: rights and schemas, the operators' log, every merchant's ledger."""

from __future__ import annotations

from flask import Flask
from sqlalchemy.engine import URL

from saas.db import PLATFORM, checks, transaction
from saas.db.checks import Finding
from saas.db.ledger_proofs import LEDGER
from saas.operator import audit

# Tables whose rows a merchant's role may add and read, never change.
APPEND_ONLY = (
    "coupon_version",
    "entry",
    "program_version",
    "purchase",
    "purchase_line",
    "qualification",
    "refund",
    "refund_line",
    "rule_use",
)


def run_checks(control_url: URL, app: Flask) -> list[Finding]:
    """Every finding, one a line; empty where all is as it must be."""
    findings = checks.check_platform(control_url, APPEND_ONLY)
    if any(finding.where == "platform" for finding in findings):
        return findings
    with app.app_context(), transaction(PLATFORM):
        findings += [Finding("operators’ log", f"action {number}: {what}") for number, what in audit.faults()]
    return findings + checks.check_merchants(control_url, LEDGER)
