"""The way from sign-up to the first regulars: steps that are done when the facts say so, never by a click."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from saas.accounts.models import Invitation, Staff
from saas.db import db
from saas.merchants.models import Merchant
from tenants.members.models import Member
from tenants.programs.models import Entry, Program

OUR_COLOUR = Merchant.__table__.c.brand_colour.default.arg


@dataclass(frozen=True)
class Step:
    """One step. `name` is its key, `endpoint` where it is done."""

    name: str
    endpoint: str
    is_done: bool


@dataclass(frozen=True)
class PlatformFacts:
    """What the registry and the staff list say of the shop."""

    has_brand: bool
    has_poster: bool
    has_staff: bool


def platform_facts(merchant_id: uuid.UUID, now: dt.datetime) -> PlatformFacts:
    """Needs the platform's transaction."""
    colleagues = (
        select(func.count())
        .select_from(Staff)
        .where(Staff.merchant_id == merchant_id, Staff.removed_at.is_(None))
        .scalar_subquery()
    )
    invited = (
        select(Invitation.id)
        .where(Invitation.merchant_id == merchant_id, Invitation.revoked_at.is_(None))
        .where(or_(Invitation.accepted_at.is_not(None), Invitation.expires_at > now))
        .exists()
    )
    query = select(
        or_(Merchant.logo_version.is_not(None), Merchant.brand_colour != OUR_COLOUR),
        Merchant.poster_printed_at.is_not(None),
        or_(colleagues > 1, invited),
    ).where(Merchant.id == merchant_id)
    return PlatformFacts(*db.session.execute(query).one())


def steps(is_confirmed: bool, platform: PlatformFacts) -> list[Step]:
    """The steps in the order in which they make sense; needs the merchant's transaction."""
    published, member, stamp = db.session.execute(
        select(
            select(Program.id).where(Program.version_number > 0).exists(),
            select(Member.id).exists(),
            select(Entry.id).where(Entry.kind == "earn").exists(),
        )
    ).one()
    return [
        Step("email", "accounts.show", is_confirmed),
        Step("brand", "settings.brand", platform.has_brand),
        Step("program", "programs.index", published),
        Step("poster", "programs.index", platform.has_poster),
        Step("member", "members.new", member),
        Step("stamp", "counter.show", stamp),
        Step("staff", "staff.index", platform.has_staff),
    ]
