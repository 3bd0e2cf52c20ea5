"""A problem as a schema of the document; saas.web.problems writes what it describes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class FieldFault(BaseModel):
    """What is wrong with one field of the body (`pointer`, RFC 6901) or with one parameter."""

    model_config = ConfigDict(extra="forbid")

    detail: str
    code: str
    pointer: Annotated[str, Field(examples=["/terms/required"])] = ""
    parameter: Annotated[str, Field(examples=["limit"])] = ""


class Problem(BaseModel):
    """What went wrong (RFC 9457). `code` is for programs, `detail` for people."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[str, Field(json_schema_extra={"format": "uri"})]
    title: str
    status: int
    detail: str
    code: Annotated[str, Field(examples=["cooldown_running"])]
    request_id: str
    errors: list[FieldFault] = []
