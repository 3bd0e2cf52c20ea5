"""The page of one coupon, which the views of coupons and of codes both answer with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, g

from saas.web.render import render
from tenants.coupons import queries, words
from tenants.coupons.models import Coupon
from tenants.coupons.rules import Plan
from tenants.locations import queries as locations
from tenants.members import queries as members
from tenants.products import naming
from tenants.programs.telling import tier_names


def page_of(coupon: Coupon, refusal: str = "", status: int = 200) -> Response:
    """The page of a coupon; with a refusal it says why something wasn't done."""
    versions = queries.versions(coupon.id)
    said, *published = sentences([coupon.draft, *(version.terms for version in versions)])
    return render(
        "tenants/coupons/show.html",
        status=status,
        coupon=coupon,
        refusal=refusal,
        did=queries.did([coupon.id])[coupon.id],
        sentence=said,
        in_force=published[0] if published else "",
        has_changes=bool(versions) and versions[0].terms != coupon.draft,
        versions=list(zip(versions, published, strict=True)),
        batches=queries.batches(coupon.id),
    )


def places() -> dict[str, str]:
    return {str(location.id): location.name for location in locations.every()}


def people() -> dict[str, dict[str, str]]:
    """The tiers, segments and member tags that a coupon can be for."""
    return {
        "tiers": tier_names(None),
        "segments": {name: name for name in members.segment_names()},
        "member_tags": {name: name for name in members.tag_names()},
    }


def sentences(plans: Sequence[dict[str, Any]]) -> list[str]:
    """Stored plans as sentences; what they name is looked up once for all of them."""
    items = {plan["terms"]["benefit"].get("item", "") for plan in plans}
    read = [Plan.from_mapping(plan) for plan in plans]
    skus = {sku for plan in read for sku in words.skus_of(plan)}
    names = {**places(), **tier_names(None), **queries.names(items), **naming.names_of(skus)} if plans else {}
    return [words.sentence(plan, g.merchant.currency, names) for plan in read]
