"""The page of one coupon, which the views of coupons and of codes both answer with."""

from __future__ import annotations

from typing import Any

from flask import Response, g

from saas.web.render import render
from tenants.coupons import queries, words
from tenants.coupons.models import Coupon
from tenants.coupons.rules import Plan
from tenants.locations import queries as locations


def page_of(coupon: Coupon, refusal: str = "", status: int = 200) -> Response:
    """The page of a coupon; with a refusal it says why something wasn't done."""
    versions = queries.versions(coupon.id)
    return render(
        "tenants/coupons/show.html",
        status=status,
        coupon=coupon,
        refusal=refusal,
        did=queries.did([coupon.id])[coupon.id],
        sentence=sentence(coupon),
        in_force=said(versions[0].terms) if versions else "",
        has_changes=bool(versions) and versions[0].terms != coupon.draft,
        versions=[(version, said(version.terms)) for version in versions],
        batches=queries.batches(coupon.id),
    )


def places() -> dict[str, str]:
    return {str(location.id): location.name for location in locations.every()}


def known_names() -> dict[str, str]:
    """Names of what a coupon may speak of, by id."""
    return {**places(), **{str(coupon.id): coupon.name for coupon in queries.personal()}}


def sentence(coupon: Coupon) -> str:
    return said(coupon.draft)


def said(plan: dict[str, Any]) -> str:
    """A stored plan as a sentence."""
    return words.sentence(Plan.from_mapping(plan), g.merchant.currency, known_names())
