"""Why a line of the ledger is there: its stored reasons as sentences, in the words of the version that judged it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from saas.db import db
from tenants.programs import reasons
from tenants.programs.models import Entry, Program, ProgramVersion
from tenants.programs.reasons import Speech


def speeches(currency: str) -> dict[uuid.UUID, Speech]:
    """How the lines of each version speak: of stamps, points, the merchant's own unit, or money."""
    rows = db.session.execute(
        select(ProgramVersion.id, ProgramVersion.program_id, Program.kind, ProgramVersion.terms["words"])
        .join(Program, Program.id == ProgramVersion.program_id)
        .order_by(ProgramVersion.number)
    ).all()
    names: dict[str, str] = {}
    for _id, program_id, _kind, words in rows:
        for key, name in ((words or {}).get("tiers") or {}).items():
            names[f"{program_id}/{key}"] = names[key] = str(name)
    return {
        version_id: Speech(currency, kind, str((words or {}).get("unit") or ""), names)
        for version_id, _program_id, kind, words in rows
    }


def spoken(currency: str) -> dict[uuid.UUID, Speech]:
    """How each program that was ever published speaks by its latest version, by the program's id."""
    rows = db.session.execute(
        select(ProgramVersion.program_id, Program.kind, ProgramVersion.terms["words"])
        .join(Program, Program.id == ProgramVersion.program_id)
        .where(ProgramVersion.number == Program.version_number)
    ).all()
    return {
        program_id: Speech(currency, kind, str((words or {}).get("unit") or ""))
        for program_id, kind, words in rows
    }


def title(entry: Entry, speech: Speech) -> str:
    """The change in one word, signed."""
    if entry.units > 0:
        return _("+%(units)s", units=speech.units(entry.units))
    return _("−%(units)s", units=speech.units(-entry.units))


def sentence(entry: Entry, speech: Speech, known: Mapping[str, Any]) -> str:
    """The reasons of an entry, then where and when it was and by which rules; `known` names place, date,
    time and version."""
    said = reasons.why(entry.why, speech)
    if entry.location_id:
        where = _("At %(place)s on %(date)s at %(time)s. Rules version %(version)s.", **known)
    else:
        where = _("On %(date)s at %(time)s. Rules version %(version)s.", **known)
    time = str(known["time"])
    if time.endswith("."):  # as in Greek: “8:22 μ.μ.” ends a sentence by itself
        where = where.replace(f"{time}.", time)
    return f"{said} {where}"
