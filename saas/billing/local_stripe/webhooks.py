"""Webhook endpoints: where events are sent to, and the secret they are signed with."""

from __future__ import annotations

from urllib.parse import urlsplit

from .calls import PAGING, Call, answers, metadata, retrievable
from .faults import Fault, NotModelled
from .sdk_types import VERSION
from .store import Obj, Store

PATH = "/v1/webhook_endpoints"


@answers("post", PATH, "url enabled_events description metadata api_version")
def create(call: Call) -> Obj:
    """The only answer that carries the secret, as with Stripe."""
    if call.get("api_version", VERSION) != VERSION:
        raise NotModelled(f"events of version {call.params['api_version']}")
    store = call.store
    endpoint: Obj = {
        "id": store.new_id("we"),
        "object": "webhook_endpoint",
        "api_version": call.get("api_version"),
        "created": store.now(),
        "description": call.get("description") or None,
        "enabled_events": call.params["enabled_events"],
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": _address(call.params["url"]),
        "_secret": store.new_id("whsec", 32),
    }
    metadata(endpoint, call.get("metadata"))
    store.add(endpoint)
    return {**endpoint, "secret": endpoint["_secret"]}


@answers("post", PATH + "/{webhook_endpoint}", "url enabled_events description metadata disabled")
def update(call: Call) -> Obj:
    endpoint = call.store.live("webhook_endpoint", call.id)
    if "url" in call.params:
        endpoint["url"] = _address(call.params["url"])
    for name in ("enabled_events", "description"):
        if name in call.params:
            endpoint[name] = call.params[name] or None
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    metadata(endpoint, call.get("metadata"))
    return endpoint


@answers("get", PATH, PAGING)
def index(call: Call) -> Obj:
    return call.page(call.store.select("webhook_endpoint"))


@answers("delete", PATH + "/{webhook_endpoint}")
def delete(call: Call) -> Obj:
    endpoint = call.store.live("webhook_endpoint", call.id)
    endpoint |= {"deleted": True, "status": "disabled"}
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


retrievable("webhook_endpoint", PATH + "/{webhook_endpoint}")


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Fault(
            "Invalid URL: An explicit scheme (such as https) must be provided.",
            code="url_invalid",
            param="url",
        )
    return url


def listen(store: Store, url: str, secret: str) -> None:
    """Send every event to an address under a secret that both sides know; the one from before is moved."""
    found = next((one for one in store.select("webhook_endpoint") if one["metadata"].get("kept")), None)
    if found is None:
        found = store.add(
            {
                "id": store.new_id("we"),
                "object": "webhook_endpoint",
                "api_version": None,
                "created": store.now(),
                "description": "Regulars",
                "livemode": False,
                "metadata": {"kept": "1"},
            }
        )
    found |= {"enabled_events": ["*"], "status": "enabled", "url": _address(url), "_secret": secret}
