"""A PostgreSQL server of the project's own: programs from a Python wheel, data in a folder, one owner.

Invariants: at most one owner per folder; a postmaster left over by a killed owner is stopped before a new one starts;
no process is signalled before it was seen to be a postgres in this very folder.
"""

from saas.db.embedded.faults import AlreadyRunningError, DataFolderError, EmbeddedError
from saas.db.embedded.server import EmbeddedServer

__all__ = ["AlreadyRunningError", "DataFolderError", "EmbeddedError", "EmbeddedServer"]
