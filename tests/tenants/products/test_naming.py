"""Products by name: what is typed becomes SKUs, what is stored is said by name, and a line is completed."""

from __future__ import annotations

from sqlalchemy import select

from saas.db import db
from tenants.coupons.models import Coupon
from tenants.products import naming
from tests.factories.products import product
from tests.factories.purchases import POINTS, published
from tests.tenants.programs.test_kind_pages import sent


def test_names_and_skus_become_skus(bakery, within) -> None:
    with within(bakery):
        for sku, name in (
            ("C-1", "Ελληνικός καφές"),
            ("C-2", "Flat white"),
            ("X-1", "Twin"),
            ("X-2", "Twin"),
        ):
            product(sku, name=name)
        typed = ["ελληνικος καφες", "c-2", "Flat white", "Twin", "unknown"]
        assert naming.skus_of(typed) == ["C-1", "C-2", "Twin", "unknown"]
        assert naming.names_of(["C-1", "unknown"]) == {"sku/C-1": "Ελληνικός καφές"}
        assert naming.offered("Twin, ελλ") == [("Twin, Ελληνικός καφές", "C-1")]
        assert len(naming.offered("")) == 4


def test_editors_take_and_say_products_by_name(bakery, within, as_role) -> None:
    with within(bakery):
        product("C-2", name="Flat white")
        reward = {"key": "cup", "cost": 10, "benefit": {"kind": "free_item"}}
        free = {
            **reward,
            "benefit": {"kind": "free_item", "on": "goods", "target": {"products": {"any": ["C-2"]}}},
        }
        program = published({**POINTS, "rewards": [free]}, headline="Points")
    browser = as_role(bakery, "owner")
    found = browser.get(
        f"/console/{bakery.slug}/products/names?goods_products=fla", headers={"HX-Request": "true"}
    )
    assert '<option value="Flat white">C-2</option>' in found.text
    edit = f"/console/{bakery.slug}/programs/{program.id}/edit"
    more = {"rewards-0-goods": "flat WHITE", "rules-0-not_products": "Flat white"}
    form = {
        name: value for name, value in sent(browser.get(edit).text, **more).items() if "sample" not in name
    }
    assert browser.post(edit, data=form).status_code == 303
    with within(bakery):
        engine = db.session.get(type(program), program.id).draft["engine"]
        assert engine["rewards"][0]["benefit"]["target"]["products"]["any"] == ["C-2"]
        assert engine["rules"][0]["conditions"]["goods"]["products"]["none"] == ["C-2"]
    assert (
        "Not on Flat white." in browser.get(f"/console/{bakery.slug}/programs/{program.id}/publication").text
    )
    coupon = {
        "name": "One free",
        "kind": "free_item",
        "quantity": "1",
        "goods_products": "Flat white",
        "code": "FREE",
    }
    answer = browser.post(f"/console/{bakery.slug}/coupons", data=coupon)
    assert answer.status_code == 303
    assert "1 item of Flat white free" in browser.get(answer.headers["Location"]).text
    with within(bakery):
        stored = db.session.scalars(select(Coupon)).one().draft["terms"]["conditions"]["goods"]
        assert stored["products"]["any"] == ["C-2"]
