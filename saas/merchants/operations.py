"""A merchant's row in the registry: entered once, under a slug that nobody else has."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from saas.db import db, new_id
from saas.merchants import categories, defaults
from saas.merchants.models import Merchant
from saas.merchants.registry import Record, record
from saas.web.i18n import LANGUAGES
from saas.web.refusals import Refusal


@dataclass(frozen=True)
class Details:
    """What a sign-up says of the shop; an empty value is guessed from the name or the country."""

    name: str
    country: str
    language: str
    slug: str = ""
    category: str = ""
    currency: str = ""
    time_zone: str = ""


class SlugTaken(Refusal):
    """Somebody else has the address, or it is one of the service's own."""


class SlugNotWellFormed(Refusal):
    """The address holds something else than small letters, digits and dashes, or is too short or too long."""


def enter(details: Details, schema_name: str, now: dt.datetime) -> Record:
    """Enter a merchant; a typed slug may raise SlugTaken or SlugNotWellFormed, a guessed one counts on.

    The unique key decides between two who want one slug: the second waits for the first one's commit.
    """
    for slug in [typed(details.slug)] if details.slug else candidates(details.name):
        merchant = _insert(details, slug, schema_name, now)
        if merchant is not None:
            return record(merchant)
    raise SlugTaken(_("The address “%(slug)s” is taken. Please choose another one.", slug=details.slug))


def typed(text: str) -> str:
    """A slug as typed, in small letters; refused when it could not stand in an address."""
    slug = text.strip().lower()
    if not defaults.SLUG.fullmatch(slug):
        raise SlugNotWellFormed(
            _("Use 3 to 40 small letters a–z, digits and dashes for the address, no dash at the ends.")
        )
    if is_reserved(slug):
        raise SlugTaken(_("The address “%(slug)s” is taken. Please choose another one.", slug=slug))
    return slug


def candidates(name: str) -> Iterator[str]:
    """Slugs for a name, the plainest first; the last one is as good as certainly free."""
    slug = defaults.slug_of(name)
    if not is_reserved(slug):
        yield slug
    for number in range(2, 30):
        yield defaults.numbered(slug, number)
    yield defaults.numbered(slug, secrets.randbelow(10**8) + 10**8)


def suggestion(name: str) -> str:
    """The first free slug for a name, as things stand."""
    slugs = list(candidates(name))
    taken = set(db.session.scalars(select(Merchant.slug).where(Merchant.slug.in_(slugs))))
    return next(slug for slug in slugs if slug not in taken)


def is_reserved(slug: str) -> bool:
    """Whether it is a word of the service, or the first part of one of its addresses."""
    first_parts = {rule.rule.split("/")[1] for rule in current_app.url_map.iter_rules()}
    return slug in defaults.RESERVED or slug in first_parts


def _insert(details: Details, slug: str, schema_name: str, now: dt.datetime) -> Merchant | None:
    language = details.language if details.language in LANGUAGES else "en"
    statement = (
        insert(Merchant)
        .values(
            id=new_id(),
            slug=slug,
            schema_name=schema_name,
            name=details.name,
            category=details.category or categories.guess(details.name),
            country=details.country,
            currency=details.currency or defaults.currency_of(details.country),
            time_zone=details.time_zone or defaults.time_zone_of(details.country),
            language=language,
            languages=[language, *(code for code in LANGUAGES if code != language)],
            status="active",
            brand_colour="#0f766e",
            member_contact="any",
            is_contact_required=False,
            is_counter_code_on=True,
            is_member_code_on=True,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Merchant.slug])
        .returning(Merchant)
    )
    return db.session.scalar(statement)


def mark_poster_printed(merchant_id: uuid.UUID, now: dt.datetime) -> None:
    """Remember when the poster was first printed; later times change nothing."""
    db.session.execute(
        update(Merchant)
        .where(Merchant.id == merchant_id, Merchant.poster_printed_at.is_(None))
        .values(poster_printed_at=now)
    )
