"""Baskets quoted and bought at the API on gunicorn, and pages, against how much there is of everything.

Usage: bin/bench engine [--seconds 4] [--rounds 2] [--large 100000] [--only purchases|pages] [--json FILE]
Every figure stands beside a stamp, the same stamp through pgbench, or the same page at 1,000, all of the same run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from flask import Flask

from bench.pages import TITLES as PAGE_TITLES
from bench.pages import Pages
from bench.rig import CLIENTS, Result, Web, machine, request, table, tell
from bench.stamps import Stamps
from saas.api_keys import operations as api_keys
from saas.api_keys.operations import Maker
from saas.app import create_app
from saas.db import PLATFORM, db, new_id, transaction
from saas.merchants.registry import Record
from saas.web.access import KEY_LIMIT
from saas.web.clock import utcnow
from tenants.coupons import editing
from tenants.coupons.rules import Plan
from tenants.engine.mapping import from_mapping
from tenants.engine.values import Line
from tenants.members.models import Member
from tenants.members.rules import new_number
from tenants.programs import operations as programs
from tenants.programs.enrolments import enrol
from tenants.programs.rules import Terms
from tenants.purchases import facts
from tenants.purchases.wishes import Wish
from tenants.rooms import blueprints
from tests.factories import cast

CELLS = [(1, 0, 1), (5, 0, 1), (20, 0, 1), (1, 20, 1), (1, 200, 1), (1, 0, 10), (1, 0, 100), (5, 20, 10)]
STAMP_MERCHANTS = 10
BUYERS = 200
KINDS_OF_GOODS = 20
WARM = 0.5  # seconds in which the web workers meet a cell's programs and coupons
FASTEST = 400  # answers a second that the keys of one run are enough for
TITLES = {
    "programs": "programs",
    "coupons": "coupons",
    "lines": "lines",
    "engine_per_s": "engine alone/s",
    "quotes_per_s": "quotes/s",
    "quote_to_stamp": "to a stamp",
    "quote_p50_ms": "p50 ms",
    "buys_per_s": "purchases/s",
    "buy_to_stamp": "to a stamp",
    "buy_to_pgbench": "to pgbench",
    "buy_p50_ms": "p50 ms",
    "buy_p99_ms": "p99 ms",
    "failures": "failures",
}


class Shop:
    """A merchant with programs, automatic coupons and members who buy."""

    def __init__(self, app: Flask, bench: Stamps, programs_count: int, coupons_count: int) -> None:
        self.app, self.runs = app, 0
        slug = f"shop-{programs_count}-{coupons_count}"
        self.merchant = cast.open_shop(app, bench.control, "Bench", slug, "GR", "EUR", "Europe/Athens")
        with app.app_context(), transaction(self.merchant.binding):
            for number in range(programs_count):
                _publish_program(number)
            for number in range(coupons_count):
                _publish_coupon(number, self.merchant)
            self.buyers = [_join() for _number in range(BUYERS)]

    def keys(self, seconds: float) -> list[str]:
        """As many keys of the API as such a run asks for."""
        with self.app.app_context(), transaction(PLATFORM):
            owner = cast.staff_of(self.merchant, "owner")
            if owner.user_id is None:
                raise RuntimeError("the shop has no owner")
            maker = Maker(owner.user_id, owner.name)
            count = max(int(seconds * FASTEST / KEY_LIMIT), 1) + 1
            scopes = ["purchases:read", "purchases:write"]
            return [
                api_keys.create(self.merchant.id, "Bench", scopes, maker, utcnow())[1] for _ in range(count)
            ]

    def baskets(self, path: str, lines: int, keys: list[str]) -> Any:
        """Requests to an address, each with a key of its own (as tills send it), by one member after another."""
        self.runs += 1
        run, goods = self.runs, [_line(number) for number in range(lines)]
        bodies = [
            json.dumps({"member_id": str(buyer), "currency": "EUR", "lines": goods}) for buyer in self.buyers
        ]

        def message(number: int) -> bytes:
            headers = (
                f"Authorization: Bearer {keys[number // CLIENTS % len(keys)]}\r\n"
                f"Idempotency-Key: {run}-{number}\r\nContent-Type: application/json\r\n"
            )
            return request("POST", path, headers, bodies[number % BUYERS])

        return message

    def engine_alone(self, lines: int) -> float:
        """How many baskets a second one process judges, when everything about them is known."""
        wish = Wish(
            lines=tuple(from_mapping(Line, _line(number)) for number in range(lines)),
            member_id=self.buyers[0],
        )
        with self.app.app_context(), transaction(self.merchant.binding):
            scene = facts.scene(wish, self.merchant, "bench", utcnow())
            began, count = time.perf_counter(), 0
            while time.perf_counter() - began < 0.5:
                scene.judged()
                count += 1
            return count / (time.perf_counter() - began)


def _publish_program(number: int) -> None:
    """A stamp card, then programs that give points for goods of a category."""
    if number == 0:
        card = Terms(headline="Your 10th coffee", required=10, reward_name="Free coffee")
        program = programs.create("Coffee", card, utcnow())
    else:
        conditions = {"goods": {"categories": {"any": [f"goods {number % KINDS_OF_GOODS}"]}}}
        rule = {"key": "spend", "per": "amount", "step_minor": 100, "conditions": conditions}
        reward = {"key": "off", "cost": 100, "benefit": {"kind": "amount", "amount_minor": 500}}
        terms = {"engine": {"kind": "points", "rules": [rule], "rewards": [reward]}}
        program = programs.create_of_kind("points", f"Points {number}", terms, utcnow())
    programs.publish(program.id, "Bench", utcnow())


def _publish_coupon(number: int, merchant: Record) -> None:
    conditions = {"goods": {"categories": {"any": [f"goods {number % KINDS_OF_GOODS}"]}}}
    benefit = {"kind": "percent", "percent": 1 + number % 9}
    terms = {"trigger": "automatic", "benefit": benefit, "conditions": conditions}
    coupon = editing.create(f"Offer {number}", Plan.from_mapping({"terms": terms}), merchant, utcnow())
    editing.publish(coupon.id, "Bench", merchant, utcnow())


def _join() -> Any:
    member = Member(
        id=new_id(), number=new_number(), first_name="Eleni", language="en", source="api", joined_at=utcnow()
    )
    db.session.add(member)
    db.session.flush()
    enrol(member.id, utcnow())
    return member.id


def _line(number: int) -> dict[str, Any]:
    return {
        "key": str(number + 1),
        "sku": f"sku-{number}",
        "quantity": "2",
        "unit_price_minor": 100 + number % 50 * 10,
        "categories": [f"goods {number % KINDS_OF_GOODS}"],
    }


def purchases(app: Flask, bench: Stamps, web: Web, seconds: int, rounds: int) -> dict[str, Any]:
    """Each cell by quotes and by purchases, with stamps and pgbench before and after them all."""
    shops: dict[tuple[int, int], Shop] = {}
    for running, offered, _lines in CELLS:
        if (running, offered) not in shops:
            shops[running, offered] = Shop(app, bench, running, offered)
    bench.grow(STAMP_MERCHANTS)
    bench.stamps(web, STAMP_MERCHANTS, 2)  # warm
    found: dict[tuple[int, int, int], list[tuple[Result, Result]]] = {cell: [] for cell in CELLS}
    stamped, direct = [], []
    for _round in range(rounds):
        direct.append(bench.pgbench(STAMP_MERCHANTS, seconds))
        stamped.append(bench.stamps(web, STAMP_MERCHANTS, seconds))
        for cell in CELLS:
            shop = shops[cell[:2]]
            keys = shop.keys(2 * seconds)
            quote = shop.baskets("/api/v1/purchases/quote", cell[2], keys)
            buy = shop.baskets("/api/v1/purchases", cell[2], keys)
            if not found[cell]:
                web.drive(WARM, shop.baskets("/api/v1/purchases/quote", cell[2], keys), 200)
            found[cell].append((web.drive(seconds, quote, 200), web.drive(seconds, buy, 201)))
            print(f"{cell}: {found[cell][-1][0].rate:.0f} {found[cell][-1][1].rate:.0f}", file=sys.stderr)
    stamp = statistics.median(one.rate for one in stamped)
    pgbench = statistics.median(one.rate for one in direct)
    rows = [
        _row(cell, pairs, shops[cell[:2]].engine_alone(cell[2]), stamp, pgbench)
        for cell, pairs in found.items()
    ]
    return {
        "stamps_per_s": round(stamp),
        "pgbench_per_s": round(pgbench),
        "stamp_to_pgbench": round(stamp / pgbench, 3),
        "rows": rows,
    }


def _row(
    cell: tuple[int, int, int],
    pairs: list[tuple[Result, Result]],
    alone: float,
    stamp: float,
    pgbench: float,
) -> dict[str, Any]:
    quotes = statistics.median(quote.rate for quote, _buy in pairs)
    buys = statistics.median(buy.rate for _quote, buy in pairs)
    return {
        **dict(zip(("programs", "coupons", "lines"), cell, strict=True)),
        "engine_per_s": round(alone),
        "quotes_per_s": round(quotes),
        "quote_to_stamp": round(quotes / stamp, 2),
        "quote_p50_ms": round(statistics.median(quote.percentile(0.5) for quote, _buy in pairs), 1),
        "buys_per_s": round(buys),
        "buy_to_stamp": round(buys / stamp, 2),
        "buy_to_pgbench": round(buys / pgbench, 3),
        "buy_p50_ms": round(statistics.median(buy.percentile(0.5) for _quote, buy in pairs), 1),
        "buy_p99_ms": round(statistics.median(buy.percentile(0.99) for _quote, buy in pairs), 1),
        "failures": sum(quote.failures + buy.failures for quote, buy in pairs),
    }


def as_text(report: dict[str, Any]) -> str:
    lines = [
        f"Machine: {report['machine']}; {report['clients']} clients, {report['rounds']} × {report['seconds']} s each"
    ]
    if bought := report.get("purchases"):
        lines += [
            f"Stamps: {bought['stamps_per_s']}/s over HTTP, {bought['pgbench_per_s']}/s by pgbench, "
            f"ratio {bought['stamp_to_pgbench']}",
            "",
            *table(TITLES, bought["rows"]),
        ]
    if "pages" in report:
        lines += ["", *table(PAGE_TITLES, report["pages"])]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench engine", description=__doc__)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--only", choices=("purchases", "pages"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report: dict[str, Any] = {"machine": machine(), "clients": CLIENTS}
    report |= {"seconds": options.seconds, "rounds": options.rounds}
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
        Path(name).chmod(0o755)
        with Stamps(Path(name)) as bench:
            environ = {"REGULARS_ENV": "testing", "REGULARS_BASE_URL": "http://localhost"}
            environ["DATABASE_URL"] = bench.control.render_as_string(hide_password=False)
            app, web = create_app(blueprints(), environ), Web(bench)
            try:
                if options.only != "pages":
                    report["purchases"] = purchases(app, bench, web, options.seconds, options.rounds)
                if options.only != "purchases":
                    report["pages"] = Pages(app, bench, web, options.large).measured()
            finally:
                web.stop()
                with app.app_context():
                    db.engine.dispose()
    tell(report, as_text(report), options.json)


if __name__ == "__main__":
    main()
