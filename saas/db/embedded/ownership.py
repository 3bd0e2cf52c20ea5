"""Who owns a data folder: a lock that the kernel drops when we die, and folders in /tmp that the next owner removes."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from saas.db.embedded.accounts import Account
from saas.db.embedded.faults import AlreadyRunningError

# A socket needs a short path that another account may enter; TMPDIR promises neither. mkdtemp is exclusive.
TEMPORARY_PREFIX = "/tmp/regulars-"  # noqa: S108


class Ownership:
    """`owner.lock` in a data folder: our number, and below it the folders in /tmp that are ours."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._lock: int | None = None
        self._temporary: list[Path] = []

    def take(self) -> None:
        """Hold `owner.lock` as long as we live: the kernel drops it when we die, however we die."""
        lock = os.open(self._data_dir / "owner.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(lock, 20).decode("ascii", "replace").partition("\n")[0] or "unknown"
            os.close(lock)
            raise AlreadyRunningError(
                f"Already running on {self._data_dir} (process {owner}): stop that one first, "
                "or choose another folder with REGULARS_DATA."
            ) from None
        self._lock = lock
        # Below the number stand the folders in /tmp of an owner that was killed before it could remove them.
        for line in os.read(lock, 4096).decode("ascii", "replace").splitlines()[1:]:
            if line.startswith(TEMPORARY_PREFIX) and ".." not in line:
                shutil.rmtree(line, ignore_errors=True)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)

    def private_folder(self, account: Account | None) -> Path:
        """A new folder with a short path that only the account (and root) can enter, removed by `release`."""
        folder = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX))
        self._temporary.append(folder)
        if self._lock is not None:
            os.lseek(self._lock, 0, os.SEEK_END)
            os.write(self._lock, f"{folder}\n".encode("ascii"))
        if account is not None:
            os.chown(folder, account.uid, account.gid)
        return folder

    def release(self) -> None:
        """Remove our folders and give the data folder free."""
        for folder in self._temporary:
            shutil.rmtree(folder, ignore_errors=True)
        self._temporary.clear()
        if self._lock is not None:
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None
