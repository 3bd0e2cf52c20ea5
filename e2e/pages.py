"""Every page that GET answers: who looks at it and what stands in its address; and what is no page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.factories.filled import Filled

Values = Callable[[Filled], dict[str, object]]


@dataclass(frozen=True)
class Visit:
    """One look at a page: `who` is anyone, owner, cashier, or a member by the stage of their card."""

    endpoint: str
    who: str
    values: Values = field(default=lambda filled: {})
    note: str = ""
    is_empty_shop: bool = False
    status: int = 200

    @property
    def name(self) -> str:
        return "-".join(filter(None, (self.endpoint, self.who, self.note)))


NO_PAGES = {
    "accounts.address_suggestion": "a fragment of the sign-up form",
    "api.openapi": "for machines",
    "billing.back": "leads to the billing page",
    "billing.leave": "leads to Stripe",
    "billing.pay": "leads to Stripe",
    "billing.subscribe": "leads to Stripe",
    "billing.switch": "asks Stripe: e2e/test_billing.py looks at it",
    "card.landed": "leads to the card",
    "card.logo": "a picture",
    "card.manifest": "a file for browsers",
    "card.reward_state": "a few characters for the card's script",
    "card.service_worker": "a script",
    "card.state": "a few characters for the card's script",
    "card.theme": "a stylesheet",
    "coupons.download": "a download",
    "counter.preview": "a fragment of the counter",
    "members.export": "a download",
    "previews.members": "a download",
    "products.export": "a download",
    "products.names": "a fragment of the editors",
    "products.import_refused": "a download",
    "programs.poster_pdf": "a download",
    "programs.qr": "a picture",
    "purchases.import_refused": "a download",
    "web.healthz": "for machines",
    "web.readyz": "for machines",
}


def _program(filled: Filled) -> dict[str, object]:
    return {"program_id": filled.program_id}


def _member(filled: Filled) -> dict[str, object]:
    return {"member_id": filled.members["ready"]}


def _segment(filled: Filled) -> dict[str, object]:
    return {"segment_id": filled.segment_id}


def _endpoint(filled: Filled) -> dict[str, object]:
    return {"endpoint_id": filled.webhooks["endpoint"]}


def _coupon(filled: Filled) -> dict[str, object]:
    return {"coupon_id": filled.coupons["coupon"]}


def _batch(filled: Filled) -> dict[str, object]:
    return {**_coupon(filled), "batch_id": filled.coupons["batch"]}


def _reward(filled: Filled) -> dict[str, object]:
    return {"reward_id": filled.reward_id}


VISITS = (
    Visit("merchants.landing", "anyone"),
    Visit("pricing.show", "anyone"),
    Visit("pricing.show", "anyone", lambda filled: {"interval": "year", "currency": "SEK"}, "yearly"),
    Visit("accounts.sign_up", "anyone"),
    Visit("accounts.log_in", "anyone"),
    Visit("accounts.forgotten", "anyone"),
    Visit("accounts.reset", "anyone", lambda filled: {"token": filled.tokens["reset"]}),
    Visit("accounts.reset", "anyone", lambda filled: {"token": "late"}, "late", status=404),
    Visit("accounts.confirm", "anyone", lambda filled: {"token": filled.tokens["confirm"]}),
    Visit("accounts.confirm", "anyone", lambda filled: {"token": "late"}, "late", status=404),
    Visit("accounts.show", "owner"),
    Visit("accounts.shops", "owner"),
    Visit("accounts.new_shop", "owner"),
    Visit("sessions.index", "owner"),
    Visit("invitations.accept", "anyone", lambda filled: {"token": filled.tokens["invitation"]}),
    Visit("invitations.accept", "anyone", lambda filled: {"token": "late"}, "late", status=404),
    Visit("mailbox.index", "anyone"),
    Visit("staff.index", "owner"),
    Visit("staff.show", "owner", lambda filled: {"staff_id": filled.staff_id}),
    Visit("stats.dashboard", "owner"),
    Visit("stats.dashboard", "owner", note="empty", is_empty_shop=True),
    Visit("stats.activity", "owner"),
    Visit("stats.activity", "owner", note="empty", is_empty_shop=True),
    Visit("members.index", "owner"),
    Visit("members.index", "owner", lambda filled: {"q": "nobody at all"}, "no-match"),
    Visit("members.index", "owner", note="empty", is_empty_shop=True),
    Visit("members.new", "owner"),
    Visit("members.show", "owner", _member),
    Visit("members.edit", "owner", _member),
    Visit("members.adjustments", "owner", _member),
    Visit("stock.index", "owner"),
    Visit("segments.index", "owner"),
    Visit("segments.index", "owner", note="empty", is_empty_shop=True),
    Visit("segments.edit", "owner", _segment),
    Visit("segments.new", "owner"),
    Visit("programs.index", "owner"),
    Visit("programs.index", "owner", note="empty", is_empty_shop=True),
    Visit("programs.new", "owner"),
    Visit("programs.show", "owner", _program),
    Visit("programs.show", "owner", lambda filled: {"program_id": filled.draft_id}, "draft"),
    Visit("programs.edit", "owner", _program),
    Visit("programs.publication", "owner", lambda filled: {"program_id": filled.draft_id}),
    Visit("programs.versions", "owner", _program),
    Visit("programs.new", "owner", lambda filled: {"template": "points"}, "points"),
    Visit("programs.show", "owner", lambda filled: {"program_id": filled.previews["tiers"]}, "tiers"),
    Visit("programs.edit", "owner", lambda filled: {"program_id": filled.previews["tiers"]}, "tiers"),
    Visit(
        "programs.publication", "owner", lambda filled: {"program_id": filled.previews["points"]}, "points"
    ),
    Visit(
        "previews.show",
        "owner",
        lambda filled: {"program_id": filled.draft_id, "preview_id": filled.previews["done"]},
    ),
    Visit(
        "previews.show",
        "owner",
        lambda filled: {"program_id": filled.program_id, "preview_id": filled.previews["running"]},
        "running",
    ),
    Visit("programs.poster", "owner", _program),
    Visit("coupons.index", "owner"),
    Visit("coupons.index", "cashier"),
    Visit("coupons.index", "owner", lambda filled: {"q": "nothing at all"}, "no-match"),
    Visit("coupons.index", "owner", note="empty", is_empty_shop=True),
    Visit("coupons.new", "owner"),
    Visit("coupons.new", "owner", lambda filled: {"template": "second"}, "template"),
    Visit("coupons.edit", "owner", _coupon),
    Visit("coupons.show", "owner", _coupon),
    Visit("coupons.show", "owner", lambda filled: {"coupon_id": filled.coupons["draft"]}, "draft"),
    Visit("coupons.show", "owner", lambda filled: {"coupon_id": filled.coupons["personal"]}, "personal"),
    Visit("coupons.codes", "owner", _coupon),
    Visit("coupons.codes", "owner", lambda filled: {"coupon_id": filled.coupons["draft"]}, "empty"),
    Visit("coupons.batch", "owner", _batch),
    Visit(
        "coupons.batch",
        "owner",
        lambda filled: {**_coupon(filled), "batch_id": filled.coupons["upload"]},
        "file",
    ),
    Visit("coupons.sheet", "owner", _batch),
    Visit("products.index", "owner"),
    Visit("products.index", "cashier"),
    Visit("products.index", "owner", lambda filled: {"q": "nothing at all"}, "no-match"),
    Visit("products.index", "owner", lambda filled: {"show": "excluded", "tag": "vegan"}, "excluded"),
    Visit("products.index", "owner", note="empty", is_empty_shop=True),
    Visit("products.new", "owner"),
    Visit("products.edit", "owner", lambda filled: {"product_id": filled.products["product"]}),
    Visit("products.import_index", "owner"),
    Visit("products.import_index", "owner", note="empty", is_empty_shop=True),
    Visit("products.import_show", "owner", lambda filled: {"upload_id": filled.products["report"]}),
    Visit(
        "products.import_show", "owner", lambda filled: {"upload_id": filled.products["upload"]}, "columns"
    ),
    Visit("purchases.import_index", "owner"),
    Visit("purchases.import_index", "owner", note="empty", is_empty_shop=True),
    Visit("purchases.import_show", "owner", lambda filled: {"import_id": filled.import_id}),
    Visit("purchases.import_show", "owner", lambda filled: {"import_id": filled.upload_id}, "columns"),
    Visit("settings.show", "owner"),
    Visit("settings.brand", "owner"),
    Visit("settings.locations", "owner"),
    Visit("settings.location", "owner", lambda filled: {"location_id": filled.location_id}),
    Visit("settings.new_location", "owner"),
    Visit("billing.show", "owner"),
    Visit("billing.keep", "owner"),
    Visit("billing.arrival", "owner"),
    Visit("api_keys.index", "owner"),
    Visit("api_keys.index", "owner", note="empty", is_empty_shop=True),
    Visit("api.docs", "anyone"),
    Visit("webhooks.index", "owner"),
    Visit("webhooks.index", "owner", note="empty", is_empty_shop=True),
    Visit("webhooks.new", "owner"),
    Visit("webhooks.show", "owner", _endpoint),
    Visit("webhooks.show", "owner", lambda filled: {**_endpoint(filled), "q": "nobody at all"}, "no-match"),
    Visit("webhooks.show", "owner", lambda filled: {"endpoint_id": filled.webhooks["off"]}, "off"),
    Visit("webhooks.edit", "owner", _endpoint),
    Visit(
        "webhooks.delivery",
        "owner",
        lambda filled: {**_endpoint(filled), "delivery_id": filled.webhooks["delivery"]},
    ),
    Visit("visits.index", "owner"),
    Visit("visits.index", "owner", note="empty", is_empty_shop=True),
    Visit("operator.log_in", "anyone"),
    Visit("operator.set_up", "anyone", lambda filled: {"token": filled.tokens["operator-link"]}),
    Visit("operator.set_up", "anyone", lambda filled: {"token": "late"}, "late", status=404),
    Visit("operator.two_factor", "operator-new"),
    Visit("operator.two_factor", "operator-half"),
    Visit("operator.shops", "operator"),
    Visit("operator.shops", "operator", lambda filled: {"q": "nobody at all"}, "no-match"),
    Visit("operator.shop", "operator", lambda filled: {"merchant_id": filled.merchant.id}),
    Visit("operator.events", "operator"),
    Visit("operator.events", "operator", lambda filled: {"q": "nothing at all"}, "no-match"),
    Visit("operator.event", "operator", lambda filled: {"event_id": filled.tokens["event"]}),
    Visit("operator.jobs", "operator"),
    Visit("operator.revenue", "operator"),
    Visit("operator.revenue_print", "operator"),
    Visit("operator.actions", "operator"),
    Visit("counter.show", "cashier"),
    Visit("counter.show", "owner", note="empty", is_empty_shop=True),
    Visit("counter.find", "cashier", lambda filled: {"q": "e"}),
    Visit("counter.find", "cashier", lambda filled: {"q": "nobody at all"}, "no-match"),
    Visit("counter.member", "cashier", _member),
    Visit("counter.entries", "cashier"),
    Visit("counter.entry", "cashier", lambda filled: {"entry_id": filled.entry_id}),
    Visit("counter.reward", "cashier", _reward),
    Visit("counter.new_member", "cashier"),
    Visit("counter.new_purchase", "cashier", lambda filled: {"member_id": filled.members["ready"]}),
    Visit("counter.new_purchase", "cashier", lambda filled: {"by": "lines"}, "lines"),
    Visit("counter.purchase", "cashier", lambda filled: {"purchase_id": filled.purchase_id}),
    Visit("counter.new_refund", "cashier", lambda filled: {"purchase_id": filled.purchase_id}),
    Visit("counter.switch", "cashier"),
    Visit("card.show", "anyone"),
    Visit("card.show", "anyone", note="empty", is_empty_shop=True),
    Visit("card.show", "fresh"),
    Visit("card.show", "half"),
    Visit("card.show", "almost"),
    Visit("card.show", "ready"),
    Visit("card.reward", "ready", _reward),
    Visit("card.past", "ready"),
    Visit("card.profile", "half"),
    Visit("card.recover", "anyone"),
    Visit("card.recovered", "anyone", lambda filled: {"token": filled.recovery}),
    Visit("card.number", "anyone", lambda filled: {"number": filled.number}),
    Visit("card.stamp_by_code", "anyone", lambda filled: {"token": filled.code}),
)
