"""Notes in PostgreSQL: sealed, one's own; drafts for a day, signed ones for as long as the law asks."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.adapters.encryption.columns import Column
from voiceassist.core.identity import Principal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 50
BODY = Column("notes", "body")
SEALED = (BODY,)

_NOTES = (
    "select id, case_id, conversation_id, state, revision, body, signed_at, expires_at, created_at, updated_at"
    " from notes where owner_id = :owner and expires_at > :now"
)


async def add(
    connection: "AsyncConnection",
    owner: Principal,
    note_id: UUID,
    body: bytes,
    *,
    case_id: UUID | None,
    conversation_id: UUID | None,
    now: datetime,
    ends: datetime,
) -> None:
    await _run(
        connection,
        "insert into notes (id, tenant_id, owner_id, case_id, conversation_id, state, body, expires_at, created_at,"
        " updated_at) values (:id, :tenant, :owner, :case, :conversation, 'draft', :body, :ends, :now, :now)",
        id=note_id,
        tenant=owner.tenant_id,
        owner=owner.user_id,
        case=case_id,
        conversation=conversation_id,
        body=body,
        ends=ends,
        now=now,
    )


async def find(
    connection: "AsyncConnection", owner: Principal, note_id: UUID, *, now: datetime, lock: bool = False
) -> dict[str, Any] | None:
    statement = f"{_NOTES} and id = :id{' for update' if lock else ''}"
    found = await _run(connection, statement, owner=owner.user_id, now=now, id=note_id)
    return found[0] if found else None


async def listed(
    connection: "AsyncConnection", owner: Principal, *, now: datetime, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """The newest first."""
    return await _run(
        connection,
        f"{_NOTES} and (cast(:before as uuid) is null or id < :before) order by id desc limit :limit",
        owner=owner.user_id,
        now=now,
        before=before,
        limit=limit,
    )


async def edit(connection: "AsyncConnection", note_id: UUID, body: bytes, *, now: datetime) -> None:
    """A signed note stays as it is, whoever asks."""
    await _run(
        connection,
        "update notes set body = :body, revision = revision + 1, updated_at = :now where id = :id and state = 'draft'",
        id=note_id,
        body=body,
        now=now,
    )


async def sign(connection: "AsyncConnection", note_id: UUID, body: bytes, *, now: datetime, ends: datetime) -> None:
    """The note is kept for as long as the law asks, and so is its case, unless that is of rounds."""
    await _run(
        connection,
        "update notes set body = :body, state = 'signed', revision = revision + 1, signed_at = :now, updated_at = :now,"
        " expires_at = :ends where id = :id and state = 'draft'",
        id=note_id,
        body=body,
        now=now,
        ends=ends,
    )
    await _run(
        connection,
        "update cases set expires_at = greatest(expires_at, :ends) where rounds_id is null"
        " and id = (select case_id from notes where id = :id)",
        id=note_id,
        ends=ends,
    )


async def remove(connection: "AsyncConnection", note_id: UUID) -> None:
    await _run(connection, "delete from notes where id = :id and state = 'draft'", id=note_id)


async def is_signed_for(connection: "AsyncConnection", case_id: UUID) -> bool:
    found = await _run(connection, "select 1 from notes where case_id = :id and state = 'signed' limit 1", id=case_id)
    return bool(found)


async def conversation(connection: "AsyncConnection", owner: Principal, conversation_id: UUID) -> dict[str, Any] | None:
    found = await _run(
        connection,
        "select id, case_id from conversations where id = :id and owner_id = :owner and expires_at > now()",
        id=conversation_id,
        owner=owner.user_id,
    )
    return found[0] if found else None


async def forget(connection: "AsyncConnection", *, now: datetime) -> int:
    """Drop the tenant's notes whose time is over; returns how many."""
    return len(await _run(connection, "delete from notes where expires_at <= :now returning id", now=now))


async def _run(connection: "AsyncConnection", statement: str, **values: Any) -> list[dict[str, Any]]:
    from sqlalchemy import text

    result = await connection.execute(text(statement), values)
    return [dict(row) for row in result.mappings()] if result.returns_rows else []
