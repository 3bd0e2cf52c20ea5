"""One delivery: what was sent, every attempt with its answer, and sending it again."""

from __future__ import annotations

from uuid import UUID

from flask import Response, abort, g
from flask_babel import gettext as _

from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.render import done, render
from saas.web.throttle import throttle
from tenants.webhooks import operations, queries, words
from tenants.webhooks.blueprint import bp
from tenants.webhooks.models import Delivery, WebhookEvent
from tenants.webhooks.signing import message_id

RESENDS_AN_HOUR = 300


@bp.get("/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>", endpoint="delivery")
@requires("settings.manage")
def show(endpoint_id: UUID, delivery_id: UUID) -> Response:
    """The body as it is sent, and what came back each time."""
    delivery, event = _found(endpoint_id, delivery_id)
    return render(
        "tenants/webhooks/delivery.html",
        endpoint=queries.get(endpoint_id),
        delivery=delivery,
        event=event,
        message_id=message_id(event.id),
        attempts=queries.attempts(delivery_id),
        words=words,
    )


@bp.post("/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/attempts", endpoint="send_again")
@requires("settings.manage")
def send_again(endpoint_id: UUID, delivery_id: UUID) -> Response:
    """Send it once more, under the id it has."""
    _found(endpoint_id, delivery_id)
    throttle("webhook-resend", str(g.merchant.id), RESENDS_AN_HOUR, 3600)
    operations.send_again(g.merchant, delivery_id, utcnow())
    message = _("It is on its way again. Reload this page in a moment to see what came back.")
    return done("webhooks.delivery", message, endpoint_id=endpoint_id, delivery_id=delivery_id)


def _found(endpoint_id: UUID, delivery_id: UUID) -> tuple[Delivery, WebhookEvent]:
    delivery, event = queries.delivery(delivery_id)
    if delivery.endpoint_id != endpoint_id:
        abort(404)
    return delivery, event
