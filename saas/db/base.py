"""The two families of tables: the platform's, which exist once, and a merchant's, which exist in every schema."""

from __future__ import annotations

import datetime as dt
import os
import time
import uuid
from typing import Any, ClassVar

from sqlalchemy import DateTime, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "pk": "%(table_name)s_pk",
    "fk": "%(table_name)s_%(column_0_name)s_fk",
    "uq": "%(table_name)s_%(column_0_N_name)s_uq",
    "ix": "%(table_name)s_%(column_0_N_name)s_ix",
    "ck": "%(table_name)s_%(constraint_name)s_ck",
}
TYPES: dict[Any, Any] = {dt.datetime: DateTime(timezone=True), dict[str, Any]: JSONB, list[str]: JSONB}


class PlatformBase(DeclarativeBase):
    """Tables of the schema `platform`; like a merchant's they name no schema, the transaction's search path does."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = TYPES


class TenantBase(DeclarativeBase):
    """Tables of each merchant's schema; they name no schema, the transaction's search path does."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = TYPES


def new_id() -> uuid.UUID:
    """A version 7 UUID (RFC 9562): 48 bits of milliseconds, then random, so that keys grow with time."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | (int.from_bytes(os.urandom(10), "big"))
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return uuid.UUID(int=value)
