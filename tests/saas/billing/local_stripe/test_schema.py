"""Honesty: what the library doesn't know is a 400, what isn't modelled a 501, an answer that doesn't fit a fault."""

from __future__ import annotations

from typing import get_args, get_origin

import pytest
import requests
import stripe

from saas.billing.local_stripe import answer_check, calls, form_encoding, schema_check, sdk_types
from saas.billing.local_stripe.faults import Fault, NotModelled
from tests.saas.billing.local_stripe.conftest import client_for


def call(stand_in, method, path, *, key="sk_test_demo", **form):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return requests.request(method, stand_in.url + path, data=form, headers=headers, timeout=20)


def test_the_library_is_read():
    routes = sdk_types.routes()
    assert len(routes) > 500
    assert sdk_types.params_of(routes[("post", "/v1/customers")]) is stripe.params.CustomerCreateParams
    for route in routes.values():
        params = sdk_types.params_of(route)
        assert params is None or isinstance(sdk_types.fields(params), dict)


def test_every_modelled_parameter_is_one_that_stripe_has(stand_in):
    """A parameter that a new version of the library renames or drops turns this red."""
    assert len(calls.CALLS) > 90
    for (method, path), modelled in calls.CALLS.items():
        route = sdk_types.routes()[(method, path)]
        params = sdk_types.params_of(route)
        for fault in _unknown(params, modelled.models, f"{method} {path}"):
            assert fault.split(": ")[1] in calls.PAGING.split(), fault


def _unknown(hint, models, path):
    """The names in a tree of modelled parameters that the library's types don't know."""
    if "*" in models:
        return
    choices = schema_check._choices(hint) if hint else []
    inner = [get_args(choice)[-1] for choice in choices if get_origin(choice) in (list, dict)]
    if inner:
        yield from _unknown(inner[0], models, path)
        return
    found = [choice for choice in choices if isinstance(choice, type) and issubclass(choice, dict)]
    known = sdk_types.fields(found[0]) if found else {}
    for name, below in models.items():
        if name not in known:
            yield f"{path}: {name}"
        else:
            yield from _unknown(known[name], below, f"{path} {name}")


def test_a_renamed_parameter_is_found():
    params = sdk_types.params_of(sdk_types.routes()[("post", "/v1/subscriptions")])
    wrong = schema_check.modelled("customer items[price count] trial_settings[end_behavior[missing_card]]")
    assert list(_unknown(params, wrong, "x")) == [
        "x items: count",
        "x trial_settings end_behavior: missing_card",
    ]


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"address[planet]": "x"}, "parameter_unknown", "address[planet]"),
        ({"balance": "much"}, "parameter_invalid_integer", "balance"),
        ({"tax_exempt": "maybe"}, None, "tax_exempt"),
        ({"preferred_locales": "sv"}, None, "preferred_locales"),
        ({"email[at]": "x"}, None, "email"),
        ({"balance": ""}, "parameter_invalid_empty", "balance"),
    ],
)
def test_unknown_and_wrong_parameters(stand_in, form, code, param):
    answer = call(stand_in, "POST", "/v1/customers", **form)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert (error.get("code"), error["param"]) == (code, param)


def test_missing_parameters_and_addresses(stand_in):
    missing = call(stand_in, "POST", "/v1/products")
    assert missing.json()["error"]["code"] == "parameter_missing"
    assert call(stand_in, "GET", "/v1/nothing").status_code == 404
    assert call(stand_in, "GET", "/v1/customers/cus_none").status_code == 404
    assert call(stand_in, "GET", "/v1/customers/prod_none").json()["error"]["code"] == "resource_missing"


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/v1/topups", {"amount": 1, "currency": "eur"}),
        ("/v1/customers", {"cash_balance[settings][reconciliation_mode]": "manual"}),
        ("/v1/subscriptions", {"customer": "cus_1", "items[0][plan]": "gold"}),
    ],
)
def test_what_is_not_modelled_is_said(stand_in, path, form):
    answer = call(stand_in, "POST", path, **form)
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "not_modelled")


def test_keys(stand_in):
    assert call(stand_in, "GET", "/v1/customers", key="").status_code == 401
    assert call(stand_in, "GET", "/v1/customers", key="sk_live_1234").status_code == 401
    assert call(stand_in, "GET", "/v1/customers", key="rk_test_1234").status_code == 200
    basic = requests.get(stand_in.url + "/v1/customers", auth=("sk_test_demo", ""), timeout=20)
    assert basic.status_code == 200
    old = requests.get(
        stand_in.url + "/v1/customers",
        headers={"Authorization": "Bearer sk_test_demo", "Stripe-Version": "2020-08-27"},
        timeout=20,
    )
    assert old.status_code == 501


def test_checked_requests_are_counted(stand_in, api):
    before = stand_in.checked_requests
    api.customers.create({})
    api.customers.list({})
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.create({"colour": "red"})
    assert stand_in.checked_requests == before + 2
    assert stand_in.checked["post /v1/customers"] == 1


def test_values_come_out_typed():
    params = sdk_types.params_of(sdk_types.routes()[("post", "/v1/subscriptions")])
    raw = form_encoding.decode(
        "customer=cus_1&items[0][price]=price_1&items[0][quantity]=2&trial_end=now&metadata[a]=1&off_session=true"
    )
    values = schema_check.check(params, raw, schema_check.EVERYTHING)
    assert values == {
        "customer": "cus_1",
        "items": [{"price": "price_1", "quantity": 2}],
        "trial_end": "now",
        "metadata": {"a": "1"},
        "off_session": True,
    }
    with pytest.raises(NotModelled, match=r"items\[0\]\[quantity\]"):
        schema_check.check(
            params, raw, schema_check.modelled("customer items[price] trial_end metadata off_session")
        )
    with pytest.raises(Fault, match="unknown parameter: items"):
        schema_check.check(params, form_encoding.decode("items[0][colour]=red"), schema_check.EVERYTHING)


COUPON = {
    "id": "half",
    "object": "coupon",
    "created": 1,
    "duration": "once",
    "livemode": False,
    "percent_off": 50.0,
    "times_redeemed": 0,
    "valid": True,
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": "red"}, "coupon.colour is unknown"),
        ({"duration": "sometimes"}, "coupon.duration is 'sometimes'"),
        ({"percent_off": "50"}, "coupon.percent_off is '50'"),
        ({"valid": None}, "coupon.valid is null"),
        ({"object": "voucher"}, "unknown object"),
        ({"times_redeemed": [1]}, "is a list"),
        ({"livemode": 0}, "coupon.livemode is 0"),
    ],
)
def test_answers_must_fit_the_librarys_classes(change, words):
    assert answer_check.complete(COUPON)["amount_off"] is None
    with pytest.raises(answer_check.Misfit, match=words):
        answer_check.complete({**COUPON, **change})
    with pytest.raises(answer_check.Misfit, match="duration is missing"):
        answer_check.complete({name: value for name, value in COUPON.items() if name != "duration"})


def test_expansion(api):
    customer = api.customers.create({"payment_method": "pm_card_visa"})
    found = api.customers.retrieve(customer.id, {"expand": ["subscriptions", "tax_ids", "sources", "tax"]})
    assert found.subscriptions.data == found.tax_ids.data == found.sources.data == []
    method = api.payment_methods.list({"customer": customer.id, "expand": ["data.customer"]}).data[0]
    assert method.customer.id == customer.id
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        api.customers.retrieve(customer.id, {"expand": ["colour"]})


def test_lists_come_in_pages(api):
    made = [api.products.create({"name": f"Product {n}"}).id for n in range(5)][::-1]
    first = api.products.list({"limit": 2})
    assert ([p.id for p in first.data], first.has_more) == (made[:2], True)
    second = api.products.list({"limit": 2, "starting_after": made[1]})
    assert [p.id for p in second.data] == made[2:4]
    back = api.products.list({"limit": 2, "ending_before": made[4]})
    assert [p.id for p in back.data] == made[2:4]
    assert [p.id for p in api.products.list({"limit": 2}).auto_paging_iter()] == made
    with pytest.raises(stripe.InvalidRequestError):
        api.products.list({"limit": 101})


def test_idempotency(stand_in, api):
    options = {"idempotency_key": "key-1"}
    first = api.customers.create({"email": "a@example.com"}, options)
    again = api.customers.create({"email": "a@example.com"}, options)
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        api.customers.create({"email": "b@example.com"}, options)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        api.products.create({"name": "x"}, options)
    assert len(api.customers.list({}).data) == 1
    wrong = {"idempotency_key": "key-2"}
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.create({"colour": "red"}, wrong)
    assert api.customers.create({"name": "corrected"}, wrong).id


def test_a_declined_charge_is_replayed_too(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter, trial_period_days=14)
    shop.card("chargeCustomerFail")
    invoice = shop.api.invoice_items.create({"customer": shop.id, "amount": 500, "currency": "eur"})
    assert invoice.amount == 500
    shop.api.subscriptions.update(made.id, {"trial_end": "now"})
    invoice = shop.api.invoices.list({"subscription": made.id}).data[0]
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            shop.api.invoices.pay(invoice.id, {}, {"idempotency_key": "pay-1"})
    assert shop.api.invoices.retrieve(invoice.id).attempt_count == 2


def test_the_state_survives_a_restart(tmp_path):
    from saas.billing.local_stripe.server import StandIn

    with StandIn(tmp_path / "state.sqlite") as first:
        api = client_for(first).v1
        made = api.customers.create({"email": "a@example.com", "payment_method": "pm_card_visa"})
        api.invoice_items.create({"customer": made.id, "amount": 500, "currency": "usd"})
        invoice = api.invoices.finalize_invoice(api.invoices.create({"customer": made.id}).id)
    with StandIn(tmp_path / "state.sqlite") as second:
        api = client_for(second).v1
        assert api.customers.retrieve(made.id).email == "a@example.com"
        assert api.invoices.retrieve(invoice.id).hosted_invoice_url.startswith(second.url + "/invoice/")
