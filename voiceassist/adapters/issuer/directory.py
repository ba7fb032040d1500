"""The embedded issuer's people: password check in constant time, and lockout (SPEC P2.11, N43).

More than five failures within 15 minutes block that account from that address for an hour. Unknown
name, wrong password and blocked account cost one argon2id verification each and give one answer.
"""

import json
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

FAILURES_ALLOWED = 5
FAILURE_WINDOW_SECONDS = 15 * 60
BLOCK_SECONDS = 60 * 60
MAX_TRACKED = 10_000


class User(msgspec.Struct, frozen=True):
    sub: str
    username: str
    name: str
    email: str
    role: str
    profile: str
    password_hash: str


class Lockout:
    """Failures per (account, address) in this process; the oldest entries go first when it is full."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures: dict[tuple[str, str], deque[float]] = {}
        self._blocked_until: dict[tuple[str, str], float] = {}

    def blocked(self, account: str, address: str) -> bool:
        return self._blocked_until.get((account, address), 0.0) > self._now()

    def failed(self, account: str, address: str) -> None:
        key, moment = (account, address), self._now()
        failures = self._failures.setdefault(key, deque())
        failures.append(moment)
        while failures[0] < moment - FAILURE_WINDOW_SECONDS:
            failures.popleft()
        if len(failures) > FAILURES_ALLOWED:
            self._blocked_until[key] = moment + BLOCK_SECONDS
            failures.clear()
        _shorten(self._failures)
        _shorten(self._blocked_until)

    def succeeded(self, account: str, address: str) -> None:
        self._failures.pop((account, address), None)


def _shorten(memory: dict[tuple[str, str], Any]) -> None:
    while len(memory) > MAX_TRACKED:
        del memory[next(iter(memory))]


class Directory:
    """`users.json`, read again when it has changed: invited people register while the issuer runs."""

    def __init__(self, path: Path, *, lockout: Lockout | None = None) -> None:
        self._path = path
        self._read_at = 0
        self._by_name: dict[str, User] = {}
        self._by_sub: dict[str, User] = {}
        self._read()
        self._lockout = lockout or Lockout()
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash("nobody has this password")

    def _read(self) -> None:
        changed = self._path.stat().st_mtime_ns
        if changed == self._read_at:
            return
        entries = msgspec.convert(json.loads(self._path.read_bytes())["users"], list[User])
        self._by_name = {user.username: user for user in entries}
        self._by_sub = {user.sub: user for user in entries}
        self._read_at = changed

    def user(self, sub: str) -> User | None:
        self._read()
        return self._by_sub.get(sub)

    def check(self, username: str, password: str, address: str) -> User | None:
        """The user, or None for every kind of refusal; takes one argon2id verification (about 50 ms)."""
        self._read()
        account = username.strip().lower()[:256]
        user = self._by_name.get(account)
        matches = self._verified(user.password_hash if user else self._nobody, password)
        if self._lockout.blocked(account, address):
            return None
        if user is None or not matches:
            self._lockout.failed(account, address)
            return None
        self._lockout.succeeded(account, address)
        return user

    def _verified(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (Argon2Error, InvalidHashError):
            return False
