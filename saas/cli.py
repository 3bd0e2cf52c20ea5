"""The `regulars` command: run, migrate, check, demo, operator, import, worker, translations."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from saas.config import ROOT, ConfigError, Settings

if TYPE_CHECKING:
    from flask import Flask


def _settings() -> Settings:
    try:
        return Settings.from_environ(os.environ)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


def _app() -> Flask:
    """The whole app, through the same roof as the web server."""
    sys.path.insert(0, str(ROOT))
    try:
        from wsgi import app
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    return app


@click.group()
def main() -> None:
    """Regulars: a loyalty service for small shops."""


@main.command()
def run() -> None:
    """Start database, web server and worker; stop all of them on Ctrl-C."""
    from saas.supervisor import main as supervise

    sys.exit(supervise())


@main.command()
@click.option("--workers", default=4, show_default=True, help="Merchants migrated at a time.")
@click.option("--status", is_flag=True, help="Only say who is at which version.")
@click.option("--sql", "history", type=click.Choice(["platform", "tenant"]), help="Print a history's SQL.")
def migrate(workers: int, status: bool, history: str | None) -> None:
    """Bring the platform and every merchant to this code's version; may be stopped and run again."""
    from saas.db import migrations, provisioning

    if history:
        click.echo(migrations.render(history, None))
        return
    settings = _settings()
    if not status:
        provisioning.prepare(settings.control_url, settings.secret_key)
        report = _migrate_tenants(settings, workers)
        if report.failures:
            for schema, error in report.failures.items():
                click.echo(f"{schema}: {error}", err=True)
            raise click.ClickException(f"{len(report.failures)} merchants stayed behind; run it again.")
    with migrations.connect(settings.control_url) as connection:
        click.echo(f"platform: {migrations.platform_version(connection) or 'none'}")
        versions = migrations.tenant_versions(connection)
    counted: dict[str, int] = {}
    for version in versions.values():
        counted[version or "none"] = counted.get(version or "none", 0) + 1
    for version, count in sorted(counted.items()):
        click.echo(f"merchants at {version}: {count}")
    if status:
        for schema, current in versions.items():
            if current != migrations.head("tenant"):
                click.echo(f"behind: {schema} at {current or 'none'}")


def _migrate_tenants(settings: Settings, workers: int) -> migrations.Report:
    from saas.db import migrations

    bar = click.progressbar(length=0, label="Merchants", file=sys.stderr)

    def progress(done: int, total: int, schema: str) -> None:
        bar.length = total
        bar.pos = done
        bar.render_progress()

    report = migrations.migrate_tenants(settings.control_url, workers=workers, progress=progress)
    if bar.length:
        click.echo("", err=True)
    return report


if TYPE_CHECKING:
    from saas.db import migrations


@main.command()
def check() -> None:
    """Prove the invariants: balances are sums, no orphan schema, no foreign rights. Exit code 1 if one fails."""
    app = _app()
    from tenants.checks import run_checks

    findings = run_checks(_settings().control_url, app)
    for finding in findings:
        click.echo(str(finding))
    errors = [finding for finding in findings if finding.is_error]
    click.echo("check: clean" if not errors else f"check: {len(errors)} findings")
    sys.exit(1 if errors else 0)


@main.command()
@click.option("--if-empty", is_flag=True, help="Only when there is no merchant yet.")
@click.option("--print", "only_print", is_flag=True, help="Only print the demo's log-ins.")
@click.option("--force", is_flag=True, help="Also in production, where its public passwords are open doors.")
def demo(if_empty: bool, only_print: bool, force: bool) -> None:
    """Fill the database with three demo shops."""
    app = _app()
    from tenants import demo as shops

    with app.app_context():
        if not only_print:
            if if_empty:
                shops.seed_if_empty()
            else:
                try:
                    shops.seed(lambda words: click.echo(words, err=True), force=force)
                except shops.NotInProduction as error:
                    raise click.ClickException(f"{error} Use --force if you mean it.") from error
        shops.print_logins()


@main.group()
def operator() -> None:
    """Who runs the service, at /operator: add and remove operators."""


@operator.command("add")
@click.argument("email")
@click.option("--name", default="", help="What merchants read, as in “Anna looked at your console”.")
def add_operator(email: str, name: str) -> None:
    """Make an operator, or begin anew for one who lost password or phone: prints a link that works once."""
    app = _app()
    from saas.accounts.mails import address_of
    from saas.db import PLATFORM, transaction
    from saas.operator import operations
    from saas.web.clock import utcnow

    if email.count("@") != 1 or any(character.isspace() for character in email):
        raise click.UsageError(f"{email!r} is no e-mail address.")
    with app.app_context():
        with transaction(PLATFORM):
            token = operations.add(email, name, utcnow())
        click.echo("Open this within 24 hours to choose a password. It works once:", err=True)
        click.echo(address_of("operator.set_up", token=token))


@operator.command("remove")
@click.argument("email")
def remove_operator(email: str) -> None:
    """Take an operator's access away at once; what they did stays in the log."""
    app = _app()
    from saas.db import PLATFORM, transaction
    from saas.operator import operations
    from saas.web.clock import utcnow
    from saas.web.refusals import Refusal

    try:
        with app.app_context(), transaction(PLATFORM):
            operations.remove(email, utcnow())
    except Refusal as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{email} is no operator any more.")


@main.command("import")
@click.argument("slug")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--program", "program_name", help="Stamp this running program's cards (else the first one's).")
@click.option("--no-stamps", is_flag=True, help="Add members and purchases only.")
@click.option(
    "--rewards",
    type=click.Choice(["handed-out", "to-hand-out"]),
    default="handed-out",
    show_default=True,
    help="What became of the rewards of cards that these purchases fill.",
)
def import_purchases(slug: str, path: Path, program_name: str | None, no_stamps: bool, rewards: str) -> None:
    """Read purchases from a CSV file into a merchant; reading it again adds nothing."""
    if program_name and no_stamps:
        raise click.UsageError("--program and --no-stamps exclude each other.")
    app = _app()
    from saas.merchants import registry
    from saas.web.refusals import Refusal
    from tenants.purchases.choices import HANDED_OUT, TO_HAND_OUT
    from tenants.purchases.tasks import UnknownProgramError, import_file, stamping_on

    with app.app_context():
        merchant = registry.find(slug)
        if merchant is None:
            raise click.ClickException(f"There is no merchant {slug!r}.")
        try:
            change = stamping_on(merchant, program_name, no_stamps)
            report = import_file(
                merchant,
                path,
                lambda words: click.echo(words, err=True),
                rewards=HANDED_OUT if rewards == "handed-out" else TO_HAND_OUT,
                change=change,
            )
        except (Refusal, UnknownProgramError) as error:
            raise click.ClickException(str(error)) from error
        click.echo(report)


@main.command()
@click.option("--once", is_flag=True, help="Stop when nothing waits.")
def worker(once: bool) -> None:
    """Run jobs until stopped."""
    app = _app()
    from saas.web.jobs import queue

    async def serve() -> None:
        jobs = queue(app, _settings())
        async with jobs.open_async():
            await jobs.run_worker_async(
                wait=not once, concurrency=4, delete_jobs="successful", shutdown_graceful_timeout=8
            )  # four at a time: a job may wait for somebody else's server

    asyncio.run(serve())


@main.group()
def billing() -> None:
    """Plans at Stripe: set them up, look for what was missed."""


@billing.command("sync-plans")
def sync_plans() -> None:
    """Make the products and prices at Stripe that are missing; run again after prices change."""
    app = _app()
    from saas.billing import catalogue
    from saas.billing.gateway import gateway
    from saas.web.refusals import Refusal

    with app.app_context():
        try:
            done = catalogue.ensure(gateway())
        except Refusal as refusal:
            raise click.ClickException(str(refusal)) from refusal
    for line in done:
        click.echo(f"made {line}")
    click.echo("All plans are at Stripe.")


@billing.command("reconcile")
def reconcile_billing() -> None:
    """Fetch missed events and every customer's subscription again, as happens each night."""
    app = _app()
    from saas.billing import tasks
    from saas.web.jobs import run_waiting
    from saas.web.refusals import Refusal

    with app.app_context():
        try:
            tasks.reconcile()
        except Refusal as refusal:
            raise click.ClickException(str(refusal)) from refusal
    run_waiting(app)


@main.command("local-stripe")
@click.option("--port", type=int, default=12111, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), default=ROOT / ".data", show_default=True)
@click.option("--webhook", default="http://127.0.0.1:8000/webhooks/stripe", show_default=True)
@click.option(
    "--after-retries",
    type=click.Choice(["unpaid", "cancel", "past_due"]),
    default="unpaid",
    show_default=True,
)
def local_stripe(port: int, data: Path, webhook: str, after_retries: str) -> None:
    """Stand in for Stripe on this machine, for the demo; STRIPE_WEBHOOK_SECRET signs its events."""
    import signal
    import threading

    from saas.billing.local_stripe.server import StandIn

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with StandIn(data / "stripe.sqlite", port=port, after_retries=after_retries) as stand_in:
        stand_in.listen(webhook, os.environ.get("STRIPE_WEBHOOK_SECRET", "whsec_demo"))
        click.echo(f"Stripe’s stand-in is at {stand_in.url}")
        stop.wait()


@main.command()
@click.option("--check", "only_check", is_flag=True, help="Fail when a catalogue is incomplete.")
def translations(only_check: bool) -> None:
    """Take the strings out of code and templates into the catalogues."""
    from saas.web import catalogues

    problems = catalogues.check() if only_check else catalogues.update()
    for problem in problems:
        click.echo(problem)
    sys.exit(1 if problems and only_check else 0)


if __name__ == "__main__":
    main()
