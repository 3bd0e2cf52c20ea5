"""Pages of a shop with few members and codes, and of one with many."""

from __future__ import annotations

import random
import statistics
import time
from typing import Any
from uuid import UUID

from flask import Flask

from bench.rig import Rig, Web
from saas.db import new_id, transaction
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.tokens import token_hash
from tenants.coupons import rules as coupon_rules
from tenants.members.rules import new_numbers, sort_name, words_of
from tenants.programs import operations as programs
from tenants.programs.rules import Terms
from tests.factories import cast, coupons

FEW = 1_000
LOOKS = 25
COUPONS = 60
NAMES = (
    "Eleni", "Κωνσταντίνος", "María José", "Giorgos", "Zoë", "Ingrid", "João", "Amélie", "Anna", "Petros", "Sofia",
    "Lars", "Nikos", "Åsa", "Björn", "Despina", "Yiannis", "Chloé", "Rui", "Inês",
)  # fmt: skip
SURNAMES = (
    "Papadopoulos",
    "Silva",
    "Lindqvist",
    "Martin",
    "García",
    "Karlsson",
    "Costa",
    "Georgiou",
    "Moreau",
    "Ek",
)
TITLES = {
    "page": "page",
    "few_ms": f"ms at {FEW:,}",
    "many_ms": "ms at many",
    "ratio": "ratio",
}


class Place:
    """A shop with so many members, and as many codes of one coupon."""

    def __init__(self, app: Flask, rig: Rig, count: int) -> None:
        chance = random.Random(5)
        self.merchant: Record = cast.open_shop(
            app, rig.control, "Bench", f"list-{count}", "GR", "EUR", "Europe/Athens"
        )
        self.owner = cast.session_cookie(app, self.merchant, "owner")
        with app.app_context(), transaction(self.merchant.binding):
            card = Terms(headline="Your 10th coffee", required=10, reward_name="Free coffee")
            program = programs.create("Coffee", card, utcnow())
            version = programs.publish(program.id, "Bench", utcnow())
            made = [
                coupons.published(
                    self.merchant, name=f"Offer {number:02}", trigger="code", code=f"OFFER{number}"
                )
                for number in range(COUPONS)
            ]
            self.coupon_id = made[0].id
            ids = (program.id, version.id)
        with rig.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT set_config('search_path', %s, false)", [self.merchant.schema_name])
            self._members(cursor, count, chance, *ids)
            self._codes(cursor, count)
            cursor.execute("VACUUM ANALYZE")  # as autovacuum does after so many rows

    def _members(self, cursor: Any, count: int, chance: random.Random, program: UUID, version: UUID) -> None:
        """Members with a card of three stamps each; the one in the middle has the browser."""
        self.member_ids = [new_id() for _number in range(count)]
        columns = "id, number, first_name, sort_name, words, email, phone, language, source, joined_at, last_seen_at"
        now = utcnow()
        self.numbers = new_numbers(count)
        with cursor.copy(f"COPY member ({columns}) FROM STDIN") as copy:
            for place, member_id in enumerate(self.member_ids):
                name = f"{chance.choice(NAMES)} {chance.choice(SURNAMES)}"
                phone = f"+3069{chance.randrange(10**8):08}"
                seen = now - (now - now.replace(year=now.year - 1)) * chance.random()
                row = (member_id, self.numbers[place], name, sort_name(name), words_of(name))
                copy.write_row((*row, f"member{place}@example.com", phone, "en", "card", seen, seen))
        cursor.execute(
            "INSERT INTO enrolment (id, program_id, member_id, version_id, balance, last_earned_at, created_at)"
            " SELECT gen_random_uuid(), %s, id, %s, 3, last_seen_at, joined_at FROM member",
            [program, version],
        )
        cursor.execute(
            "INSERT INTO entry (id, enrolment_id, kind, units, version_id, cause, actor_kind, request_key,"
            " occurred_at, recorded_at) SELECT gen_random_uuid(), id, 'earn', 1, version_id, 'counter_code',"
            " 'member', id || ':' || g, last_earned_at, last_earned_at FROM enrolment, generate_series(1, 3) g"
        )
        self.token = f"bench-{count}"
        cursor.execute(
            "INSERT INTO member_session VALUES (gen_random_uuid(), %s, %s, now())",
            [self.member_ids[count // 2], token_hash(self.token)],
        )

    def _codes(self, cursor: Any, count: int) -> None:
        """Codes of the first coupon, every tenth of them given to a member."""
        cursor.execute("SELECT id FROM coupon_version WHERE coupon_id = %s", [self.coupon_id])
        version = cursor.fetchone()[0]
        self.code_ids = [new_id() for _number in range(count)]
        self.codes = list({coupon_rules.new_code() for _number in range(count)})
        columns = "id, coupon_id, version_id, code, member_id, state, is_holdout, issued_at"
        with cursor.copy(f"COPY coupon_code ({columns}) FROM STDIN") as copy:
            for place, (code_id, code) in enumerate(zip(self.code_ids, self.codes, strict=False)):
                member = self.member_ids[place] if place % 10 == 0 else None
                copy.write_row((code_id, self.coupon_id, version, code, member, "issued", False, utcnow()))

    def addresses(self) -> dict[str, str]:
        """What is looked at, by name."""
        half = len(self.member_ids) // 2
        members = f"/console/{self.merchant.slug}/members"
        codes = f"/console/{self.merchant.slug}/coupons/{self.coupon_id}/codes"
        return {
            "members": members,
            "members, from the middle on": f"{members}?after={self.member_ids[half]}",
            "members by name, from the middle on": f"{members}?sort=name&after={self.member_ids[half]}",
            "members, search by the beginning of a name": f"{members}?q=pap",
            "members, search without accents": f"{members}?q=maria+garcia",
            "members, search by number": f"{members}?q={self.numbers[half]}",
            "members, search by the end of a phone": f"{members}?q=4711",
            "members, search that finds none": f"{members}?q=nobodyofthatname",
            "coupons": f"/console/{self.merchant.slug}/coupons",
            "coupon": f"/console/{self.merchant.slug}/coupons/{self.coupon_id}",
            "codes": codes,
            "codes, from the middle on": f"{codes}?after={self.code_ids[half]}",
            "codes, used ones": f"{codes}?show=used",
            "codes, search by the beginning of a code": f"{codes}?q={self.codes[half][:4]}",
            "codes, search by member": f"{codes}?q=pap",
            "codes, search that finds none": f"{codes}?q=nobodyofthatname",
            "card": f"/c/{self.merchant.slug}",
            "card, history": f"/c/{self.merchant.slug}/history",
        }

    @property
    def cookie(self) -> str:
        return f"__Host-session={self.owner}; card-{self.merchant.slug}={self.token}"


class Pages:
    """Both shops, and how long their pages take."""

    def __init__(self, app: Flask, rig: Rig, web: Web, many: int) -> None:
        self.web, self.few, self.many = web, Place(app, rig, FEW), Place(app, rig, many)

    def measured(self) -> list[dict[str, Any]]:
        """The median of some looks at each page, by turns at the one shop and at the other."""
        rows = []
        for name, few in self.few.addresses().items():
            times: tuple[list[float], list[float]] = ([], [])
            for _look in range(LOOKS):
                times[0].append(self._look(few, self.few.cookie))
                times[1].append(self._look(self.many.addresses()[name], self.many.cookie))
            small, large = (statistics.median(one[2:] or one) for one in times)
            rows.append(
                {
                    "page": name,
                    "few_ms": round(small, 1),
                    "many_ms": round(large, 1),
                    "ratio": round(large / small, 2),
                }
            )
        return rows

    def _look(self, path: str, cookie: str) -> float:
        """Milliseconds until a page is there."""
        began = time.perf_counter()
        status, _headers, _body = self.web.get(path, cookie)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")
        return (time.perf_counter() - began) * 1000
