"""The stand-in for Stripe beside a development run: whether one is needed, and what web and worker are told of it."""

import hashlib
import socket
import sys
from collections.abc import Mapping

from saas.supervisor.addresses import address
from saas.supervisor.child import Child


def needs_stand_in(environment: Mapping[str, str]) -> bool:
    """Whether plans are paid in play money: no key, not in production, not switched off, and no other stand-in."""
    named = ("STRIPE_SECRET_KEY", "REGULARS_STRIPE_URL", "REGULARS_BILLING")
    return environment["REGULARS_ENV"] != "production" and not any(environment.get(name) for name in named)


def stand_in_environment(environment: Mapping[str, str], port: int) -> dict[str, str]:
    """What web and worker are told of the stand-in: its address, and a secret for its events that they share."""
    key = environment.get("REGULARS_SECRET_KEY") or environment["REGULARS_DATA"]
    secret = hashlib.sha256(f"stand-in {key}".encode()).hexdigest()[:40]
    return {"REGULARS_STRIPE_URL": f"http://127.0.0.1:{port}", "STRIPE_WEBHOOK_SECRET": f"whsec_{secret}"}


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def with_stand_in(environment: dict[str, str], children: list[Child]) -> dict[str, str]:
    if not needs_stand_in(environment):
        return environment
    told = {**environment, **stand_in_environment(environment, free_port())}
    children.append(Child("stripe", _stand_in(told), told))
    return told


def _stand_in(environment: Mapping[str, str]) -> list[str]:
    host, port = environment["HOST"], environment["PORT"]
    command = [sys.executable, "-m", "saas.cli", "local-stripe", "--data", environment["REGULARS_DATA"]]
    command += ["--port", environment["REGULARS_STRIPE_URL"].rpartition(":")[2]]
    return [*command, "--webhook", f"{address(host, int(port))}webhooks/stripe"]
