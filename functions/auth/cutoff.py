"""End sign-ins before their time: the record goes first, then whoever holds a socket open is told."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from voiceassist.runtime.revocation import Revocations, person
from voiceassist.runtime.sessions import Session, Sessions

if TYPE_CHECKING:
    from redis.asyncio import Redis


async def one(sessions: Sessions, redis: "Redis", user_id: str, session_id: str) -> bool:
    """End a session of a person; False where that person has no such session."""
    ended = await sessions.end(user_id, session_id)
    if ended:
        await Revocations(redis).revoke(session_id)
    return ended


async def told(redis: "Redis", session_id: str) -> None:
    """After a session was ended by its cookie: sockets that came by it must not outlive it."""
    await Revocations(redis).revoke(session_id)


async def others(sessions: Sessions, redis: "Redis", kept: Session) -> int:
    """End all sessions of a person but this one; how many."""
    names = [session.id for session, _ in await sessions.of_user(kept.user_id) if session.id != kept.id]
    return sum([await one(sessions, redis, kept.user_id, name) for name in names])


async def marked(sessions: Sessions, redis: "Redis", user_id: str, marks: Collection[str]) -> list[Session]:
    """End the sessions of a person that bear all these marks of their provider; which they were."""
    found = [session for session, _ in await sessions.of_user(user_id) if set(marks) <= set(session.upstream)]
    return [session for session in found if await one(sessions, redis, user_id, session.id)]


async def everything(sessions: Sessions, redis: "Redis", user_id: str) -> None:
    """Out at once, on every way: disabled, or with another role than before. Sockets and access tokens end, too.

    Keys and refresh tokens are looked up with the person's standing of that moment, so they need no end of their own.
    """
    for session, _ in await sessions.of_user(user_id):
        await sessions.end(user_id, session.id)
    await Revocations(redis).revoke(person(user_id))
