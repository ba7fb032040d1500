"""What was ended before its time: sign-ins, keys, grants of applications, and all that a person holds.

A revocation is a key in Redis (the truth, kept for longer than anything it could concern lives) and a message (the
speed). Whoever holds a socket open listens and also asks again every second, so that a lost message costs a second and
no more (SPEC P2.7, N49). Names: the session's id, `key-<id>`, `app-<id>`, `user-<id>`.
"""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voiceassist.adapters.redis import PREFIX
from voiceassist.core.identity import Principal
from voiceassist.runtime.sessions import IDENTIFIER, store

if TYPE_CHECKING:
    from redis.asyncio import Redis

CHANNEL = f"{PREFIX}revoked"
# Voice sessions live an hour, access tokens five minutes.
KEPT_SECONDS = 7_200
LISTEN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever came in on the strength of a sign-in, key or grant; `since` is Unix time."""

    session_id: str
    user_id: str
    since: float

    @classmethod
    def of(cls, principal: Principal, since: float) -> "Holder":
        return cls(principal.session_id, str(principal.user_id or ""), since)

    @property
    def names(self) -> tuple[str, str]:
        return self.session_id, person(self.user_id)


class Revocations:
    def __init__(self, redis: "Redis", *, now: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._now = now

    async def revoke(self, *names: str) -> None:
        """From now on nothing holds that these gave before this moment. UnavailableError: nothing was revoked."""
        moment = repr(self._now())
        async with store(), self._redis.pipeline() as together:
            for name in names:
                together.set(f"{CHANNEL}:{name}", moment, ex=KEPT_SECONDS)
                together.publish(CHANNEL, name)
            await together.execute()

    async def ended(self, holders: Sequence[Holder]) -> list[bool]:
        """Of each, whether what it came in with has ended; UnavailableError where nobody can say."""
        if not holders:
            return []
        async with store(), self._redis.pipeline(transaction=False) as together:
            for holder in holders:
                together.mget([f"{CHANNEL}:{name}" for name in holder.names])
                together.exists(f"{PREFIX}session:{holder.session_id}")
            answers = await together.execute()
        return [
            _is_over(holder, moments, exists=bool(exists))
            for holder, moments, exists in zip(holders, answers[::2], answers[1::2], strict=True)
        ]

    async def heard(self) -> AsyncIterator[str | None]:
        """Names as they are revoked, and None now and then while it is quiet; ends with UnavailableError."""
        async with store(), self._redis.pubsub() as listening:
            await listening.subscribe(CHANNEL)
            while True:
                message = await listening.get_message(ignore_subscribe_messages=True, timeout=LISTEN_SECONDS)
                yield message["data"].decode() if message else None


def _is_over(holder: Holder, moments: Sequence[bytes | None], *, exists: bool) -> bool:
    if IDENTIFIER.fullmatch(holder.session_id) and not exists:
        return True  # signed out, or idle for too long
    return any(moment is not None and holder.since <= float(moment) for moment in moments)


def person(user_id: str) -> str:
    return f"user-{user_id}"


def key(key_id: object) -> str:
    return f"key-{key_id}"


def application(family_id: object) -> str:
    return f"app-{family_id}"
