"""What the doors of this room work with, made once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from functions.conversations.store import ROOM
from voiceassist.adapters.postgres import Database
from voiceassist.core import clock
from voiceassist.ports.auditing import Auditor
from voiceassist.runtime import providers
from voiceassist.runtime.encryption import KeysOfTenants
from voiceassist.runtime.settings import load_settings


@dataclass(frozen=True, slots=True)
class Kit:
    """`now` is the clock by which cases, rounds and notes end."""

    database: Database
    keyring: KeysOfTenants
    auditor: Auditor
    keep_days: int
    now: Callable[[], datetime] = field(default=clock.now)


@lru_cache(maxsize=1)
def kit() -> Kit:
    return Kit(providers.database(), providers.keyring(), providers.auditor(ROOM), load_settings().memory.keep_days)
