"""What the embedded issuer remembers for minutes: open sign-ins, codes, access tokens. Memory only."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

SIGN_IN_SECONDS = 600
CODE_SECONDS = 60
ACCESS_SECONDS = 300
MAX_ENTRIES = 10_000

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Authorization:
    """A validated authorization request; `browser` is the value of the cookie that opened it."""

    redirect_uri: str
    state: str
    nonce: str
    scope: str
    code_challenge: str
    browser: str = ""


@dataclass(slots=True)
class Code:
    authorization: Authorization
    sub: str
    auth_time: int
    spent: bool = False
    access_token: str = field(default="")
    sid: str = field(default_factory=lambda: secrets.token_hex(16))


class Expiring(Generic[Value]):
    """A dictionary whose entries end by themselves and which cannot grow without bound."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._now = now
        self._entries: dict[str, tuple[float, Value]] = {}

    def put(self, key: str, value: Value) -> None:
        self._sweep()
        self._entries[key] = (self._now() + self._seconds, value)

    def get(self, key: str) -> Value | None:
        entry = self._entries.get(key)
        return entry[1] if entry and entry[0] > self._now() else None

    def drop(self, key: str) -> None:
        self._entries.pop(key, None)

    def _sweep(self) -> None:
        # Entries are in order of insertion and all live equally long, so the expired ones stand in front.
        while self._entries:
            oldest = next(iter(self._entries))
            if self._entries[oldest][0] > self._now() and len(self._entries) < MAX_ENTRIES:
                return
            del self._entries[oldest]
