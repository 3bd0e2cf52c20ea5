"""A migration history as SQL, by Alembic: the only module of the program that loads it."""

from __future__ import annotations

import io
from collections.abc import Iterable

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from saas.config import ROOT


def script(history: str) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations" / history).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def render(history: str, start: str | None, end: str = "head") -> str:
    """See saas.db.migrations.render."""
    directory = script(history)
    buffer = io.StringIO()

    def upgrade(revision: object, context: object) -> Iterable[object]:
        return directory._upgrade_revs(end, start or "base")

    with EnvironmentContext(
        Config(), directory, fn=upgrade, as_sql=True, starting_rev=start or "base", destination_rev=end
    ) as environment:
        environment.configure(
            dialect_name="postgresql",
            dialect_opts={"paramstyle": "named"},
            output_buffer=buffer,
            transactional_ddl=False,
            version_table="schema_version",
        )
        environment.run_migrations()
    return buffer.getvalue()
