"""Products at the API: list and search, get, add, change, archive and bring back."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from flask import g
from flask_babel import gettext as _
from pydantic import Field
from sqlalchemy import cast, select
from sqlalchemy.dialects.postgresql import TSQUERY

from saas.db import db
from saas.web.clock import utcnow
from saas.web.problems import Fault, Invalid
from tenants.api.cursors import page
from tenants.api.example_ids import PRODUCT, RETIRED
from tenants.api.operation import Example, Resource
from tenants.api.schemas import ONE_LINE, ONE_LINE_OR_NONE, Answer, Body, Moment, Money, PageQuery
from tenants.products import operations, queries, rules
from tenants.products.models import Product as Row

resource = Resource("products", "Products", "What the shop sells, as programs and coupons speak of it.")
Sku = Annotated[str, Field(min_length=1, max_length=rules.LONGEST_SKU), ONE_LINE]
Name = Annotated[str, Field(min_length=1, max_length=rules.LONGEST_NAME), ONE_LINE]
Category = Annotated[
    str,
    Field(max_length=rules.LONGEST_CATEGORY, description="With what stands above it: Drinks > Coffee."),
    ONE_LINE_OR_NONE,
]
Tag = Annotated[str, Field(min_length=1, max_length=rules.LONGEST_TAG), ONE_LINE]
Tags = Annotated[
    list[Tag], Field(max_length=rules.MOST_TAGS, description="Kept in small letters, each once.")
]


class Product(Answer):
    """Something that is sold. Its SKU stays, in whatever letters: tills and rules know it by that."""

    id: UUID
    sku: str
    name: str
    category: str
    tags: list[str]
    price: Money | None
    is_excluded_from_earning: bool
    is_excluded_from_redeeming: bool
    is_active: bool
    source: Literal["console", "import", "purchase", "api"]
    created_at: Moment
    updated_at: Moment


class ProductPage(Answer):
    """Products, those added last first."""

    data: list[Product]
    next_cursor: str | None


class ProductQuery(PageQuery):
    """Which products: all conditions hold together."""

    q: Annotated[str | None, Field(max_length=100, description="How words of the product begin.")] = None
    sku: Annotated[str | None, Field(max_length=rules.LONGEST_SKU)] = None
    category: Annotated[str | None, Field(max_length=rules.LONGEST_CATEGORY)] = None
    tag: Annotated[str | None, Field(max_length=rules.LONGEST_TAG)] = None
    is_active: bool | None = None


class NewProduct(Body):
    """A product to add."""

    sku: Sku
    name: Name
    category: Category = ""
    tags: Tags = Field(default_factory=list)
    price: Money | None = None
    is_excluded_from_earning: bool = False
    is_excluded_from_redeeming: bool = False


class ProductChange(Body):
    """What to change; what is not sent stays, null takes the price away."""

    name: Name = ""
    category: Category = ""
    tags: Tags = Field(default_factory=list)
    price: Money | None = None
    is_excluded_from_earning: bool = False
    is_excluded_from_redeeming: bool = False


FLAT_WHITE: dict[str, Any] = {
    "id": PRODUCT,
    "sku": "flat-white",
    "name": "Flat white",
    "category": "Coffee",
    "tags": ["hot"],
    "price": {"amount_minor": 350, "currency": "EUR"},
    "is_excluded_from_earning": False,
    "is_excluded_from_redeeming": False,
    "is_active": True,
    "source": "api",
    "created_at": "2026-10-01T07:00:00Z",
    "updated_at": "2026-10-01T07:00:00Z",
}
BEANS = {"sku": "beans-250", "name": "Beans, 250 g", "price": {"amount_minor": 1190, "currency": "EUR"}}


@resource.get(
    "/products",
    "products:read",
    "List and search products",
    query=ProductQuery,
    answer=ProductPage,
    example=Example(query={"q": "flat"}, answer={"data": [FLAT_WHITE], "next_cursor": None}),
)
def index(query: ProductQuery) -> ProductPage:
    statement = select(Row)
    if query.q is not None and (words := rules.wanted(query.q)):
        statement = statement.where(Row.words.bool_op("@@")(cast(words, TSQUERY)))
    if query.sku is not None:
        statement = statement.where(Row.sku_key == rules.sku_key(query.sku))
    if query.category is not None:
        statement = statement.where(Row.category == rules.one_line(query.category))
    if query.tag is not None:
        statement = statement.where(queries.has_tag(rules.one_line(query.tag)))
    if query.is_active is not None:
        statement = statement.where(Row.is_active == query.is_active)
    rows, cursor = page(statement, [Row.id], query)
    return ProductPage(data=[_answer(row[0]) for row in rows], next_cursor=cursor)


@resource.get(
    "/products/<uuid:product_id>",
    "products:read",
    "Get a product",
    answer=Product,
    example=Example(ids={"product_id": PRODUCT}, answer=FLAT_WHITE),
)
def get(product_id: UUID) -> Product:
    return _answer(queries.get(product_id))


@resource.post(
    "/products",
    "products:write",
    "Add a product",
    body=NewProduct,
    answer=Product,
    status=201,
    refusals=(operations.SkuTaken,),
    example=Example(body=BEANS, answer={**FLAT_WHITE, **BEANS, "category": "", "tags": []}),
)
def create(body: NewProduct) -> Product:
    return _answer(operations.add(_checked("sku", body.sku), _values(body.model_dump()), utcnow(), "api"))


@resource.patch(
    "/products/<uuid:product_id>",
    "products:write",
    "Change a product",
    body=ProductChange,
    answer=Product,
    example=Example(
        ids={"product_id": PRODUCT},
        body={"category": "Drinks > Coffee"},
        answer={**FLAT_WHITE, "category": "Drinks > Coffee"},
    ),
)
def update(product_id: UUID, body: ProductChange) -> Product:
    row, values = queries.get(product_id), _values(body.model_dump(exclude_unset=True))
    return _answer(operations.change(row, values, utcnow()) if values else row)


@resource.post(
    "/products/<uuid:product_id>/archive",
    "products:write",
    "Archive a product",
    answer=Product,
    example=Example(ids={"product_id": PRODUCT}, answer={**FLAT_WHITE, "is_active": False}),
)
def archive(product_id: UUID) -> Product:
    row = queries.get(product_id)
    operations.archive(product_id, utcnow())
    return _fresh(row)


@resource.post(
    "/products/<uuid:product_id>/restoration",
    "products:write",
    "Bring an archived product back",
    answer=Product,
    example=Example(ids={"product_id": RETIRED}, answer={**FLAT_WHITE, "id": RETIRED, "sku": "iced-tea"}),
)
def restore(product_id: UUID) -> Product:
    row = queries.get(product_id)
    operations.restore(product_id, utcnow())
    return _fresh(row)


def _fresh(row: Row) -> Product:
    db.session.refresh(row)
    return _answer(row)


def _values(sent: dict[str, Any]) -> dict[str, Any]:
    """The fields that were sent, as products keep them; raises Invalid."""
    sent.pop("sku", None)
    if "category" in sent:
        sent["category"] = _checked("category", sent["category"])
    if "tags" in sent:
        sent["tags"] = _checked("tags", ",".join(sent["tags"]))
    if "price" in sent:
        price = sent.pop("price")
        if price is not None and price["currency"] != g.merchant.currency:
            words = _("This shop’s currency is %(currency)s.", currency=g.merchant.currency)
            raise Invalid([Fault(words, "other_currency", pointer="/price/currency")])
        sent["price_minor"] = price["amount_minor"] if price else None
    return sent


def _checked(name: Literal["sku", "category", "tags"], text: str) -> Any:
    read = {"sku": rules.sku, "category": rules.category, "tags": rules.tags}[name]
    try:
        found = read(text)
    except rules.TooLongError:
        raise Invalid(
            [Fault(_("This is longer than can be kept."), "too_long", pointer=f"/{name}")]
        ) from None
    if name == "sku" and not found:
        raise Invalid([Fault(_("This must not be empty."), "blank", pointer="/sku")])
    return found


def _answer(row: Row) -> Product:
    names = Product.model_fields.keys() - {"price"}
    price = row.price_minor
    return Product.model_construct(
        **{name: getattr(row, name) for name in names},
        price=Money(amount_minor=price, currency=g.merchant.currency) if price is not None else None,
    )
