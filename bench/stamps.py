"""The stamp through HTTP on gunicorn, against the same statements through pgbench, in the same minutes.

Usage: bin/bench stamps [--seconds 8] [--rounds 3] [--merchants 10,50,100,1000] [--json FILE]
Everything runs on this machine, on a durable throwaway PostgreSQL (fsync, full_page_writes, synchronous_commit on).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.rig import CLIENTS, Result, Rig, Web, machine, memory, request, table, tell
from saas.config import app_role
from saas.db import new_id, provisioning
from saas.web.tokens import token_hash
from tenants.members.rules import new_number
from tenants.programs.rules import Terms

MEMBERS = 20
COLUMNS = {
    "merchants": "merchants",
    "pgbench_per_s": "pgbench/s",
    "http_per_s": "stamps/s",
    "ratio": "ratio",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "failures": "failures",
    "worker_mb": "web worker MB",
}

PGBENCH = """
\\set g :i * 8 + :client_id
\\set i :i + 1
\\set m :g % :merchants
\\set n :g / :merchants % 20
BEGIN;
SELECT set_config('search_path', 'm_' || lpad(to_hex(:m::bigint), 16, '0'), true),
  set_config('role', 'm_' || lpad(to_hex(:m::bigint), 16, '0'), true);
UPDATE one_time_code SET used_at = now(), used_by = md5('member' || :n::text)::uuid
  WHERE token = lpad('p:run' || :g::text, 32, 'x') AND used_at IS NULL AND expires_at > now() RETURNING id;
SELECT id, balance FROM enrolment WHERE member_id = md5('member' || :n::text)::uuid FOR UPDATE;
INSERT INTO entry (id, enrolment_id, kind, units, version_id, cause, actor_kind, request_key, occurred_at, recorded_at)
  SELECT gen_random_uuid(), id, 'earn', 1, version_id, 'counter_code', 'member', 'p:run:' || :g::text, now(), now()
  FROM enrolment WHERE member_id = md5('member' || :n::text)::uuid;
UPDATE enrolment SET balance = (balance + 1) % 10, last_earned_at = now()
  WHERE member_id = md5('member' || :n::text)::uuid;
UPDATE member SET last_seen_at = now() WHERE id = md5('member' || :n::text)::uuid;
COMMIT;
"""


def schema_of(number: int) -> str:
    return f"m_{number:016x}"


class Stamps(Rig):
    """Merchants that give stamps, and two ways to give them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.run_number = self.merchants = 0
        self.provision_ms: list[float] = []

    def __enter__(self) -> Stamps:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def grow(self, count: int) -> None:
        """Open merchants up to `count`, each with a program and members who are signed in."""
        with self.connect() as connection:
            for number in range(self.merchants, count):
                started = time.perf_counter()
                provisioning.provision(self.control, schema_of(number))
                self.provision_ms.append((time.perf_counter() - started) * 1000)
                self._fill(connection, number)
        self.merchants = max(self.merchants, count)

    def _fill(self, connection: psycopg.Connection[Any], number: int) -> None:
        program, version = new_id(), new_id()
        terms = json.dumps(
            Terms(headline="Your 10th coffee", required=10, reward_name="Free coffee").to_mapping()
        )
        with connection.transaction():
            connection.execute(
                "INSERT INTO platform.merchant (id, slug, schema_name, name, category, country, currency, time_zone,"
                " language, languages, status, brand_colour, member_contact, is_contact_required,"
                " is_counter_code_on, is_member_code_on, created_at) VALUES (%s, %s, %s, 'Bench', 'cafe', 'GR', 'EUR',"
                " 'Europe/Athens', 'en', '[\"en\"]', 'active', '#0f766e', 'any', false, true, true, now())",
                [new_id(), f"bench-{number}", schema_of(number)],
            )
            connection.execute(f"SET LOCAL search_path = {schema_of(number)}")
            connection.execute("INSERT INTO location VALUES (%s, 'Bench', '', '{}', true, now())", [new_id()])
            connection.execute(
                "INSERT INTO program VALUES (%s, 'stamp_card', 'Coffee', 'published', %s, 1, now(), now())",
                [program, terms],
            )
            connection.execute(
                "INSERT INTO program_version VALUES (%s, %s, 1, %s, now(), 'Bench')",
                [version, program, terms],
            )
            with connection.cursor() as cursor:
                for place in range(MEMBERS):
                    cursor.execute(
                        "INSERT INTO member (id, number, first_name, language, source, joined_at)"
                        " VALUES (md5('member' || %s::int)::uuid, %s, 'Eleni', 'en', 'card', now())",
                        [place, new_number()],
                    )
                    cursor.execute(
                        "INSERT INTO member_session VALUES"
                        " (gen_random_uuid(), md5('member' || %s::int)::uuid, %s, now())",
                        [place, token_hash(f"member-{place}")],
                    )
                    cursor.execute(
                        "INSERT INTO enrolment (id, program_id, member_id, version_id, balance, created_at)"
                        " VALUES (gen_random_uuid(), %s, md5('member' || %s::int)::uuid, %s, 0, now())",
                        [program, place, version],
                    )

    def codes(self, kind: str, merchants: int, count: int) -> str:
        """`count` one-use codes over the merchants; answers the prefix of their tokens."""
        self.run_number += 1
        prefix = f"{kind}{self.run_number}r"
        with self.connect() as connection:
            for number in range(merchants):
                connection.execute(
                    f"INSERT INTO {schema_of(number)}.one_time_code"
                    " (id, kind, digits, token, units, created_at, expires_at)"
                    " SELECT gen_random_uuid(), 'stamp', '000000', lpad(%s || g, 32, 'x'), 1, now(),"
                    " now() + interval '1 hour' FROM generate_series(%s::int, %s::int, %s::int) g",
                    [prefix, number, count, merchants],
                )
            connection.execute("CHECKPOINT")
        return prefix

    def pgbench(self, merchants: int, seconds: int) -> Result:
        prefix = self.codes("p", merchants, seconds * 6000)
        script = self.folder / "stamp.sql"
        script.write_text(PGBENCH.replace("p:run", prefix))
        log = self.folder / "pgbench"
        url = self.control.set(username=app_role(self.control), drivername="postgresql")
        ran = subprocess.run(
            [
                str(Path(self.server.bin_dir) / "pgbench"),
                *("-n", "-M", "extended", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds)),
                *("-D", "i=0", "-D", f"merchants={merchants}", "-f", str(script)),
                *("-l", "--log-prefix", str(log), url.render_as_string(hide_password=False)),
            ],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, **self.server._environment()},
        )
        if ran.returncode or "number of failed transactions: 0" not in ran.stdout:
            raise RuntimeError(ran.stderr + ran.stdout)
        latencies = [
            int(line.split()[2]) / 1e6
            for path in self.folder.glob("pgbench.*")
            for line in path.read_text().splitlines()
        ]
        for path in self.folder.glob("pgbench.*"):
            path.unlink()
        return Result(len(latencies) / seconds, latencies)

    def form(self, web: Web) -> tuple[str, str]:
        """A form's token and the cookie that it belongs to."""
        _status, headers, body = web.get("/c/bench-0", "card-bench-0=member-0")
        cookie = next(
            value for name, value in headers if name == "Set-Cookie" and value.startswith("__Host-form=")
        )
        found = re.search(r'name="csrf-token" content="([^"]+)"', body)
        if found is None:
            raise RuntimeError("the card page has no form token")
        return found.group(1), cookie.split(";")[0]

    def stamps(self, web: Web, merchants: int, seconds: int) -> Result:
        """What members' phones send."""
        prefix = self.codes("h", merchants, seconds * 3000)
        token, cookie = self.form(web)

        def message(number: int) -> bytes:
            member = f"card-bench-{number % merchants}=member-{number // merchants % MEMBERS}"
            headers = f"Cookie: {cookie}; {member}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            body = f"csrf_token={token}&code={f'{prefix}{number}'.rjust(32, 'x')}"
            return request("POST", f"/c/bench-{number % merchants}/stamps", headers, body)

        return web.drive(seconds, message, 200)


def connection_memory(bench: Stamps, merchants: int) -> tuple[float, float]:
    """A connection's own memory (MB) before and after it served a stamp to each of `merchants`."""
    with bench.connect(app_role(bench.control)) as connection:
        connection.prepare_threshold = 0
        pid = connection.info.backend_pid
        connection.execute("SELECT 1")
        before = memory(pid, "RssAnon")
        for number in range(merchants):
            with connection.transaction():
                schema = schema_of(number)
                connection.execute(
                    "SELECT set_config('search_path', %s, true), set_config('role', %s, true)",
                    [schema, schema],
                )
                connection.execute("SELECT id FROM one_time_code WHERE token = %s", ["none"])
                connection.execute("SELECT id FROM enrolment WHERE member_id = %s FOR UPDATE", [new_id()])
                connection.execute("UPDATE enrolment SET balance = 0 WHERE member_id = %s", [new_id()])
                connection.execute("SELECT id FROM entry WHERE request_key = %s", ["none"])
        return before, memory(pid, "RssAnon")


def disk(bench: Stamps) -> float:
    with bench.connect() as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return float(row[0]) / 1e6 if row else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench stamps", description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--merchants", default="10,50,100,1000")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    sizes = [int(size) for size in options.merchants.split(",")]
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
        Path(name).chmod(0o755)
        with Stamps(Path(name)) as bench:
            report = measure(bench, sizes, options.seconds, options.rounds)
    tell(report, as_text(report), options.json)


def measure(bench: Stamps, sizes: list[int], seconds: int, rounds: int) -> dict[str, Any]:
    rows = []
    empty = disk(bench)
    for size in sizes:
        bench.grow(size)
        web = Web(bench)
        try:
            bench.stamps(web, size, 2)  # warm
            pairs = [(bench.pgbench(size, seconds), bench.stamps(web, size, seconds)) for _ in range(rounds)]
            rows.append(row(size, pairs, web.worker_memory()))
        finally:
            web.stop()
        print(f"{size} merchants: {rows[-1]}", file=sys.stderr, flush=True)
    touched = min(250, bench.merchants)
    before, after = connection_memory(bench, touched)
    return {
        "machine": machine(),
        "clients": CLIENTS,
        "seconds": seconds,
        "rounds": rounds,
        "rows": rows,
        "provision_ms": round(statistics.median(bench.provision_ms), 1),
        "disk_mb_per_merchant": round((disk(bench) - empty) / bench.merchants, 2),
        "connection_mb": {"merchants": touched, "before": round(before, 1), "after": round(after, 1)},
    }


def row(size: int, pairs: list[tuple[Result, Result]], workers: list[float]) -> dict[str, Any]:
    direct = statistics.median(pair[0].rate for pair in pairs)
    stamps = statistics.median(pair[1].rate for pair in pairs)
    return {
        "merchants": size,
        "pgbench_per_s": round(direct),
        "http_per_s": round(stamps),
        "ratio": round(statistics.median(http.rate / base.rate for base, http in pairs), 3),
        "p50_ms": round(statistics.median(pair[1].percentile(0.5) for pair in pairs), 1),
        "p99_ms": round(statistics.median(pair[1].percentile(0.99) for pair in pairs), 1),
        "failures": sum(pair[1].failures for pair in pairs),
        "worker_mb": round(max(workers), 1),
    }


def as_text(report: dict[str, Any]) -> str:
    lines = [
        f"Machine: {report['machine']}; {report['clients']} clients, {report['rounds']} × {report['seconds']} s each",
        "",
        *table(COLUMNS, report["rows"]),
    ]
    memory_row = report["connection_mb"]
    lines += [
        "",
        f"Provisioning a merchant: {report['provision_ms']} ms; disk a merchant: {report['disk_mb_per_merchant']} MB",
        f"A connection after {memory_row['merchants']} merchants: {memory_row['before']} → {memory_row['after']} MB",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
