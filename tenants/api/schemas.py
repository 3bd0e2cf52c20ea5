"""What schemas are made of: bodies and queries that refuse what they don't know, answers, pages, and common fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from saas.merchants.forms import plain

Language = Literal["en", "pt", "sv", "el", "fr", "es"]
MOST_LISTED = 100


class Body(BaseModel):
    """What is sent: unknown fields are refused, and no type is turned into another."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Nothing(Body):
    """No body, or an empty object."""


class Query(BaseModel):
    """Parameters of an address: unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(Query):
    """Where a list begins, and how much of it is wanted."""

    limit: Annotated[int, Field(ge=1, le=MOST_LISTED, description="How many at most.")] = 20
    cursor: Annotated[
        str | None, Field(min_length=1, max_length=500, description="The last answer’s `next_cursor`.")
    ] = None


class Answer(BaseModel):
    """What is answered; every field is always there."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Money(Body, Answer):
    """An amount of money in the currency’s smallest unit."""

    model_config = ConfigDict(extra="forbid", strict=True, from_attributes=True)

    amount_minor: Annotated[int, Field(ge=0, le=999_999_999_999, description="350 is €3.50, or ¥350.")]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217.")]


def _one_line(may_be_empty: bool) -> Callable[[str], str]:
    def check(text: str) -> str:
        line = plain(text)
        if not line and not may_be_empty:
            raise PydanticCustomError("blank", "Nothing can be read here.")
        return line

    return check


ONE_LINE = AfterValidator(_one_line(may_be_empty=False))
ONE_LINE_OR_NONE = AfterValidator(_one_line(may_be_empty=True))
Email = Annotated[EmailStr, Field(max_length=254)]


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


Moment = Annotated[
    dt.datetime, PlainSerializer(_utc, return_type=str), Field(json_schema_extra={"format": "date-time"})
]
