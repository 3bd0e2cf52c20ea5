"""One request: what counts as delivered, what is never reached, and that it is over in time."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

import pytest

from tenants.webhooks import sending
from tests.tenants.webhooks.receiver import listening

HERE = Path(__file__).parent
HEADERS = {"webhook-id": "msg_1", "Content-Type": "application/json"}


def post(url, **options):
    options = {"is_loopback_allowed": True, "is_http_allowed": True, **options}
    return sending.post(url, '{"a":"Γειά"}', HEADERS, **options)


def test_a_message_arrives_as_it_is():
    with listening() as receiver:
        answer = post(receiver.url + "?from=regulars")
        assert (answer.outcome, answer.status_code, answer.text) == ("delivered", 200, "thank you")
        assert receiver.bodies == ['{"a":"Γειά"}'.encode()]
        assert receiver.paths == ["/hooks?from=regulars"]
        assert receiver.heard[0]["webhook-id"] == "msg_1"
        assert receiver.heard[0]["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    ("status", "outcome"), [(204, "delivered"), (404, "status"), (410, "status"), (500, "status")]
)
def test_the_status_decides(status, outcome):
    with listening() as receiver:
        receiver.status, receiver.answer = status, b""
        answer = post(receiver.url)
    assert (answer.outcome, answer.status_code) == (outcome, status)


def test_a_redirect_is_not_followed():
    with listening() as inner, listening() as receiver:
        receiver.status, receiver.headers = 307, {"Location": inner.url}
        answer = post(receiver.url)
        assert (answer.outcome, answer.status_code) == ("redirect", 307)
        assert inner.bodies == []


def test_the_environments_proxy_is_not_used(monkeypatch):
    with listening() as proxy, listening() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert post(receiver.url).outcome == "delivered"
        assert proxy.bodies == []


def test_a_private_address_is_not_reached():
    with listening() as receiver:
        answer = post(receiver.url, is_loopback_allowed=False)
        assert (answer.outcome, answer.status_code) == ("private", None)
        assert post(f"http://localhost:{receiver.port}/", is_loopback_allowed=False).outcome == "private"
        assert post(f"http://0x7f000001:{receiver.port}/", is_loopback_allowed=False).outcome == "private"
        assert post(f"http://127.1:{receiver.port}/", is_loopback_allowed=False).outcome == "private"
        assert receiver.bodies == []


def resolve(monkeypatch, *answers):
    """Let names lead to these lists of addresses, one list a look-up; counts look-ups by name."""
    asked, real = [], socket.getaddrinfo

    def fake(host, port, *args, **kwargs):
        if not str(host).endswith(".example"):
            return real(host, port, *args, **kwargs)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", fake)
    return asked


def test_one_inner_address_among_the_answers_refuses_all(monkeypatch):
    resolve(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    assert post("http://mixed.example/").outcome == "private"


def test_a_name_that_changes_its_mind_is_asked_once(monkeypatch):
    """DNS rebinding: the second look-up, which would lead inside, never takes place."""
    with listening() as receiver:
        asked = resolve(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
        assert post(f"http://rebinding.example:{receiver.port}/").outcome == "delivered"
        assert asked == ["rebinding.example"]
        assert receiver.heard[0]["host"] == f"rebinding.example:{receiver.port}"


def test_an_unknown_name_and_a_closed_port_are_outcomes(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/").outcome == "connection"
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert post("http://nowhere.example/").outcome == "name"


def test_silence_is_over_in_time():
    with listening() as receiver:
        receiver.manners = lambda handler: time.sleep(2)
        began = time.monotonic()
        answer = post(receiver.url, seconds=0.4)
    assert answer.outcome == "timeout"
    assert answer.seconds < 1.5
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("where", ["headers", "body"])
def test_an_answer_that_drips_is_cut(where):
    """Each byte is in time for the socket; all of them together are not."""

    def drip(handler):
        if where == "body":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        else:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _second in range(30):
            handler.wfile.write(b"a")
            handler.wfile.flush()
            time.sleep(0.1)

    with listening() as receiver:
        receiver.manners = drip
        answer = post(receiver.url, seconds=0.5)
    assert answer.outcome == "timeout"
    assert answer.seconds < 1.5


def test_a_long_answer_is_read_only_so_far():
    sent = [0]

    def flood(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while sent[0] < 64 * 1024 * 1024:
                handler.wfile.write(b"x" * 65536)
                sent[0] += 65536
        except OSError:
            return

    with listening() as receiver:
        receiver.manners = flood
        answer = post(receiver.url)
        assert answer.outcome == "delivered"
        assert len(answer.text) == sending.MOST_KEPT
    assert sent[0] < 32 * 1024 * 1024


@pytest.mark.parametrize("said", [b"", b"not HTTP at all\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_answer_is_an_outcome(said):
    with listening() as receiver:
        receiver.manners = lambda handler: handler.wfile.write(said)
        assert post(receiver.url).outcome in ("connection", "protocol")


def test_an_answer_of_any_bytes_can_be_kept():
    with listening() as receiver:
        receiver.answer = b"a\x00b\xff"
        assert post(receiver.url).text == "a�b�"


@pytest.fixture
def tls_server():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(HERE / "hooks.example.pem")
    return context


def test_a_certificate_must_be_trusted_and_the_hosts(monkeypatch, tls_server):
    resolve(monkeypatch, ["127.0.0.1"])
    trusting = ssl.create_default_context(cafile=str(HERE / "hooks.example.pem"))
    with listening(tls_server) as receiver:
        good, bad = (f"https://{host}:{receiver.port}/" for host in ("hooks.example", "other.example"))
        assert post(good, tls=trusting).outcome == "delivered"
        assert receiver.heard[0]["host"] == f"hooks.example:{receiver.port}"
        assert post(bad, tls=trusting).outcome == "tls"
        assert post(good).outcome == "tls"
        assert len(receiver.bodies) == 1


def test_a_handshake_that_never_comes_is_cut(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = post(f"https://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.4)
    assert answer.outcome == "timeout"
    assert answer.seconds < 1.5


def test_no_plain_http_where_it_is_not_allowed():
    with listening() as receiver:
        assert post(receiver.url, is_http_allowed=False).outcome == "address"
        assert receiver.bodies == []
