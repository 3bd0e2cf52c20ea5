"""How a host and a port are written, and where a browser of this machine finds them."""

import contextlib
import ipaddress


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def address(host: str, port: int) -> str:
    return f"http://{bracketed(reachable(host))}:{port}/"


def reachable(host: str) -> str:
    """Where a browser on this machine finds it: "all addresses" is none to go to."""
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        if address.is_unspecified:
            return "127.0.0.1" if address.version == 4 else "::1"
    return host
