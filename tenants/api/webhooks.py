"""Endpoints of webhooks at the API: where the shop's own systems are told what happened."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal
from uuid import UUID

from flask import current_app, g
from pydantic import Field
from sqlalchemy import select

from saas.web.clock import utcnow
from saas.web.problems import Fault, Invalid
from tenants.api.cursors import page
from tenants.api.example_ids import ENDPOINT
from tenants.api.operation import Example, Resource
from tenants.api.schemas import ONE_LINE_OR_NONE, Answer, Body, Moment, PageQuery
from tenants.webhooks import addresses, forms, operations, queries, signing
from tenants.webhooks.catalogue import TYPES
from tenants.webhooks.models import Endpoint as Row

resource = Resource(
    "webhook_endpoints",
    "Webhook endpoints",
    "Addresses of the shop’s own that are told what happens, signed as Standard Webhooks says. What is sent is in the "
    "console’s log.",
)
Url = Annotated[
    str,
    Field(min_length=1, max_length=addresses.MOST_CHARACTERS, description="https, and of the open internet."),
]
Description = Annotated[str, Field(max_length=120), ONE_LINE_OR_NONE]
EventType = Literal[
    "member.joined", "units.earned", "units.redeemed", "units.reversed", "units.expired", "units.adjusted",
    "reward.issued", "reward.fulfilled", "purchase.committed", "purchase.refunded", "coupon.redeemed",
]  # fmt: skip
EventTypes = Annotated[list[EventType], Field(min_length=1, max_length=50)]


class WebhookEndpoint(Answer):
    """An address and what it is told. One that only fails for five days is switched off, and the owner gets a mail."""

    id: UUID
    url: str
    description: str
    event_types: list[EventType]
    is_enabled: bool
    disabled_reason: Literal["owner", "gone", "failing"] | None
    created_at: Moment


class WebhookEndpointPage(Answer):
    """Endpoints, the newest first."""

    data: list[WebhookEndpoint]
    next_cursor: str | None


class NewWebhookEndpoint(Body):
    """An endpoint to add; it is told what happens from now on."""

    url: Url
    description: Description = ""
    event_types: EventTypes


class WebhookEndpointChange(Body):
    """What to change; what is not sent stays."""

    url: Url = ""
    description: Description = ""
    event_types: EventTypes = Field(default_factory=list)


class WebhookSecret(Answer):
    """What signatures are checked with."""

    secret: str


class WebhookTest(Answer):
    """A test that is on its way."""

    delivery_id: UUID


TOLD: dict[str, Any] = {
    "id": ENDPOINT,
    "url": "https://till.example/hooks",
    "description": "Till",
    "event_types": ["member.joined", "reward.issued"],
    "is_enabled": True,
    "disabled_reason": None,
    "created_at": "2026-10-01T07:00:00Z",
}
OFF = {**TOLD, "is_enabled": False, "disabled_reason": "owner"}
ASKED = {"url": "https://till.example/hooks", "event_types": ["member.joined", "reward.issued"]}
SECRET = {"secret": "whsec_…"}


@resource.get(
    "/webhook-endpoints",
    "webhooks:read",
    "List endpoints",
    query=PageQuery,
    answer=WebhookEndpointPage,
    example=Example(answer={"data": [TOLD], "next_cursor": None}),
)
def index(query: PageQuery) -> WebhookEndpointPage:
    rows, cursor = page(select(Row), [Row.id], query)
    return WebhookEndpointPage(data=[_answer(row[0]) for row in rows], next_cursor=cursor)


@resource.get(
    "/webhook-endpoints/<uuid:endpoint_id>",
    "webhooks:read",
    "Get an endpoint",
    answer=WebhookEndpoint,
    example=Example(ids={"endpoint_id": ENDPOINT}, answer=TOLD),
)
def get(endpoint_id: UUID) -> WebhookEndpoint:
    return _answer(queries.get(endpoint_id))


@resource.post(
    "/webhook-endpoints",
    "webhooks:write",
    "Add an endpoint",
    body=NewWebhookEndpoint,
    answer=WebhookEndpoint,
    status=201,
    refusals=(operations.TooManyEndpoints,),
    example=Example(body=ASKED, answer={**TOLD, "description": ""}),
)
def create(body: NewWebhookEndpoint) -> WebhookEndpoint:
    """Its secret is another request’s answer, so that it is kept with no Idempotency-Key."""
    _check(body.url)
    kinds = _kinds(body.event_types)
    row = operations.add(g.merchant, body.url, body.description, kinds, g.api_key.name, utcnow())
    return _answer(row)


@resource.patch(
    "/webhook-endpoints/<uuid:endpoint_id>",
    "webhooks:write",
    "Change an endpoint",
    body=WebhookEndpointChange,
    answer=WebhookEndpoint,
    example=Example(
        ids={"endpoint_id": ENDPOINT},
        body={"description": "Till, old town"},
        answer={**TOLD, "description": "Till, old town"},
    ),
)
def update(endpoint_id: UUID, body: WebhookEndpointChange) -> WebhookEndpoint:
    row = queries.get(endpoint_id)
    sent: dict[str, Any] = {"url": row.url, "description": row.description, "event_types": row.event_types}
    sent |= body.model_dump(exclude_unset=True)
    if sent["url"] != row.url:
        _check(sent["url"])
    operations.change(endpoint_id, sent["url"], sent["description"], _kinds(sent["event_types"]))
    return get(endpoint_id)


@resource.get(
    "/webhook-endpoints/<uuid:endpoint_id>/secret",
    "webhooks:write",
    "Get an endpoint’s secret",
    answer=WebhookSecret,
    example=Example(ids={"endpoint_id": ENDPOINT}, answer=SECRET),
)
def secret(endpoint_id: UUID) -> WebhookSecret:
    row = queries.get(endpoint_id)
    service_key = current_app.extensions["regulars"].settings.secret_key
    return WebhookSecret(secret=signing.secret_of(service_key, row.id, row.secret_salt))


@resource.post(
    "/webhook-endpoints/<uuid:endpoint_id>/rotation",
    "webhooks:write",
    "Give an endpoint a new secret",
    answer=WebhookEndpoint,
    example=Example(ids={"endpoint_id": ENDPOINT}, answer=TOLD),
)
def rotate(endpoint_id: UUID) -> WebhookEndpoint:
    """The one before signs as well for a day."""
    return _answer(operations.rotate(endpoint_id, utcnow()))


@resource.post(
    "/webhook-endpoints/<uuid:endpoint_id>/disabling",
    "webhooks:write",
    "Switch an endpoint off",
    answer=WebhookEndpoint,
    example=Example(ids={"endpoint_id": ENDPOINT}, answer=OFF),
)
def disable(endpoint_id: UUID) -> WebhookEndpoint:
    operations.switch_off(endpoint_id, utcnow())
    return get(endpoint_id)


@resource.post(
    "/webhook-endpoints/<uuid:endpoint_id>/enabling",
    "webhooks:write",
    "Switch an endpoint on",
    answer=WebhookEndpoint,
    example=Example(ids={"endpoint_id": ENDPOINT}, answer=TOLD),
)
def enable(endpoint_id: UUID) -> WebhookEndpoint:
    """What waited goes on; what happened meanwhile is not told."""
    operations.switch_on(g.merchant, endpoint_id, utcnow())
    return get(endpoint_id)


@resource.post(
    "/webhook-endpoints/<uuid:endpoint_id>/test",
    "webhooks:write",
    "Send a test to an endpoint",
    answer=WebhookTest,
    status=202,
    example=Example(
        ids={"endpoint_id": ENDPOINT}, answer={"delivery_id": "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4c99"}
    ),
)
def test(endpoint_id: UUID) -> WebhookTest:
    return WebhookTest(delivery_id=operations.test(g.merchant, endpoint_id, utcnow()).id)


@resource.post(
    "/webhook-endpoints/<uuid:endpoint_id>/removal",
    "webhooks:write",
    "Remove an endpoint",
    answer=WebhookEndpoint,
    example=Example(ids={"endpoint_id": ENDPOINT}, answer=TOLD),
)
def remove(endpoint_id: UUID) -> WebhookEndpoint:
    """With its log. The answer is what it was."""
    found = get(endpoint_id)
    operations.remove(endpoint_id)
    return found


def _check(url: str) -> None:
    """Raise Invalid for an address that nothing may be sent to."""
    if words := forms.fault_of(url):
        raise Invalid([Fault(words, "not_an_address", pointer="/url")])


def _kinds(names: Collection[str]) -> list[str]:
    """Each once, in the catalogue's order."""
    return [name for name in TYPES if name in names]


def _answer(row: Row) -> WebhookEndpoint:
    return WebhookEndpoint.model_construct(
        **{name: getattr(row, name) for name in WebhookEndpoint.model_fields}
    )
