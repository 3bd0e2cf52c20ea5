"""The two ways a shop is run: the console's and counter's forms without scripts, and the API."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from saas.db import db, transaction
from saas.merchants.registry import Record
from tenants.coupons.models import Coupon
from tenants.coupons.rules import Plan
from tenants.engine.mapping import to_mapping
from tenants.programs import terms
from tenants.programs.models import Program
from tests.factories import browser, cast
from tests.tenants.examples.stories import DELIVERY, GOODS, Setup, Step


class Shop:
    """A shop with a key for its API, and what was set up in it by name."""

    def __init__(self, app: Flask, merchant: Record, api: FlaskClient) -> None:
        self.app, self.merchant, self.api = app, merchant, api
        self.ids: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.automatic: set[str] = set()

    def asked(self, method: str, path: str, **sent: Any) -> Any:
        answer = self.api.open(f"/api/v1/{path}", method=method, **sent)
        assert answer.status_code in (200, 201), (path, answer.status_code, answer.text)
        return answer.json

    def log_in(self, role: str) -> FlaskClient:
        return cast.logged_in(self.app, self.merchant, role)

    def console(self, setup: Setup) -> str:
        room = "coupons" if setup.kind == "coupon" else "programs"
        return f"/console/{self.merchant.slug}/{room}"

    def by_name(self, value: Any) -> Any:
        """A value with {Name} replaced by that one's id."""
        text = json.dumps(value)
        for name, own in self.ids.items():
            text = text.replace(f"{{{name}}}", own)
        return json.loads(text)

    def terms(self) -> dict[str, Any]:
        """The engine's terms of what is set up, by name, with names for ids."""
        found = {}
        with self.app.app_context(), transaction(self.merchant.binding):
            for name, own in self.ids.items():
                if self.kinds[name] == "coupon":
                    draft = db.session.get_one(Coupon, uuid.UUID(own)).draft
                    found[name] = Plan.from_mapping(draft).to_mapping()
                else:
                    draft = db.session.get_one(Program, uuid.UUID(own)).draft
                    found[name] = to_mapping(terms.terms_of(draft))
        text = json.dumps(found, sort_keys=True)
        for name, own in self.ids.items():
            text = text.replace(own, f"{{{name}}}")
        return dict(json.loads(text))

    def keep(self, setup: Setup, own: str) -> None:
        self.ids[setup.name], self.kinds[setup.name] = own, setup.kind
        if setup.api.get("terms", {}).get("trigger") == "automatic":
            self.automatic.add(own)

    def statuses(self) -> set[str]:
        """Of everything, whatever it was set up by."""
        with self.app.app_context(), transaction(self.merchant.binding):
            rows = [*db.session.scalars(select(Program.status)), *db.session.scalars(select(Coupon.status))]
        return set(rows)


def set_up_by_forms(shop: Shop, setup: Setup) -> None:
    """The template's button, rows added, typed over, saved, opened again and saved as it stands, published."""
    owner, root = shop.log_in("owner"), shop.console(setup)
    page = owner.get(f"{root}/new?template={setup.template}" if setup.template else f"{root}/new")
    for row in setup.adds:
        form = browser.form_to(page, root)
        page = owner.post(f"{root}/preview", data={**form.fields, "add": row})
    saved = browser.send(owner, page, root, shop.by_name(setup.typed))
    assert saved.status_code == 303, saved.text
    shop.keep(setup, saved.location.rpartition("/")[2])
    again = browser.send(owner, owner.get(f"{saved.location}/edit"), "/edit")
    assert again.status_code == 303, again.text
    page = owner.get(
        f"{saved.location}/publication" if setup.kind != "coupon" else saved.location, follow_redirects=True
    )
    published = browser.send(owner, page, f"{urlsplit(saved.location).path}/publication")
    assert published.status_code == 303, published.text


def set_up_by_api(shop: Shop, setup: Setup) -> None:
    room = "coupons" if setup.kind == "coupon" else "programs"
    body: dict[str, Any] = {"name": setup.name}
    if setup.kind == "coupon":
        body["plan"] = shop.by_name(setup.api)
    else:
        body |= {"kind": setup.kind, "terms": shop.by_name(setup.api)}
    own = shop.asked("POST", room, json=body)["id"]
    shop.keep(setup, own)
    shop.asked("POST", f"{room}/{own}/publication")


def put_away(shop: Shop) -> None:
    """Archive all that is there, so that another story begins with nothing."""
    for name, own in shop.ids.items():
        room = "coupons" if shop.kinds[name] == "coupon" else "programs"
        shop.asked("POST", f"{room}/{own}/archive")
    shop.ids.clear()
    shop.kinds.clear()
    assert shop.statuses() <= {"archived"}


def basket(shop: Shop, member_id: str, step: Step) -> dict[str, Any]:
    """A purchase as a till sends it."""
    lines = [
        {"sku": sku, "name": GOODS[sku][0], "quantity": str(count), "unit_price_minor": GOODS[sku][2]}
        for sku, count in step.buys.items()
        if sku != DELIVERY
    ]
    if DELIVERY in step.buys:
        lines.append({"name": "Delivery", "unit_price_minor": step.buys[DELIVERY], "is_delivery": True})
    sent: dict[str, Any] = {"member_id": member_id, "currency": "EUR", "lines": lines}
    for sort, *what in step.uses:
        if sort == "code":
            sent.setdefault("coupon_codes", []).append(what[0])
        elif sort == "coupon":
            query = {"coupon_id": shop.ids[what[0]], "member_id": member_id, "state": "issued"}
            (code,) = shop.asked("GET", "coupon-codes", query_string=query)["data"]
            sent.setdefault("coupon_codes", []).append(code["code"])
        elif sort == "ready":
            query = {"member_id": member_id, "status": "issued"}
            ready = shop.asked("GET", "rewards", query_string=query)["data"]
            sent.setdefault("reward_ids", []).append(
                next(one["id"] for one in ready if one["name"] == what[0])
            )
        else:
            program, key, _name, units = what
            spend = {"program_id": shop.ids[program], "reward_key": key, "units": units}
            sent.setdefault("spend", []).append(spend)
    return sent


def buy_by_api(shop: Shop, member_id: str, step: Step) -> dict[str, Any]:
    """Quoted, then bought; the judgement of the purchase."""
    sent = basket(shop, member_id, step)
    quoted = shop.asked("POST", "purchases/quote", json=sent)
    bought = shop.asked("POST", "purchases", json={**sent, "expected_due_minor": step.pays})
    assert bought["judgement"] == quoted
    return dict(quoted)


def buy_by_forms(shop: Shop, member_id: str, step: Step) -> dict[str, Any]:
    """Entered at the counter, chosen for, bought; the judgement of the purchase that is stored."""
    cashier, root = shop.log_in("cashier"), f"/counter/{shop.merchant.slug}/purchases"
    page = cashier.get(f"{root}/new?by=lines&member_id={member_id}")
    for sku in (sku for sku in step.buys if sku != DELIVERY):
        page = browser.send(cashier, page, "/quotes", {"product": sku})
    counts = [str(count) for sku, count in step.buys.items() if sku != DELIVERY]
    typed: dict[str, Any] = {"quantity": counts, "product": ""}
    if DELIVERY in step.buys:
        typed["delivery"] = f"{step.buys[DELIVERY] / 100:.2f}"
    codes = [what[0] for sort, *what in step.uses if sort == "code"]
    page = browser.send(cashier, page, "/quotes", {**typed, "code": codes[:1]})
    for code in codes[1:]:
        before = browser.form_to(page, "/purchases").fields["code"]
        page = browser.send(cashier, page, "/purchases", {"code": [*before[:-1], code]}, to=f"{root}/quotes")
    chosen = dict(_chosen(browser.form_to(page, "/purchases"), step))
    if chosen:
        page = browser.send(cashier, page, "/purchases", chosen, to=f"{root}/quotes")
    quoted = browser.words(page)
    bought = browser.send(cashier, page, "/purchases")
    assert bought.status_code == 303, bought.text
    purchase = shop.asked("GET", f"purchases/{bought.location.rpartition('/')[2]}")
    said = browser.words(cashier.get(bought.location))
    euros = f"€{step.pays / 100:.2f}"
    assert f"To pay · Eleni {euros}" in quoted
    assert f"{euros} paid" in said
    assert not step.off or f"instead of €{(step.pays + step.paid_by_units + step.off) / 100:.2f}" in quoted
    for sentence in step.says:
        assert sentence in quoted
        assert sentence in said
    return dict(purchase["judgement"])


def _chosen(form: browser.Form, step: Step) -> Iterable[tuple[str, Any]]:
    for sort, *what in step.uses:
        if sort in ("ready", "coupon"):
            yield form.boxes[what[0]]
        elif sort == "redeem":
            name, value = form.boxes[what[2]]
            yield name, value
            yield f"units.{value}", str(what[3])
