"""Conversations in PostgreSQL; row-level security shows a person's own, and the times say which are still kept."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.adapters.encryption.columns import Column
from voiceassist.core.identity import Principal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

ROOM = "conversations"
SUMMARY = Column("conversations", "summary")
SEALED = (SUMMARY,)
PAGE = 50
# How far a search looks: words are sealed, so that each has to be opened.
MOST_SEARCHED = 4_000

_LISTED = """
select c.id, c.created_at as started_at, c.updated_at, c.expires_at, c.seq, c.summary,
       (select count(*) from conversation_items n where n.conversation_id = c.id) as items,
       f.id as first_id, f.body as first_body
from conversations c left join lateral (
    select i.id, i.body from conversation_items i where i.conversation_id = c.id and i.role = 'user'
    order by i.number limit 1
) f on true
where c.owner_id = :owner and c.expires_at > now()
"""


async def listed(
    connection: "AsyncConnection", owner: Principal, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Newest first, with the first question of each, sealed."""
    return await _run(
        connection,
        f"{_LISTED} and (cast(:before as uuid) is null or c.id < :before) order by c.id desc limit :limit",
        owner=owner.user_id,
        before=before,
        limit=limit,
    )


async def some(connection: "AsyncConnection", owner: Principal, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    return await _run(connection, f"{_LISTED} and c.id = any(:ids)", owner=owner.user_id, ids=list(ids))


async def summarise(connection: "AsyncConnection", conversation_id: UUID, seq: int, summary: bytes) -> None:
    """Of the conversation as it was at its change `seq`; where it went on meanwhile, the next look makes another."""
    await _run(
        connection,
        "update conversations set summary = :summary where id = :id and seq = :seq",
        id=conversation_id,
        seq=seq,
        summary=summary,
    )


async def searched(connection: "AsyncConnection", owner: Principal, most: int) -> list[dict[str, Any]]:
    """The newest items of this person, sealed."""
    return await _run(
        connection,
        "select i.id, i.conversation_id, i.number, i.seq, i.role, i.interrupted, i.body"
        " from conversation_items i join conversations c on c.id = i.conversation_id"
        " where c.owner_id = :owner and c.expires_at > now() and i.role in ('user', 'assistant')"
        " order by i.conversation_id desc, i.number limit :most",
        owner=owner.user_id,
        most=most,
    )


async def remove(connection: "AsyncConnection", owner: Principal, conversation_id: UUID) -> bool:
    found = await _run(
        connection,
        "delete from conversations where id = :id and owner_id = :owner returning id",
        id=conversation_id,
        owner=owner.user_id,
    )
    return bool(found)


async def remove_all(connection: "AsyncConnection", owner: Principal) -> list[UUID]:
    found = await _run(
        connection, "delete from conversations where owner_id = :owner returning id", owner=owner.user_id
    )
    return [row["id"] for row in found]


async def name_of(connection: "AsyncConnection", owner: Principal) -> str:
    """What a person is called; who has no name here is told by their id."""
    found = await _run(connection, "select display_name from users where id = :owner", owner=owner.user_id)
    return (found[0]["display_name"] if found else "") or owner.subject


async def tenants(connection: "AsyncConnection") -> list[UUID]:
    return [row["id"] for row in await _run(connection, "select id from tenants order by id")]


async def forget(connection: "AsyncConnection") -> int:
    """Drop those of the tenant whose time is over; returns how many."""
    return len(await _run(connection, "delete from conversations where expires_at <= now() returning id"))


async def _run(connection: "AsyncConnection", statement: str, **values: Any) -> list[dict[str, Any]]:
    from sqlalchemy import text

    result = await connection.execute(text(statement), values)
    return [dict(row) for row in result.mappings()] if result.returns_rows else []
