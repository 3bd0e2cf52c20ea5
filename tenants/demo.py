"""Three shops to try everything in: one with real purchases, a bakery and a florist with a few regulars.

May be run again at any time: what is there stays, and nothing is added twice.
"""

from __future__ import annotations

import datetime as dt
import random
import re
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from saas.accounts import passwords, sign_up
from saas.accounts.models import Staff, User
from saas.billing import trials
from saas.db import PLATFORM, db, new_id, transaction
from saas.merchants import registry
from saas.merchants.defaults import slug_of
from saas.merchants.models import Merchant
from saas.merchants.operations import Details
from saas.merchants.registry import Record
from saas.operator import totp
from saas.operator.models import Operator
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from tenants.locations.models import Location
from tenants.locations.queries import default_location
from tenants.members import operations as members
from tenants.members.models import Member
from tenants.programs import ledger
from tenants.programs import operations as programs
from tenants.programs.enrolments import enrol
from tenants.programs.ledger import Actor
from tenants.programs.models import Enrolment, Program, Reward
from tenants.programs.rules import Terms
from tenants.purchases.models import Purchase
from tenants.purchases.tasks import import_file

PASSWORD = "regulars-demo"  # noqa: S105 - a demonstration's, said on the screen; refused in production below
PIN = "1234"
SAMPLE = Path(__file__).parent / "demo_data" / "cdnow_sample.txt"
OPERATOR = "operator@regulars.example"
ROLES = {"owner": "Olga", "manager": "Manuel", "cashier": "Casey"}
Say = Callable[[str], None]


class NotInProduction(Refusal):
    """The demonstration's log-ins are known to everybody."""


@dataclass(frozen=True)
class Shop:
    """A shop of the demonstration, in its own language. `visits` are members with the stamps they have had."""

    slug: str
    details: Details
    colour: str
    program: str
    terms: Terms
    visits: dict[str, int]


SHOPS = (
    Shop(
        "cdnow",
        Details("CDNOW Records", "US", "en", "cdnow", "music", "USD", "America/New_York"),
        "#1d4ed8",
        "CD card",
        Terms(
            "Every 10 CDs, the next one is on us",
            required=10,
            reward_name="Free CD",
            reward_note="Any single CD",
            icon="star",
            earn_by="item",
        ),
        {},
    ),
    Shop(
        "fournos",
        Details("Φούρνος της γειτονιάς", "GR", "el", "fournos", "bakery", "EUR", "Europe/Athens"),
        "#b45309",
        "Κάρτα καφέ",
        Terms(
            "Ο 10ος καφές κερασμένος",
            required=10,
            reward_name="Δωρεάν καφές",
            reward_note="Σε όποιο μέγεθος",
            icon="coffee",
            cooldown_minutes=30,
            daily_cap=4,
        ),
        {
            "Ελένη": 0,
            "Νίκος": 1,
            "Μαρία": 5,
            "Γιώργος": 9,
            "Κατερίνα": 10,
            "Δημήτρης": 14,
            "Σοφία": 23,
            "Γιάννης": 7,
            "Άννα": 31,
            "Πέτρος": 3,
            "Ιωάννα": 20,
            "Κώστας": 8,
        },
    ),
    Shop(
        "fleur",
        Details("Fleur", "FR", "fr", "fleur", "florist", "EUR", "Europe/Paris"),
        "#be185d",
        "Carte bouquets",
        Terms(
            "Après 6 bouquets, un petit bouquet offert",
            required=6,
            reward_name="Petit bouquet offert",
            reward_note="Fleurs de saison",
            icon="flower",
        ),
        {"Camille": 0, "Louis": 3, "Chloé": 5, "Hugo": 6, "Inès": 8, "Jules": 2, "Léa": 13, "Adam": 4},
    ),
)


def seed_if_empty() -> None:
    """Seed a database that has no merchant yet; in production nothing."""
    if current_app.extensions["regulars"].settings.is_production:
        return
    with transaction(PLATFORM):
        if db.session.scalar(select(Merchant.id).limit(1)):
            return
    seed(partial(print, file=sys.stderr))


def seed(say: Say | None = None, *, force: bool = False) -> None:
    """Make the three shops or what is missing of them; raises NotInProduction unless forced."""
    if current_app.extensions["regulars"].settings.is_production and not force:
        raise NotInProduction("The demo's passwords are public: it is not for production.")
    tell = say or _say_nothing
    now = utcnow()
    users = _users(now)
    if not current_app.extensions["regulars"].settings.is_production:
        _operator(now)
    for number, shop in enumerate(SHOPS, start=1):
        tell(f"Demo {number} of {len(SHOPS)}: {shop.details.name}")
        merchant = _open(shop, users, now)
        with force_locale(shop.details.language), transaction(merchant.binding):
            program_id = _program(shop, now)
            _regulars(shop, program_id, merchant, now)
        if shop.slug == "cdnow":
            tell(
                str(
                    import_file(
                        merchant, SAMPLE, tell, content=shifted(SAMPLE.read_bytes(), _last_day(merchant, now))
                    )
                )
            )


def _say_nothing(_words: str) -> None:
    pass


def print_logins() -> None:
    """The demonstration's addresses and log-ins, where its shops exist."""
    base_url = current_app.extensions["regulars"].settings.base_url
    slugs = [shop.slug for shop in SHOPS]
    with transaction(PLATFORM):
        found = set(db.session.scalars(select(Merchant.slug).where(Merchant.slug.in_(slugs))))
    if not found:
        return
    print(f"Demo log-ins at {base_url}/log-in, all with the password {PASSWORD}:")
    print("  owner@regulars.example              all three shops")
    for shop in SHOPS:
        if shop.slug in found:
            people = ", ".join(f"{role}@{shop.slug}.example" for role in ROLES)
            print(f"  {shop.details.name:<24}{people}")
    print(f"PIN at the counter: {PIN}. A member's card: {base_url}/c/fournos")
    print(f"Who runs the service: {base_url}/operator/log-in, {OPERATOR}, same password;")
    print("  the second factor is set up at the first log-in. Others: regulars operator add EMAIL")


def shifted(content: bytes, last_day: dt.date) -> bytes:
    """The sample with each date moved by the same number of days, so that its last one is `last_day`."""
    text = content.decode("ascii")
    dates = {word for line in text.splitlines() for word in line.split()[2:3]}
    days = last_day - max(map(_day, dates))
    moved = {word: f"{_day(word) + days:%Y%m%d}" for word in dates}
    return re.sub(r"\b\d{8}\b", lambda match: moved[match[0]], text).encode("ascii")


def _day(word: str) -> dt.date:
    return dt.date(int(word[:4]), int(word[4:6]), int(word[6:8]))


def _last_day(merchant: Record, now: dt.datetime) -> dt.date:
    """Yesterday; once the sample is in, the day on which it ends there, so that reading it again adds
    nothing.
    """
    zone = ZoneInfo(merchant.time_zone)
    with transaction(merchant.binding):
        query = select(func.max(Purchase.occurred_at)).where(Purchase.import_id.is_not(None))
        latest = db.session.scalar(query)
    if latest is not None:
        return latest.astimezone(zone).date()
    return now.astimezone(zone).date() - dt.timedelta(days=1)


def _users(now: dt.datetime) -> dict[str, uuid.UUID]:
    """Everybody who logs in, by e-mail address."""
    hashed = passwords.hash_secret(PASSWORD)
    people = {"owner@regulars.example": "Olga"}
    for shop in SHOPS:
        people |= {f"{role}@{shop.slug}.example": name for role, name in ROLES.items()}
    rows = [
        {
            "id": new_id(),
            "email": email,
            "name": name,
            "password_hash": hashed,
            "language": "en",
            "email_confirmed_at": now,
            "created_at": now,
        }
        for email, name in people.items()
    ]
    with transaction(PLATFORM):
        db.session.execute(insert(User).values(rows).on_conflict_do_nothing())
        found = db.session.execute(select(User.email, User.id).where(User.email.in_(people)))
        return {row.email: row.id for row in found}


def _operator(now: dt.datetime) -> None:
    """Somebody who runs the service, with the demonstration's password and no second factor yet."""
    values = {
        "id": new_id(),
        "email": OPERATOR,
        "name": "Otto",
        "password_hash": passwords.hash_secret(PASSWORD),
        "totp_salt": totp.new_salt(),
        "created_at": now,
    }
    with transaction(PLATFORM):
        db.session.execute(insert(Operator).values(values).on_conflict_do_nothing())


def _open(shop: Shop, users: dict[str, uuid.UUID], now: dt.datetime) -> Record:
    merchant = registry.find(shop.slug) or sign_up.open_another(
        users["owner@regulars.example"], "Olga", shop.details, now
    )
    pin_hash = passwords.hash_secret(PIN)
    rows = [
        {
            "id": new_id(),
            "merchant_id": merchant.id,
            "user_id": users[f"{role}@{shop.slug}.example"],
            "name": name,
            "role": role,
            "pin_hash": pin_hash,
            "created_at": now,
        }
        for role, name in ROLES.items()
    ]
    with transaction(PLATFORM):
        db.session.execute(insert(Staff).values(rows).on_conflict_do_nothing())
        db.session.execute(
            update(Staff)
            .where(Staff.merchant_id == merchant.id, Staff.pin_hash.is_(None))
            .values(pin_hash=pin_hash)
        )
        db.session.execute(
            update(Merchant)
            .where(Merchant.id == merchant.id, Merchant.brand_colour == "#0f766e")
            .values(brand_colour=shop.colour)
        )
        trials.give(merchant.id, now)
    registry.forget(shop.slug)
    return merchant


def _program(shop: Shop, now: dt.datetime) -> uuid.UUID:
    found = db.session.scalar(select(Program.id).order_by(Program.created_at).limit(1))
    if found:
        return found
    program = programs.create(shop.program, shop.terms, now)
    programs.publish(program.id, "Olga", now)
    return program.id


def _regulars(shop: Shop, program_id: uuid.UUID, merchant: Record, now: dt.datetime) -> None:
    """Made-up members, each with stamps over the last weeks; all rewards but the newest were handed out."""
    if not shop.visits or db.session.scalar(select(Member.id).limit(1)):
        return
    location = default_location()
    chance = random.Random(shop.slug)  # noqa: S311 - the same demonstration every time, no secret
    for name, stamps in shop.visits.items():
        last = now - dt.timedelta(
            days=chance.choice([0, 0, 1, 1, 2, 3, 5, 8, 12]), minutes=chance.randint(5, 300)
        )
        days = sorted(
            last - dt.timedelta(days=2 * back, minutes=chance.randint(0, 400)) for back in range(stamps)
        )
        joined_at = (days[0] if days else now) - dt.timedelta(minutes=2)
        member = members.join(
            first_name=name,
            email=f"{slug_of(name)}@example.com",
            phone=None,
            language=merchant.language,
            source="card",
            consent_text=None,
            now=joined_at,
        )
        enrol(member.id, joined_at)
        for day in days:
            ledger.earn(
                member.id,
                program_id,
                1,
                actor=Actor("staff", None, "Casey"),
                cause="member_code",
                request_key=new_id().hex,
                now=day,
                is_limited=False,
                location_id=location.id if location else None,
            )
        _hand_out_older(member.id, location)


def _hand_out_older(member_id: uuid.UUID, location: Location | None) -> None:
    """Hand out all of a member's rewards but the newest."""
    query = (
        select(Reward)
        .join(Enrolment, Enrolment.id == Reward.enrolment_id)
        .where(Enrolment.member_id == member_id)
    )
    for reward in db.session.scalars(query.order_by(Reward.issued_at)).all()[:-1]:
        handed_at = reward.issued_at + dt.timedelta(hours=20)
        place = location.id if location else None
        ledger.fulfil(reward.id, actor=Actor("staff", None, "Casey"), location_id=place, now=handed_at)
