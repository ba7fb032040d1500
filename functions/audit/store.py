"""Entries, checkpoints, archives and verifications in PostgreSQL; row-level security decides what a caller sees."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.core import ids
from voiceassist.core.checkpoints import Signed
from voiceassist.core.hash_chain import Head, Record

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

ROOM = "audit"
PAGE = 50
BATCH = 5_000  # records that are fetched at once
CHECKPOINT_PAGE = 100
# Whoever moves old entries into an archive holds it alone, who verifies holds it with others.
ARCHIVING = 0x6175_6469

_RECORDS = (
    "select number, key, body, mac from audit_entries where chain = $1 and number between $2 and $3 order by number"
)
_CHAINS = """
select c.chain, coalesce(e.number, 0) as last, coalesce(a.last, 0) as archived
from generate_series(0, 15) as c (chain)
left join lateral (select number from audit_entries where chain = c.chain order by number desc limit 1) e on true
left join lateral (select last from audit_archives where chain = c.chain order by first desc limit 1) a on true
order by c.chain
"""
_SEARCH = """
select body from audit_entries
where (cast(:after as text) is null or at >= :after) and (cast(:before as text) is null or at < :before)
  and (cast(:action as text) is null or action = :action or action like :action_noun)
  and (cast(:actor as text) is null or user_id = :actor or actor = :actor)
  and (cast(:outcome as text) is null or body::jsonb ->> 'outcome' = :outcome)
  and (cast(:object as text) is null or body::jsonb -> 'objects' ? :object)
  and (cast(:patients as text[]) is null or patient = any(:patients))
  and (cast(:cursor_at as text) is null or (at, id) < (:cursor_at, cast(:cursor_id as uuid)))
order by at desc, id desc limit :limit
"""


@dataclass(frozen=True, slots=True)
class Chain:
    """The last entry there is, and the last that left for an archive; 0 for none."""

    chain: int
    last: int
    archived: int


@dataclass(frozen=True, slots=True)
class Archive:
    first: int
    last: int
    head: bytes
    digest: bytes
    object_key: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search is for; times are RFC 3339 with six decimals, `action` may be a noun alone (`document.`)."""

    after: str | None = None
    before: str | None = None
    action: str | None = None
    actor: str | None = None
    outcome: str | None = None
    object: str | None = None
    patients: tuple[str, ...] | None = None
    cursor: tuple[str, str] | None = None
    limit: int = PAGE


async def tenants(connection: "AsyncConnection") -> list[UUID]:
    return [row["id"] for row in await _rows(connection, "select id from tenants order by id")]


async def chains(connection: "AsyncConnection") -> list[Chain]:
    """Those of the tenant that have entries, here or in archives."""
    found = [Chain(**row) for row in await _rows(connection, _CHAINS)]
    return [one for one in found if one.last or one.archived]


async def records(connection: "AsyncConnection", chain: int, first: int, last: int) -> AsyncIterator[list[Record]]:
    """The entries of a range, in order, in batches; by the driver itself, because there may be millions."""
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None  # noqa: S101 - the connection is open
    cursor = await raw.cursor(_RECORDS, chain, first, last)
    while rows := await cursor.fetch(BATCH):
        yield [Record(number, key, body.encode(), mac) for number, key, body, mac in rows]


async def some_records(connection: "AsyncConnection", chain: int, first: int, last: int) -> list[Record]:
    return [record async for batch in records(connection, chain, first, last) for record in batch]


async def last_number(connection: "AsyncConnection", chain: int) -> int:
    rows = await _rows(
        connection, "select coalesce(max(number), 0) as last from audit_entries where chain = :chain", chain=chain
    )
    return int(rows[0]["last"])


async def entry_id(connection: "AsyncConnection", chain: int, number: int) -> str | None:
    rows = await _rows(
        connection, "select id from audit_entries where chain = :chain and number = :number", chain=chain, number=number
    )
    return str(rows[0]["id"]) if rows else None


async def search(connection: "AsyncConnection", wanted: Wanted) -> list[dict[str, Any]]:
    """Entries, newest first."""
    rows = await _rows(
        connection,
        _SEARCH,
        after=wanted.after,
        before=wanted.before,
        action=wanted.action,
        action_noun=f"{wanted.action}%" if wanted.action and wanted.action.endswith(".") else None,
        actor=wanted.actor,
        outcome=wanted.outcome,
        object=wanted.object,
        patients=list(wanted.patients) if wanted.patients is not None else None,
        cursor_at=wanted.cursor[0] if wanted.cursor else None,
        cursor_id=wanted.cursor[1] if wanted.cursor else None,
        limit=wanted.limit,
    )
    return [json.loads(row["body"]) for row in rows]


async def names(connection: "AsyncConnection", users: Sequence[str]) -> dict[str, str]:
    """What users are called, as far as they are still known."""
    rows = await _rows(
        connection, "select id, display_name from users where id = any(cast(:ids as uuid[]))", ids=list(users)
    )
    return {str(row["id"]): row["display_name"] for row in rows}


async def last_checkpoint(connection: "AsyncConnection", chain: int, *, anchored: bool = False) -> Signed | None:
    rows = await _rows(
        connection,
        "select document from audit_checkpoints where chain = :chain and (not :anchored or anchored_at is not null)"
        " order by number desc limit 1",
        chain=chain,
        anchored=anchored,
    )
    return Signed.read(rows[0]["document"].encode()) if rows else None


async def last_anchored(connection: "AsyncConnection") -> dict[int, int]:
    """The number of the newest anchored checkpoint of each chain that has one."""
    rows = await _rows(
        connection,
        "select chain, max(number) as number from audit_checkpoints where anchored_at is not null group by 1",
    )
    return {row["chain"]: row["number"] for row in rows}


async def checkpoint_documents(
    connection: "AsyncConnection", chain: int, after: int, *, limit: int = CHECKPOINT_PAGE
) -> list[bytes]:
    rows = await _rows(
        connection,
        "select document from audit_checkpoints where chain = :chain and number > :after order by number limit :limit",
        chain=chain,
        after=after,
        limit=limit,
    )
    return [row["document"].encode() for row in rows]


async def signing(connection: "AsyncConnection", tenant_id: UUID, chain: int) -> None:
    """One at a time goes on with the checkpoints of a chain, until the transaction ends."""
    await _run(
        connection,
        "select pg_advisory_xact_lock(hashtextextended(:name, 0))",
        name=f"audit checkpoints {tenant_id} {chain}",
    )


async def add_checkpoint(connection: "AsyncConnection", signed: Signed) -> None:
    await _run(
        connection, "insert into audit_checkpoints (document) values (:document)", document=signed.document.decode()
    )


async def unanchored(connection: "AsyncConnection", chain: int) -> list[Signed]:
    rows = await _rows(
        connection,
        "select document from audit_checkpoints where chain = :chain and anchored_at is null order by number limit 200",
        chain=chain,
    )
    return [Signed.read(row["document"].encode()) for row in rows]


async def anchored(connection: "AsyncConnection", chain: int, number: int) -> None:
    await _run(
        connection,
        "update audit_checkpoints set anchored_at = now() where chain = :chain and number = :number",
        chain=chain,
        number=number,
    )


async def states(connection: "AsyncConnection") -> list[dict[str, Any]]:
    """Per chain how far checkpoints and anchors are."""
    return await _rows(
        connection,
        "select chain, max(last) as checkpointed, max(last) filter (where anchored_at is not null) as anchored,"
        " max(created_at) as checkpointed_at, max(anchored_at) as anchored_at from audit_checkpoints"
        " where number > (select max(c.number) - 300 from audit_checkpoints c where c.chain = audit_checkpoints.chain)"
        " group by chain order by chain",
    )


async def archives(connection: "AsyncConnection", chain: int) -> list[Archive]:
    rows = await _rows(
        connection,
        "select first, last, head, digest, object_key from audit_archives where chain = :chain order by first",
        chain=chain,
    )
    return [Archive(**row | {"head": bytes(row["head"]), "digest": bytes(row["digest"])}) for row in rows]


async def old_enough(connection: "AsyncConnection", chain: int, after: int, anchored_to: int, most: int) -> int:
    """The last of at most `most` entries behind `after` that are a year old, all of them anchored; 0 for none."""
    rows = await _rows(
        connection,
        "select max(number) as last from (select number, at from audit_entries where chain = :chain"
        " and number > :after and number <= :anchored order by number limit :most) e where at < audit_oldest_kept()",
        chain=chain,
        after=after,
        anchored=anchored_to,
        most=most,
    )
    return int(rows[0]["last"] or 0)


async def add_archive(
    connection: "AsyncConnection", tenant_id: UUID, chain: int, archive: Archive, *, newest: str
) -> None:
    await _run(
        connection,
        "insert into audit_archives (tenant_id, chain, first, last, newest, head, digest, object_key)"
        " values (:tenant, :chain, :first, :last, :newest, :head, :digest, :key)",
        tenant=tenant_id,
        chain=chain,
        first=archive.first,
        last=archive.last,
        newest=newest,
        head=archive.head,
        digest=archive.digest,
        key=archive.object_key,
    )


async def leave(connection: "AsyncConnection", tenant_id: UUID, chain: int, archive: Archive) -> int:
    rows = await _rows(
        connection,
        "select audit_leave(:tenant, cast(:chain as smallint), :first) as gone",
        tenant=tenant_id,
        chain=chain,
        first=archive.first,
    )
    return int(rows[0]["gone"])


async def hold(connection: "AsyncConnection", *, alone: bool) -> None:
    shared = "" if alone else "_shared"
    await _run(connection, f"select pg_advisory_xact_lock{shared}(:lock)", lock=ARCHIVING)


async def add_verification(
    connection: "AsyncConnection", tenant_id: UUID, *, ok: bool, entries: int, result: Mapping[str, Any]
) -> UUID:
    verification_id = ids.new_id()
    await _run(
        connection,
        "insert into audit_verifications (id, tenant_id, ok, entries, result)"
        " values (:id, :tenant, :ok, :entries, cast(:result as jsonb))",
        id=verification_id,
        tenant=tenant_id,
        ok=ok,
        entries=entries,
        result=json.dumps(result),
    )
    return verification_id


async def last_verification(connection: "AsyncConnection") -> tuple[datetime, dict[str, Any]] | None:
    rows = await _rows(connection, "select created_at, result from audit_verifications order by id desc limit 1")
    return (rows[0]["created_at"], rows[0]["result"]) if rows else None


def head_of(archive: Archive | None) -> Head:
    return Head(archive.last, archive.head) if archive else Head()


async def _run(connection: "AsyncConnection", statement: str, **parameters: Any) -> None:
    from sqlalchemy import text

    await connection.execute(text(statement), parameters)


async def _rows(connection: "AsyncConnection", statement: str, **parameters: Any) -> list[dict[str, Any]]:
    from sqlalchemy import text

    return [dict(row) for row in (await connection.execute(text(statement), parameters)).mappings()]
