"""API keys of integrators: made for a person, shown once, ended at once."""

import asyncio
import secrets
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from events.catalog import KeyCreated, KeyRevoked
from functions.auth import key_store
from functions.auth.schema import ApiKey, MadeKey, NewKey
from voiceassist.adapters.postgres import Database
from voiceassist.core import clock
from voiceassist.core.errors import (
    ConflictError,
    FieldError,
    ForbiddenError,
    NotFoundError,
    UnavailableError,
    ValidationError,
)
from voiceassist.core.identity import Principal, Role, service
from voiceassist.ports.auditing import Act, Auditor, named
from voiceassist.runtime import logging, outbox, revocation, scopes, wiring
from voiceassist.runtime.credentials import KeyCache
from voiceassist.runtime.revocation import Revocations

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.get_logger(__name__)

PREFIX = "va_"
MOST_LIVING = 50
ROOM = "auth"


@lru_cache(maxsize=1)
def known_scopes() -> frozenset[str]:
    """Every scope that some part of the installation asks for."""
    return frozenset(scopes.of(wiring.load()).values())


async def create(owner: Principal, wanted: NewKey, *, database: Database, auditor: Auditor) -> MadeKey:
    """A new key of `owner`, told this once; ValidationError or ForbiddenError point at the scope at fault."""
    assert owner.user_id is not None  # noqa: S101 - keys belong to people
    check_scopes(owner.role, wanted.scopes, await asyncio.to_thread(known_scopes))
    key = PREFIX + secrets.token_urlsafe(32)
    async with database.transaction(_acting(owner)) as connection:
        if await key_store.living(connection, owner.user_id) >= MOST_LIVING:
            raise ConflictError("You have too many keys; revoke one first.", code="TOO_MANY_KEYS")
        key_id = await key_store.keep(
            connection,
            owner_id=owner.user_id,
            tenant_id=owner.tenant_id,
            name=wanted.name,
            key=key,
            scopes=sorted(set(wanted.scopes)),
            expires_at=clock.now() + timedelta(days=wanted.expires_in_days),
            jkt=wanted.dpop_jkt,
        )
        made = await key_store.one(connection, key_id)
        await _say_created(connection, owner, made)
        facts = {"scopes": len(made.scopes), "days": wanted.expires_in_days}
        await auditor.record(Act(owner, "key.created", objects=named("key", [key_id]), facts=facts), connection)
    await outbox.nudge(database)
    return MadeKey(**made.model_dump(), key=key)


def check_scopes(role: Role, wanted: tuple[str, ...], known: frozenset[str]) -> None:
    for place, scope in enumerate(wanted):
        pointer = f"/body/scopes/{place}"
        if scope not in known:
            raise ValidationError("There is no such scope.", errors=(FieldError(pointer, "UNKNOWN_SCOPE"),))
        if scope not in scopes.allowed(role, known):
            raise ForbiddenError("A key of your role may not have it.", errors=(FieldError(pointer, "NOT_ALLOWED"),))


async def listed(caller: Principal, before: UUID | None, limit: int, *, database: Database) -> list[ApiKey]:
    async with database.transaction(_acting(caller)) as connection:
        return await key_store.listed(connection, caller, before, limit)


async def revoke(caller: Principal, key_id: UUID, *, database: Database, redis: "Redis", auditor: Auditor) -> None:
    """End a key of the caller, or any of the tenant for an admin or a service; NotFoundError for all others."""
    async with database.transaction(_acting(caller)) as connection:
        ended = await key_store.revoke(connection, caller, key_id)
        if ended is None:
            raise NotFoundError("There is no such key of yours, or it was revoked before.")
        owner_id, digest = ended
        payload = KeyRevoked(key_id=key_id, tenant_id=caller.tenant_id, owner_id=owner_id, revoked_by=caller.user_id)
        event = outbox.event_of(ROOM, payload.TYPE, payload, subject=str(key_id), key=str(key_id))
        await outbox.add(connection, ROOM, event)
        await auditor.record(Act(caller, "key.revoked", objects=named("key", [key_id])), connection)
    try:
        await KeyCache(redis).revoke(digest)
        await Revocations(redis).revoke(revocation.key(key_id))
    except UnavailableError:
        # Without the cache every key is looked up in the table, where this one has just ended.
        log.warning("auth.key_cache_unavailable")
    await outbox.nudge(database)


def _acting(caller: Principal) -> Principal:
    """The room, within the caller's tenant: row-level security would hide the owners' names from an admin."""
    return service(ROOM, caller.tenant_id)


async def _say_created(connection: "AsyncConnection", owner: Principal, made: ApiKey) -> None:
    payload = KeyCreated(key_id=made.id, tenant_id=owner.tenant_id, owner_id=made.owner_id, scopes=len(made.scopes))
    event = outbox.event_of(ROOM, payload.TYPE, payload, subject=str(made.id), key=str(made.id))
    await outbox.add(connection, ROOM, event)
