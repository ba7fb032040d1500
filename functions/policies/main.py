"""The door of policies: who may do what, tried out, agreed to, taken back; and break-glass."""

import asyncio
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import functions_framework.aio
from fastapi import Depends, Query
from starlette.requests import Request

from functions.policies import access, checking, emergency, schema, service, store
from voiceassist.core.errors import NotFoundError
from voiceassist.core.identity import Principal
from voiceassist.runtime import door, providers
from voiceassist.runtime.access import bundle_path, bundles, notes
from voiceassist.runtime.http_room import http_app

room = door.Room(emergency.ROOM, checks={"postgres": lambda: providers.database().ping()})
app = http_app(room, title="Policies", actions=access.ACTIONS)

Caller = Annotated[Principal, Depends(door.principal)]
Cursor = Annotated[UUID | None, Query()]
Limit = Annotated[int, Query(ge=1, le=200)]


def keeping() -> service.Keeping:
    settings = room.settings
    return service.Keeping(
        database=providers.database(),
        auditor=providers.auditor(room.name),
        asked=partial(notes.read, providers.redis()),
        path=bundle_path(settings),
        signing_key=settings.access.signing_key,
    )


@app.get("/api/v1/admin/policies")
async def list_policies(caller: Caller, cursor: Cursor = None, limit: Limit = store.PAGE) -> schema.Policies:
    """Newest first."""
    async with providers.database().transaction(caller) as connection:
        found = await store.listed(connection, cursor, limit)
    items = tuple(schema.Policy.model_validate(row) for row in found)
    return schema.Policies(items=items, next_cursor=str(items[-1].id) if len(items) == limit else None)


@app.get("/api/v1/admin/policies/current")
async def current(caller: Caller) -> schema.Whole:
    """What is decided by now; without an id where it is the one that came with the product."""
    async with providers.database().transaction(caller) as connection:
        found = await store.current(connection)
    if found is not None:
        return schema.Whole.model_validate(found)
    bundle = bundles.packaged()
    nobody = dict.fromkeys(("id", "author_id", "approver_id", "created_at", "published_at"))
    return schema.Whole(
        **nobody,
        number=0,
        revision=bundle.revision,
        state="published",
        needs_second=False,
        files={**bundle.modules, **bundle.data},
    )


@app.get("/api/v1/admin/policies/decisions")
async def decisions(caller: Caller) -> schema.Recorded:
    """What was asked in the last thirty days, by shape."""
    return schema.Recorded(items=tuple(await keeping().asked(caller.tenant_id)))


@app.get("/api/v1/admin/policies/{policy_id}")
async def show(policy_id: UUID, caller: Caller) -> schema.Whole:
    async with providers.database().transaction(caller) as connection:
        found = await store.one(connection, policy_id)
    if found is None:
        raise NotFoundError("There is no such policy.")
    return schema.Whole.model_validate(found)


@app.post("/api/v1/admin/policies/validate")
async def validate(draft: schema.Draft) -> schema.Verdict:
    """Whether it could be published, and what stands against it; nothing is kept."""
    return await asyncio.to_thread(checking.verdict, checking.bundle_of(draft))


@app.post("/api/v1/admin/policies/dry-run")
async def dry_run(draft: schema.Draft, caller: Caller) -> schema.DryRun:
    """What would be decided otherwise; nothing is kept."""
    return await service.dry_run(keeping(), caller, checking.bundle_of(draft))


@app.post("/api/v1/admin/policies", status_code=201)
async def propose(draft: schema.Draft, caller: Caller) -> schema.Policy:
    """Keep a policy to be agreed to. `needs_second`: somebody else must publish it."""
    return schema.Policy.model_validate(await service.propose(keeping(), caller, checking.bundle_of(draft)))


@app.post("/api/v1/admin/policies/{policy_id}/publish")
async def publish(policy_id: UUID, caller: Caller) -> schema.Policy:
    """Decide by it from now on."""
    return schema.Policy.model_validate(await service.publish(keeping(), caller, policy_id))


@app.post("/api/v1/admin/policies/{policy_id}/reject")
async def reject(policy_id: UUID, caller: Caller) -> schema.Policy:
    return schema.Policy.model_validate(await service.reject(keeping(), caller, policy_id))


@app.post("/api/v1/admin/policies/{policy_id}/roll-back", status_code=201)
async def roll_back(policy_id: UUID, caller: Caller) -> schema.Policy:
    """Go back to an earlier version: published at once, or proposed where it weakens."""
    return schema.Policy.model_validate(await service.roll_back(keeping(), caller, policy_id))


@app.post("/api/v1/break-glass", status_code=201)
async def open_records(body: schema.Emergency, caller: Caller) -> schema.Grant:
    """Read somebody else's records for 30 minutes. Owner and administrators are told."""
    made = await emergency.opened(
        caller,
        body.owner_id,
        body.reason,
        database=providers.database(),
        auditor=providers.auditor(room.name),
        keys=await providers.keyring().of(caller.tenant_id),
    )
    return schema.Grant.model_validate(made)


@app.get("/api/v1/break-glass")
async def list_grants(caller: Caller, cursor: Cursor = None, limit: Limit = store.PAGE) -> schema.Grants:
    """One's own, and those for one's own records; administrators and auditors see the tenant's."""
    keys = await providers.keyring().of(caller.tenant_id)
    async with providers.database().transaction(caller) as connection:
        found = await store.grants(connection, cursor, limit)
    items = tuple(schema.Grant.model_validate(emergency.shown(row, keys)) for row in found)
    return schema.Grants(items=items, next_cursor=str(items[-1].id) if len(items) == limit else None)


@app.post("/api/v1/break-glass/{grant_id}/close", status_code=204)
async def close(grant_id: UUID, caller: Caller) -> None:
    await emergency.closed(caller, grant_id, database=providers.database(), auditor=providers.auditor(room.name))


@functions_framework.aio.http
async def policies(_request: Request) -> Any:
    return room
