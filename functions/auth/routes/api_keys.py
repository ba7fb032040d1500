"""API keys: made, listed and revoked by people in a browser; what one is worth is told to our own parts."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from starlette.requests import Request

from functions.auth import access, key_store, keys, schema, service
from functions.auth.browser import Reader, Writer
from voiceassist.core.errors import NotFoundError, VoiceAssistError
from voiceassist.runtime import credentials, door, http_room, logging, providers

log = logging.get_logger(__name__)
router = http_room.router(access.ACTIONS)


@router.post("/api/v1/auth/keys", status_code=201)
async def create_key(body: schema.NewKey, caller: Writer, answer: Response) -> schema.MadeKey:
    """Make an API key of one's own; this answer alone tells it. Needs a second factor of the last five minutes."""
    answer.headers["cache-control"] = "no-store"
    made = await keys.create(caller, body, database=providers.database(), auditor=providers.auditor(keys.ROOM))
    log.info("auth.key_created", user_id=caller.subject)
    return made


@router.get("/api/v1/auth/keys")
async def list_keys(
    caller: Reader,
    cursor: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = key_store.PAGE,
) -> schema.ApiKeys:
    """One's own keys; an administrator sees those of the tenant."""
    found = await keys.listed(caller, cursor, limit, database=providers.database())
    return schema.ApiKeys(items=tuple(found), next_cursor=str(found[-1].id) if len(found) == limit else None)


@router.delete("/api/v1/auth/keys/{key_id}", status_code=204)
async def revoke_key(key_id: UUID, caller: Writer) -> None:
    """From now on the key opens nothing."""
    await keys.revoke(
        caller,
        key_id,
        database=providers.database(),
        redis=providers.redis(),
        auditor=providers.auditor(keys.ROOM),
    )
    log.info("auth.key_revoked", user_id=caller.subject)


@router.post("/api/v1/auth/introspect", include_in_schema=False)
async def introspect(body: schema.Key, request: Request) -> schema.KeyState:
    """What an API key is worth; parts of the installation ask this, people cannot."""
    if not (await door.principal(request)).is_service:
        raise NotFoundError
    async with providers.database().transaction(service.ACTING) as connection:
        state = await key_store.state(connection, body.key)
    cache = credentials.KeyCache(providers.redis())
    try:
        await cache.write(body.key, credentials.ApiKey(**state.model_dump() | {"scopes": tuple(state.scopes)}))
    except VoiceAssistError:
        log.warning("auth.key_cache_unavailable")
    return state
