"""Where a webhook may go: the shape of an address, and which network addresses are public.

Pure: names are looked up in sending.py, which asks `is_public` of each answer and connects to that very answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

MOST_CHARACTERS = 500
GLOBAL_UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
# Public by their number, but inside a cloud's own machines; or wrapping another address (6to4, Teredo).
INNER = tuple(
    ip_network(text)
    for text in ("168.63.129.16/32", "192.88.99.0/24", "192.0.0.0/24", "2002::/16", "2001::/23", "3fff::/20")
)


@dataclass(frozen=True)
class Target:
    """An address taken apart; `path` is what stands in the request's first line."""

    is_tls: bool
    host: str
    port: int
    path: str


class NoTargetError(ValueError):
    """The text is no address that a webhook can go to; `reason` says why: scheme, user, host, port, shape."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(url: str, *, is_http_allowed: bool) -> Target:
    """Raises NoTargetError. Ports below 1024 other than the web's own are refused: other services listen there."""
    if len(url) > MOST_CHARACTERS or any(ord(char) <= 32 or ord(char) == 127 or char == "\\" for char in url):
        raise NoTargetError("shape")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NoTargetError("shape") from error
    if parts.scheme not in (("https", "http") if is_http_allowed else ("https",)):
        raise NoTargetError("scheme")
    if "@" in parts.netloc:
        raise NoTargetError("user")
    if "#" in url:
        raise NoTargetError("shape")
    number = port if port is not None else 443 if parts.scheme == "https" else 80
    if number not in (80, 443) and number < 1024:
        raise NoTargetError("port")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise NoTargetError("shape")
    return Target(parts.scheme == "https", _host(parts.hostname), number, path)


def _host(name: str | None) -> str:
    try:
        host = (name or "").encode("idna").decode("ascii")
    except UnicodeError as error:
        raise NoTargetError("host") from error
    if not host or host.startswith("."):
        raise NoTargetError("host")
    return host


def is_public(text: str, *, is_loopback_allowed: bool = False) -> bool:
    """Whether an address is one of the open internet: not this machine, this network, a cloud's own or a group's."""
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or (_last_four(address) if address in NAT64 else None)
        if inner is not None:
            return is_public(str(inner), is_loopback_allowed=is_loopback_allowed)
    if is_loopback_allowed and address.is_loopback:
        return True
    if isinstance(address, IPv6Address) and (address not in GLOBAL_UNICAST or address.scope_id):
        return False
    if any(address in network for network in INNER if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_link_local)


def _last_four(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)


def names_inner_machine(host: str) -> bool:
    """Whether a host is plainly none of the internet, by its text alone: an inner number, or a local name."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith((".localhost", ".local", ".internal", ".home.arpa")):
        return True
    try:
        return not is_public(name)
    except ValueError:
        return "." not in name
