"""Our plans at Stripe: a product each and a price for every currency and interval, found by their lookup keys."""

from __future__ import annotations

from saas.billing.gateway import Gateway, Obj, idempotency
from saas.billing.plans import PLANS, PRICES, Plan, Price

MOST_KEYS = 10  # that Stripe takes at a time
_ids: dict[tuple[str, str | None], dict[str, str]] = {}


def price_id(gateway: Gateway, lookup_key: str) -> str:
    """Stripe's id of a price; makes what is missing of the catalogue, so that nothing has to be set up by hand."""
    return price_ids(gateway)[lookup_key]


def price_ids(gateway: Gateway) -> dict[str, str]:
    """Every price's id by its lookup key, kept for the life of the process."""
    account = (gateway.billing.key, gateway.billing.api_url)
    if account not in _ids:
        ensure(gateway)
    return _ids[account]


def product_id(plan: Plan) -> str:
    """The product's id is ours, so that it is made once whoever makes it."""
    return f"regulars_{plan.code}"


def ensure(gateway: Gateway) -> list[str]:
    """Make products and prices that are missing or cost something else; answers what was done. Twice is harmless.

    A price can't be changed: a new one takes over the lookup key, and subscriptions keep the old one.
    """
    found: dict[str, Obj] = {}
    for start in range(0, len(PRICES), MOST_KEYS):
        asked = {"lookup_keys": list(PRICES)[start : start + MOST_KEYS], "active": True, "limit": 100}
        prices = gateway.ask(lambda api: api.prices.list, asked)
        found |= {price["lookup_key"]: price for price in prices["data"]}
    wrong = [price for key, price in PRICES.items() if not _is_right(found.get(key), price)]
    done: list[str] = []
    for plan in PLANS.values():
        if any(price.plan == plan.code for price in wrong):
            done += _ensure_product(gateway, plan)
    for price in wrong:
        found[price.lookup_key] = _create(gateway, price, found.get(price.lookup_key))
        done.append(f"price {price.lookup_key}")
    _ids[(gateway.billing.key, gateway.billing.api_url)] = {key: price["id"] for key, price in found.items()}
    return done


def forget() -> None:
    """Look again at the next need, as after the account was changed."""
    _ids.clear()


def _is_right(found: Obj | None, price: Price) -> bool:
    return found is not None and (found["unit_amount"], found["currency"], found["product"]) == (
        price.amount_minor,
        price.currency.lower(),
        product_id(PLANS[price.plan]),
    )


def _ensure_product(gateway: Gateway, plan: Plan) -> list[str]:
    listed = gateway.ask(lambda api: api.products.list, {"ids": [product_id(plan)]})
    if listed["data"]:
        return []
    params = {"id": product_id(plan), "name": f"Regulars {plan.name}", "metadata": {"plan": plan.code}}
    gateway.ask(lambda api: api.products.create, params, idempotency("product", params))
    return [f"product {plan.code}"]


def _create(gateway: Gateway, price: Price, before: Obj | None) -> Obj:
    params = {
        "product": product_id(PLANS[price.plan]),
        "currency": price.currency.lower(),
        "unit_amount": price.amount_minor,
        "recurring": {"interval": price.interval},
        "tax_behavior": "exclusive",
        "lookup_key": price.lookup_key,
        "transfer_lookup_key": True,
        "metadata": {"plan": price.plan},
    }
    once = idempotency(f"price:{before['id'] if before else 'first'}", params)
    return gateway.ask(lambda api: api.prices.create, params, once)
