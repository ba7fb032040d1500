"""What has to be true before anything starts: the folders, the lock, the space, the secrets."""

import errno
import fcntl
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from voiceassist.runtime.engines.accounts import Account, unreachable_folder
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout

MIB = 1_048_576
FIRST_START_MIB = 1024  # cluster, write-ahead log, object volumes and models of a fresh installation
LATER_MIB = 256


@dataclass(slots=True)
class Lock:
    """One supervisor per data directory; the kernel frees it when that process ends, however it ends."""

    descriptor: int

    def release(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def make_folders(layout: Layout, account: Account) -> None:
    """Create the data directory and its private parts; raises EngineError when that cannot work."""
    refuse_little_space(layout)
    try:
        layout.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_foreign(layout)
        if account.switch:
            # The stores' account may walk in, nobody else.
            os.chown(layout.data, 0, account.gid)
            layout.data.chmod(0o750)
        for folder in (layout.logs, layout.broker, layout.issuer, layout.models):
            folder.mkdir(mode=0o700, exist_ok=True)
        layout.runtime.mkdir(mode=0o755, exist_ok=True)
        _make_run_folder(layout, account)
    except OSError as error:
        raise EngineError(cannot_write(layout.data, error)) from None
    for path in (layout.data, layout.run):
        closed = unreachable_folder(path, account)
        if closed is not None:
            raise EngineError(
                f"The stores run as the user `voiceassist`, which may not enter {closed}: "
                f"`chmod o+x {closed}`, or choose another place with --data."
            )


def refuse_little_space(layout: Layout) -> None:
    """A database that meets a full disk stops in the middle; better not to begin."""
    needed = LATER_MIB if layout.postgres.exists() else FIRST_START_MIB
    existing = next(path for path in (layout.data, *layout.data.parents) if path.exists())
    free = shutil.disk_usage(existing).free // MIB
    if free < needed:
        raise EngineError(
            f"Only {free} MiB are free where {layout.data} lies and {needed} are needed: "
            "free some space, or choose another place with --data."
        )


def refuse_foreign(layout: Layout) -> None:
    """Another user's installation would look empty, because its files are private."""
    try:
        owner = layout.data.stat().st_uid
    except FileNotFoundError:
        return
    except OSError as error:
        raise EngineError(cannot_write(layout.data, error)) from None
    if owner != os.getuid() and os.getuid() != 0:
        raise EngineError(
            f"{layout.data} belongs to another user: run as that user, or choose another place with --data."
        )


def take_lock(layout: Layout) -> Lock | None:
    """The lock of this data directory, or None when a supervisor holds it."""
    try:
        descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EngineError(cannot_write(layout.data, error)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return Lock(descriptor)


def _make_run_folder(layout: Layout, account: Account) -> None:
    """The sockets' folder; in a shared temp folder somebody else could have made it first."""
    layout.run.mkdir(mode=0o700, exist_ok=True)
    status = layout.run.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise EngineError(f"{layout.run} belongs to somebody else: remove it, or choose a shorter path with --data.")
    if account.switch:
        os.chown(layout.run, 0, account.gid)
        layout.run.chmod(0o710)


def cannot_write(path: Path, error: OSError) -> str:
    """The sentence about a disk that does not take our files."""
    if error.errno == errno.ENOSPC:
        return f"The disk is full where {path} lies: free some space, or choose another place with --data."
    return f"{path} cannot be written ({os.strerror(error.errno or 0)}): choose another place with --data."
