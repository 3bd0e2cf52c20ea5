"""A visit to the portal: whose it is, what they may do there, and where they go when they are done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from . import pages
from .store import Obj, Store
from .subscription_end import OVER


@dataclass
class Visit:
    """One request of a person who came by a portal session's address."""

    store: Store
    session: Obj
    customer: Obj
    features: Obj

    @property
    def token(self) -> str:
        return str(self.session["_token"])

    @property
    def flow(self) -> Obj | None:
        """What the visit is for, until it is done."""
        flow: Obj | None = self.session["flow"]
        return None if self.session.get("_is_done") else flow

    def subscriptions(self) -> list[Obj]:
        rows = self.store.select("subscription", customer=self.customer["id"])
        return [row for row in rows if row["status"] not in OVER]

    def subscription(self, id_: str) -> Obj:
        return next((row for row in self.subscriptions() if row["id"] == id_), None) or abort(404)

    def need(self, feature: str) -> Obj:
        """A feature that the configuration has switched on; else there is no such page."""
        found: Obj = self.features[feature]
        return found if found["enabled"] else abort(404)

    def to(self, endpoint: str, **values: Any) -> AnyResponse:
        return redirect(url_for(endpoint, token=self.token, **values), 303)

    def done(self, said: str) -> AnyResponse:
        """The way on after a change: as the flow says, else back to the portal's first page."""
        flow, self.session["_said"] = self.flow, said
        if flow is None:
            return self.to("portal_page.home")
        self.session["_is_done"] = True
        after = flow["after_completion"]
        if after["type"] == "redirect":
            return redirect(after["redirect"]["return_url"], 303)
        if after["type"] == "hosted_confirmation":
            return self.to("portal_page.confirmation")
        return self.to("portal_page.home")

    def show(self, name: str, *, status: int = 200, **context: Any) -> Response:
        after = (self.session["flow"] or {}).get("after_completion") or {}
        return pages.show(
            name,
            status=status,
            leads_to=((after.get("redirect") or {}).get("return_url"),),
            visit=self,
            token=self.token,
            customer=self.customer,
            features=self.features,
            back=self.session["return_url"] if self.flow else url_for("portal_page.home", token=self.token),
            **context,
        )


class Expired(Exception):
    """The session's hour is over."""


@contextmanager
def visit(token: str) -> Iterator[Visit]:
    """Find the session by its address; raises Expired, answers 404 for an address that never was."""
    with pages.desk() as store:
        session = pages.find(store, "billing_portal.session", token)
        pages.speak(session["locale"])
        if store.now() > session["_expires"]:
            raise Expired
        customer = store.live("customer", session["customer"])
        configuration = store.need("billing_portal.configuration", session["configuration"])
        yield Visit(store, session, customer, configuration["features"])


def expired(problem: Expired) -> Response:
    text = _("Go back to Regulars and open it again.")
    return pages.show("message", title=_("This page has expired"), text=text, back=None, status=410)
