"""Addresses of webhooks: their shape, and that only the open internet is public."""

from __future__ import annotations

import pytest

from tenants.webhooks import addresses
from tenants.webhooks.addresses import NoTargetError, Target, is_public, names_inner_machine, parse


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", Target(True, "example.com", 443, "/")),
        ("https://Example.com:8443/a/b?c=d", Target(True, "example.com", 8443, "/a/b?c=d")),
        ("http://example.com/x", Target(False, "example.com", 80, "/x")),
        ("https://καφές.gr/", Target(True, "xn--ixah0a1bn.gr", 443, "/")),
        ("https://[2606:4700::1111]/", Target(True, "2606:4700::1111", 443, "/")),
    ],
)
def test_a_web_address_is_taken_apart(url, target):
    assert parse(url, is_http_allowed=True) == target


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com/", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("//example.com/", "scheme"),
        ("https://user:secret@example.com/", "user"),
        ("https://example.com@evil.example/", "user"),
        ("https://example.com:22/", "port"),
        ("https://example.com:25/", "port"),
        ("https://example.com:0/", "port"),
        ("https://example.com:99999/", "shape"),
        ("https://example.com:x/", "shape"),
        ("https://example.com/#part", "shape"),
        ("https://example.com/ path", "shape"),
        ("https://example.com/\r\nHost: inner", "shape"),
        ("https://example.com\\@inner/", "shape"),
        ("https://example.com/καφές", "shape"),
        ("https://[::1/", "shape"),
        ("https:///path", "host"),
        ("https://" + "a" * 64 + ".com/", "host"),
        ("https://example.com/" + "a" * 500, "shape"),
    ],
)
def test_anything_else_is_refused(url, reason):
    with pytest.raises(NoTargetError) as refused:
        parse(url, is_http_allowed=False)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "100.127.255.255", "192.0.0.192",
        "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255", "168.63.129.16", "192.88.99.1",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "4000::1", "3fff::1",
    ],
)  # fmt: skip
def test_inner_addresses_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.63.255.255", "100.128.0.1", "169.253.1.1", "2606:4700::1111",
     "::ffff:8.8.8.8", "64:ff9b::808:808"],
)  # fmt: skip
def test_addresses_of_the_internet_are(address):
    assert is_public(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_only_where_it_is_said(address):
    assert is_public(address, is_loopback_allowed=True)
    assert not is_public("10.0.0.1", is_loopback_allowed=True)
    assert not is_public("169.254.169.254", is_loopback_allowed=True)


@pytest.mark.parametrize(
    ("host", "is_inner"),
    [
        ("localhost", True), ("LOCALHOST.", True), ("x.localhost", True), ("db", True), ("printer.local", True),
        ("metadata.google.internal", True), ("10.0.0.1", True), ("::1", True), ("example.com", False),
        ("8.8.8.8", False), ("2606:4700::1111", False),
    ],
)  # fmt: skip
def test_names_that_are_plainly_inner(host, is_inner):
    assert names_inner_machine(host) is is_inner


def test_the_table_is_not_empty():
    assert addresses.INNER
