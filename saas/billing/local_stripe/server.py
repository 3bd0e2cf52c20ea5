"""The stand-in as a server of its own: started in a thread, on a free port of 127.0.0.1 or a given one."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from typing import Any

from flask import Flask, g, request
from flask_babel import Babel
from jinja2 import StrictUndefined
from werkzeug.serving import make_server

from saas.config import ROOT
from saas.web import i18n, static, template_filters

from . import clocks, pages, webhooks
from .deliveries import DELAYS, Sender
from .standing import AFTER_RETRIES
from .store import Store

TICK = 1.0
log = logging.getLogger(__name__)


class StandIn:
    """`url` is what a StripeClient takes as its `api` address; the state lives in the file at `path`."""

    def __init__(
        self, path: Path, *, port: int = 0, after_retries: str = "cancel", delays: Iterable[float] = DELAYS
    ) -> None:
        if after_retries not in AFTER_RETRIES:
            raise ValueError(f"after_retries must be one of {', '.join(AFTER_RETRIES)}")
        self.store = Store(path)
        self.sender = Sender(self.store, delays)
        self._server = make_server("127.0.0.1", port, create_app(self), threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._move()
        self.store.set("after_retries", after_retries)
        self._stop = Event()
        self._threads = [
            Thread(target=self._server.serve_forever, args=(0.05,), name="local-stripe", daemon=True),
            Thread(target=self._tick, name="local-stripe-clock", daemon=True),
        ]

    def _move(self) -> None:
        """Pages that were named at another port are found at this one."""
        with self.store.transaction() as store:
            before = store.setting("url", self.url)
            if before != self.url:
                store.db.execute("UPDATE object SET body = replace(body, ?, ?)", (before, self.url))
            store.set("url", self.url)

    def start(self) -> StandIn:
        for thread in self._threads:
            thread.start()
        self.sender.start()
        return self

    def listen(self, url: str, secret: str) -> StandIn:
        """Send events to the app's webhook address, signed with the secret that the app is told."""
        with self.store.transaction() as store:
            webhooks.listen(store, url, secret)
        self.sender.wake()
        return self

    def stop(self) -> None:
        self._stop.set()
        self._server.shutdown()
        self.sender.stop()
        for thread in self._threads:
            thread.join(15)
        self._server.server_close()
        self.store.close()

    def __enter__(self) -> StandIn:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _tick(self) -> None:
        while not self._stop.wait(TICK):
            try:
                with self.store.transaction() as store:
                    happened = clocks.tick(store)
            except Exception:
                log.exception(
                    "the stand-in's time stands still"
                )  # its pages and its API go on, and say so as well
                continue
            if happened:
                self.sender.wake()

    def advance(self, seconds: int) -> int:
        """Move the time of all customers that have no test clock; answers how many things happened by that."""
        with self.store.transaction() as store:
            happened = clocks.advance_all(store, seconds)
        self.sender.wake()
        return happened

    @property
    def checked(self) -> dict[str, int]:
        """How many requests were checked against the library's types, by call."""
        with self.store.lock:
            return dict(self.store.db.execute("SELECT call, times FROM checked ORDER BY call").fetchall())

    @property
    def checked_requests(self) -> int:
        return sum(self.checked.values())


def create_app(stand_in: StandIn) -> Flask:
    """The web side: the API and the hosted pages, in our languages and under our content security policy."""
    modules = [
        import_module(f"{__package__}.{file.stem}")
        for file in sorted(Path(__file__).parent.glob("[a-z]*.py"))
    ]
    app = Flask("local_stripe", root_path=str(ROOT), template_folder="templates", static_folder=None)
    app.extensions["local_stripe"] = stand_in
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the provider that Flask has
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    i18n_pages(app)
    static.init(app, is_production=False)
    template_filters.init(app)
    app.jinja_env.globals.update(static=static.finder(is_production=False))
    pages.init(app)
    for module in modules:
        if hasattr(module, "bp"):
            app.register_blueprint(module.bp)
    return app


def i18n_pages(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "saas" / "translations")
    Babel(app, locale_selector=_locale)


def _locale() -> Any:
    asked = g.get("language") or request.args.get("locale")
    return (
        asked if asked in i18n.LANGUAGES else request.accept_languages.best_match(list(i18n.LANGUAGES), "en")
    )
