"""What others expect of Stripe: the scenarios that billing-e2e brings along, played against the stand-in."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from billing_e2e.runner import Runner
from billing_e2e.scenario import Config, load_scenario

from saas.billing.local_stripe.server import StandIn
from tests.saas.billing.local_stripe.conftest import client_for

SCENARIOS = sorted(Path(str(files("billing_e2e") / "scenarios")).glob("*.yml"))


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) == 5


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_stand_in_lives_up_to_it(path: Path, stand_in: StandIn) -> None:
    client = client_for(stand_in)
    product = client.v1.products.create({"name": "Starter"}).id
    price = {"product": product, "currency": "eur", "recurring": {"interval": "month"}}
    names = {
        "monthly_price": client.v1.prices.create({**price, "unit_amount": 2900}).id,
        "upgrade_price": client.v1.prices.create({**price, "unit_amount": 5900}).id,
    }
    with httpx.Client() as application:
        result = Runner(Config("sk_test_demo", vars=names), client, application).run(load_scenario(path))
    assert result.passed, (result.errors, [step for step in result.steps if not step.passed])
