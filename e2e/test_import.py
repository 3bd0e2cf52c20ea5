"""An owner brings purchases along: file, columns, preview, start, report; and again, which adds none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import func, select

from e2e import sight
from e2e.conftest import Live
from saas.db import db
from saas.merchants.registry import Record
from tenants.members.models import Member
from tenants.purchases.models import Purchase
from tests.factories import ledger

LogIn = Callable[[BrowserContext, Record, str], None]
Within = Callable[[Record], AbstractContextManager[None]]
SAMPLE = Path(__file__).parents[1] / "tenants" / "demo_data" / "cdnow_sample.txt"
PATIENCE = 60_000


def upload(page: Page, merchant: Record, file: Path) -> None:
    page.goto(f"/console/{merchant.slug}/imports")
    page.get_by_label("File with purchases").set_input_files(file)
    page.get_by_role("button", name="Upload and look").click()


@pytest.mark.parametrize("has_script", [True, False])
def test_the_cdnow_sample_and_again(
    live: Live, browser: Browser, bakery: Record, within: Within, log_in: LogIn, has_script: bool
) -> None:
    with within(bakery):
        ledger.stamp_card(10)
    context = browser.new_context(
        base_url=live.url, java_script_enabled=has_script, viewport={"width": 1280, "height": 900}
    )
    log_in(context, bakery, "owner")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    upload(page, bakery, SAMPLE)
    preview = page.locator("#preview")
    expect(preview).to_contain_text("2,357", timeout=PATIENCE)
    expect(preview).to_contain_text("6,919")
    if has_script:
        sight.check(page)
        page.get_by_label("Stamps on").select_option(label="No stamps")
        expect(preview.locator("dd").nth(4)).to_have_text("0", timeout=PATIENCE)
        page.set_viewport_size({"width": 360, "height": 740})
        sight.check(page)
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_text("Done: 6,919 purchases were added.")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("The shop now has 2,357 members and 6,919 purchases.")).to_be_visible()
    if has_script:
        sight.check(page)
    upload(page, bakery, SAMPLE)
    expect(page.get_by_text("Every purchase of this file is known already")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_text("Nothing was added: all 6,919 purchases")).to_be_visible(timeout=PATIENCE)
    with within(bakery):
        assert db.session.scalar(select(func.count()).select_from(Member)) == 2357
        assert db.session.scalar(select(func.count()).select_from(Purchase)) == 6919
    context.close()


def test_refused_rows_come_back_as_a_file(page: Page, bakery: Record, log_in: LogIn, tmp_path: Path) -> None:
    log_in(page.context, bakery, "manager")
    file = tmp_path / "kassa.csv"
    file.write_bytes("Kund;Datum;Belopp\nÅsa;01/02/2024;10,50\nBo;13/02/2024;-2,00\n".encode("latin-1"))
    upload(page, bakery, file)
    expect(page.locator("#preview")).to_contain_text("refunds are not imported", timeout=PATIENCE)
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_text("Done: 1 purchase was added.")).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the refused rows").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert "Bo;13/02/2024;'-2,00" in text


def test_an_empty_file_is_answered_at_the_field(
    page: Page, bakery: Record, log_in: LogIn, tmp_path: Path
) -> None:
    log_in(page.context, bakery, "owner")
    file = tmp_path / "empty.csv"
    file.write_bytes(b"")
    upload(page, bakery, file)
    expect(page.get_by_text("The file is empty.")).to_be_visible()
    sight.check(page)
