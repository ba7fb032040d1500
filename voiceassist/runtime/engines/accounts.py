"""The system user of the stores when root starts them: Postgres refuses to run as uid 0."""

import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from voiceassist.runtime.engines.faults import EngineError

NAME = "voiceassist"


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the stores. `switch` says that a child must change to this user first."""

    uid: int
    gid: int
    switch: bool

    def own(self, *paths: Path) -> None:
        """Hand paths that the stores write to this user."""
        if self.switch:
            for path in paths:
                os.chown(path, self.uid, self.gid)


def store_account() -> Account:
    """The caller, or the system user `voiceassist` (created if needed) when the caller is root."""
    if os.getuid() != 0:
        refuse_nameless()
        return Account(os.getuid(), os.getgid(), switch=False)
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        entry = _create()
    return Account(entry.pw_uid, entry.pw_gid, switch=True)


def refuse_nameless() -> None:
    """Postgres asks the system for the name of its user and gives up without one."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        raise EngineError(
            f"The user id {os.getuid()} has no name on this system: start as a user that /etc/passwd knows."
        ) from None


def _create() -> pwd.struct_passwd:
    if sys.platform == "darwin":
        raise EngineError("On macOS the stack does not run as root: start it as an ordinary user.")
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", NAME], check=True, capture_output=True)
        return pwd.getpwnam(NAME)
    except (OSError, subprocess.CalledProcessError, KeyError):
        raise EngineError(
            f"The system user `{NAME}` could not be created: create it with `useradd --system {NAME}`, "
            "or start as an ordinary user."
        ) from None


def unreachable_folder(path: Path, account: Account) -> Path | None:
    """The first folder on the way to `path` that the account may not enter, if any."""
    for folder in reversed([path, *path.parents]):
        if not folder.exists():
            return None
        status = folder.stat()
        if status.st_uid == account.uid:
            allowed = status.st_mode & 0o100
        elif status.st_gid == account.gid:
            allowed = status.st_mode & 0o010
        else:
            allowed = status.st_mode & 0o001
        if not allowed:
            return folder
    return None
