"""A connection to the event log: WAL with synchronous=FULL, and what is said where the file cannot be used."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from voiceassist.core.errors import SettingsError

BUSY_MS = 30_000


def connect(path: Path) -> sqlite3.Connection:
    try:
        path.touch(mode=0o600)  # the WAL takes its mode from the database
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
        connection.execute("pragma synchronous=full")
        # Checkpoints happen when it is quiet (Writer); this is only the bound under steady load, about 64 MiB.
        connection.execute("pragma wal_autocheckpoint=16000")
    except (sqlite3.Error, OSError) as error:
        raise unusable(error) from None
    return connection


def unusable(error: sqlite3.Error | OSError) -> SettingsError:
    if isinstance(error, sqlite3.OperationalError | OSError):
        return SettingsError("The event log cannot be opened: no such folder, no space or no permission.")
    return SettingsError("The event log is damaged; restore it from a backup or move it away.")


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; whatever goes wrong, the next one can begin."""
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise
