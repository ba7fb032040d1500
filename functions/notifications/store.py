"""Notifications in PostgreSQL, seen by their owner only (row-level security)."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.notifications.domain import News
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.vectors import sealing
from voiceassist.core import ids

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 50


async def add(connection: "AsyncConnection", news: News) -> UUID:
    """An owner who is gone meanwhile is told nothing."""
    from sqlalchemy import text

    identifier = ids.new_id()
    await connection.execute(
        text(
            "insert into notifications (id, tenant_id, owner_id, kind, document_id, data)"
            " select :id, :tenant, id, :kind, :document, cast(:data as jsonb) from users where id = :owner"
        ),
        {
            "id": identifier,
            "tenant": news.tenant_id,
            "owner": news.owner_id,
            "kind": news.kind,
            "document": news.document_id,
            "data": json.dumps(news.data),
        },
    )
    return identifier


async def administrators(connection: "AsyncConnection") -> list[UUID]:
    """Of the tenant, who can sign in."""
    from sqlalchemy import text

    rows = await connection.execute(text("select id from users where role = 'admin' and status = 'active' order by id"))
    return list(rows.scalars())


async def listed(
    connection: "AsyncConnection", before: UUID | None, limit: int, *, unread_only: bool
) -> list[dict[str, Any]]:
    """As stored; `titled` opens the titles of their documents."""
    from sqlalchemy import text

    rows = await connection.execute(
        text(
            "select n.id, n.kind, n.document_id, d.title, d.title_sealed, n.data, n.read_at, n.created_at"
            " from notifications n left join documents d on d.id = n.document_id"
            " where (cast(:before as uuid) is null or n.id < :before) and (not :unread or n.read_at is null)"
            " order by n.id desc limit :limit"
        ),
        {"before": before, "limit": limit, "unread": unread_only},
    )
    return [dict(row) for row in rows.mappings()]


def titled(keys: TenantKeys | None, row: dict[str, Any]) -> dict[str, Any]:
    """`keys` may be missing where no title is sealed."""
    sealed, title = row.pop("title_sealed"), row.pop("title")
    if keys is not None and sealed is not None:
        title = sealing.TITLE.open(keys, row["document_id"], sealed)
    return row | {"document_title": title}


async def unread(connection: "AsyncConnection") -> int:
    from sqlalchemy import text

    return int(
        (await connection.execute(text("select count(*) from notifications where read_at is null"))).scalar_one()
    )


async def mark_read(connection: "AsyncConnection", identifier: UUID) -> bool:
    """Reading twice keeps the first moment."""
    from sqlalchemy import text

    row = await connection.execute(
        text(
            "update notifications set read_at = coalesce(read_at, now()), updated_at = now()"
            " where id = :id returning id"
        ),
        {"id": identifier},
    )
    return row.first() is not None


async def tenants(connection: "AsyncConnection") -> list[UUID]:
    from sqlalchemy import text

    return list((await connection.execute(text("select id from tenants"))).scalars())


async def forget(connection: "AsyncConnection", *, read: timedelta, unread: timedelta) -> int:
    """Drop what was read, or made and never read, so long ago in the tenant; returns how many that were."""
    from sqlalchemy import text

    result = await connection.execute(
        text(
            "delete from notifications where read_at < now() - cast(:read as interval)"
            " or (read_at is null and created_at < now() - cast(:unread as interval))"
        ),
        {"read": read, "unread": unread},
    )
    return int(result.rowcount)
