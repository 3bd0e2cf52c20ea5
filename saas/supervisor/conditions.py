"""What must be so before anything is started; each refusal says what to do."""

import errno
import socket
import time
from collections.abc import Mapping

import psycopg

OLDEST_POSTGRESQL = 15
PORT_SECONDS = 2.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class RunError(Exception):
    """The service can't run; the message says why and what to do."""


def require_secret(settings_env: Mapping[str, str], host: str) -> None:
    """Whoever knows the key can make counter codes and forms' tokens, and everybody knows the default."""
    if not settings_env.get("REGULARS_SECRET_KEY") and host not in LOOPBACK:
        raise RunError(
            f"HOST={host} lets other machines in, so give this one a key of its own first: "
            "export REGULARS_SECRET_KEY=$(openssl rand -hex 32)"
        )


def require_free_port(host: str, port: int) -> None:
    """Bind and let go; the grace is for the web server of a run that was killed a moment ago."""
    if not 0 < port < 65536:
        raise RunError(f"There is no port {port}: take one from 1024 to 65535, such as PORT=8000.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise RunError(f"There is no address {host} ({error}): check HOST.") from error
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
                return
            except PermissionError as error:
                raise RunError(f"No permission for port {port}: take one from 1024 on, PORT=8000.") from error
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise RunError(f"This machine has no address {host} to listen at: check HOST.") from error
                if time.monotonic() > deadline:
                    raise RunError(
                        f"Port {port} of {host} is in use: stop the program that listens there, "
                        f"or choose another port: PORT={port + 1} bin/run"
                    ) from error
        time.sleep(0.1)


def require_database(url: str) -> None:
    """One connection, so that a wrong DATABASE_URL is one line and not a child's traceback."""
    address = url.replace("postgres://", "postgresql://", 1).replace(
        "postgresql+psycopg://", "postgresql://", 1
    )
    try:
        with psycopg.connect(address, connect_timeout=10) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise RunError(f"No PostgreSQL answers, check DATABASE_URL: {reason}") from error
    if version < OLDEST_POSTGRESQL:
        raise RunError(f"DATABASE_URL is a PostgreSQL {version}; {OLDEST_POSTGRESQL} or newer is needed.")
