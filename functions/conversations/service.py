"""Showing, searching, exporting and deleting what was kept; each is put on record, and no record means no answer."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from functions.conversations import domain, schema, store
from functions.conversations.kit import Kit
from functions.conversations.store import ROOM
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.postgres import Database
from voiceassist.core.errors import NotFoundError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.auditing import Act, named
from voiceassist.runtime import logging, memory

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from voiceassist.adapters.encryption.keys import TenantKeys

log = logging.get_logger(__name__)

MOST_SUMMARISED = 10  # in one look at the list: each has to be opened


class _Summary(msgspec.Struct, frozen=True):
    """`seq`: the last change of the conversation that it has in it."""

    seq: int
    text: str


async def listed(kit: Kit, caller: Principal, before: UUID | None, limit: int) -> schema.Conversations:
    keys = await kit.keyring.of(caller.tenant_id)
    async with kit.database.transaction(caller) as connection:
        rows = await store.listed(connection, caller, before, limit)
        await _summarise(connection, keys, rows)
        await _record(kit, connection, caller, "conversation.listed", [row["id"] for row in rows])
    items = tuple(_summary(keys, row) for row in rows)
    cursor = str(items[-1].id) if len(items) == limit else None
    return schema.Conversations(items=items, next_cursor=cursor, keep_days=kit.keep_days)


async def _summarise(connection: "AsyncConnection", keys: "TenantKeys", rows: Sequence[dict[str, Any]]) -> None:
    """Make the summaries that lack, a few each time: who looks again finds the others."""
    for row in [one for one in rows if _summary_of(keys, one) is None][:MOST_SUMMARISED]:
        try:
            text = domain.summary_of(await memory.items(connection, keys, row["id"]))
        except SealBrokenError:  # told where somebody opens it; the list goes on
            continue
        told = msgspec.json.encode(_Summary(row["seq"], text)).decode()
        row["summary"] = store.SUMMARY.seal(keys, row["id"], told)
        await store.summarise(connection, row["id"], row["seq"], row["summary"])


def _summary_of(keys: "TenantKeys", row: dict[str, Any]) -> str | None:
    """None where none was made of the conversation as it is now."""
    if row["summary"] is None:
        return None
    found = msgspec.json.decode(store.SUMMARY.open(keys, row["id"], row["summary"]), type=_Summary)
    return found.text if found.seq == row["seq"] else None


async def shown(
    kit: Kit, caller: Principal, conversation_id: UUID, *, action: str = "conversation.read", **facts: str
) -> schema.Conversation:
    """Raises NotFoundError; that somebody asked for it is on record then, too."""
    keys = await kit.keyring.of(caller.tenant_id)
    async with kit.database.transaction(caller) as connection:
        rows = await store.some(connection, caller, [conversation_id])
        kept = await memory.items(connection, keys, conversation_id) if rows else []
        await _record(kit, connection, caller, action, [conversation_id], found=bool(rows), **facts)
    if not rows:
        raise NotFoundError("There is no such conversation for you.")
    summary = _summary(keys, rows[0])
    return schema.Conversation(**summary.model_dump(), turns=tuple(map(domain.shown, kept)))


async def name_of(kit: Kit, caller: Principal) -> str:
    """As it stands on a file that is taken along."""
    async with kit.database.transaction(caller) as connection:
        return await store.name_of(connection, caller)


async def search(kit: Kit, caller: Principal, asked: schema.Search) -> schema.Hits:
    """The newest conversations in which a turn holds every word, one hit each.

    Words are sealed: each item is opened and looked through, up to MOST_SEARCHED of them, newest conversation first.
    """
    words = domain.wanted(asked.query)
    keys = await kit.keyring.of(caller.tenant_id)
    async with kit.database.transaction(caller) as connection:
        rows = await store.searched(connection, caller, store.MOST_SEARCHED)
        found = await asyncio.to_thread(_found, keys, rows, words, asked.limit)
        summaries = await store.some(connection, caller, list(found))
        await _record(kit, connection, caller, "conversation.searched", list(found), looked=len(rows))
    by_id = {row["id"]: _summary(keys, row) for row in summaries}
    items = tuple(
        schema.Hit(**by_id[one].model_dump(), item_id=item, snippet=snippet)
        for one, (item, snippet) in found.items()
        if one in by_id
    )
    return schema.Hits(items=items, complete=len(rows) < store.MOST_SEARCHED)


def _found(
    keys: "TenantKeys", rows: Sequence[dict[str, Any]], words: tuple[str, ...], limit: int
) -> dict[UUID, tuple[str, str]]:
    found: dict[UUID, tuple[str, str]] = {}
    for row in rows:
        if row["conversation_id"] in found:
            continue
        if len(found) >= limit:
            break
        item = memory.opened(keys, row)
        snippet = domain.snippet(item.text, words)
        if snippet is not None:
            found[row["conversation_id"]] = (item.item_id, snippet)
    return found


async def remove(kit: Kit, caller: Principal, conversation_id: UUID) -> None:
    async with kit.database.transaction(caller) as connection:
        gone = await store.remove(connection, caller, conversation_id)
        await _record(kit, connection, caller, "conversation.deleted", [conversation_id], found=gone)
    if not gone:
        raise NotFoundError("There is no such conversation for you.")


async def remove_all(kit: Kit, caller: Principal) -> None:
    async with kit.database.transaction(caller) as connection:
        gone = await store.remove_all(connection, caller)
        await _record(kit, connection, caller, "conversation.deleted", gone, count=len(gone))


async def forget_old(database: Database) -> int:
    """Delete what was kept for long enough; nobody is shown it any more. A night without it does no harm."""
    async with database.transaction(service(ROOM)) as connection:
        tenants = await store.tenants(connection)
    count = 0
    for tenant_id in tenants:
        async with database.transaction(service(ROOM, tenant_id)) as connection:
            count += await store.forget(connection)
    log.info("conversations.forgotten", count=count)
    return count


def _summary(keys: "TenantKeys", row: dict[str, Any]) -> schema.Summary:
    first = row["first_body"]
    title = domain.title_of(memory.opened_text(keys, row["first_id"], first)) if first is not None else ""
    return schema.Summary(
        id=row["id"],
        title=title,
        summary=_summary_of(keys, row) or "",
        items=row["items"],
        started_at=row["started_at"],
        updated_at=row["updated_at"],
        expires_at=row["expires_at"],
    )


async def _record(
    kit: Kit,
    connection: "AsyncConnection",
    caller: Principal,
    action: str,
    conversations: Sequence[UUID],
    *,
    found: bool = True,
    **facts: int | str,
) -> None:
    objects = named("conversation", conversations)
    await kit.auditor.record(Act(caller, action, "success" if found else "not_found", objects, facts=facts), connection)
