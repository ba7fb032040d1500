"""Versions of the policy and grants of break-glass in PostgreSQL."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.adapters.encryption.columns import Column
from voiceassist.core import ids
from voiceassist.ports.policy import Bundle

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 50
REASON = Column("break_glass", "reason")
SEALED = (REASON,)
# Nothing of the text: a list is read often.
# What a list tells; the text of a policy is read only where somebody looks at one.
ROW = "id, number, revision, state, needs_second, author_id, approver_id, created_at, published_at"
# Constants only: {ROW} stands for the line above.
PROPOSE = f"""
insert into policies (id, tenant_id, number, revision, files, needs_second, author_id)
select :id, :tenant, coalesce(max(number), 0) + 1, :revision, cast(:files as jsonb), :second, :author
from policies where tenant_id = :tenant returning {ROW}
"""  # noqa: S608
ONE = f"select {ROW}, files from policies where id = :id"  # noqa: S608
CURRENT = f"select {ROW}, files from policies where state = 'published'"  # noqa: S608
LISTED = f"""
select {ROW} from policies where (cast(:before as uuid) is null or id < :before) order by id desc limit :limit
"""  # noqa: S608
PUBLISH = f"""
update policies set state = 'published', approver_id = :approver, published_at = now(),
    number = (select max(number) + 1 from policies)
where id = :id and state = 'proposed' returning {ROW}
"""  # noqa: S608
REJECT = f"""
update policies set state = 'rejected', approver_id = :approver
where id = :id and state = 'proposed' returning {ROW}
"""  # noqa: S608


async def alone(connection: "AsyncConnection") -> None:
    """Until the transaction ends nobody else changes which policy is in force."""
    from sqlalchemy import text

    await connection.execute(text("select pg_advisory_xact_lock(hashtextextended('policy', 0))"))


async def propose(
    connection: "AsyncConnection", tenant_id: UUID, author_id: UUID, bundle: Bundle, *, needs_second: bool
) -> dict[str, Any]:
    from sqlalchemy import text

    row = await connection.execute(
        text(PROPOSE),
        {
            "id": ids.new_id(),
            "tenant": tenant_id,
            "revision": bundle.revision,
            "files": json.dumps({**bundle.modules, **bundle.data}),
            "second": needs_second,
            "author": author_id,
        },
    )
    return dict(row.mappings().one())


async def one(connection: "AsyncConnection", policy_id: UUID) -> dict[str, Any] | None:
    """With its files."""
    from sqlalchemy import text

    row = await connection.execute(text(ONE), {"id": policy_id})
    found = row.mappings().first()
    return dict(found) if found else None


async def current(connection: "AsyncConnection") -> dict[str, Any] | None:
    """The published one, with its files; None where the packaged policy is in force."""
    from sqlalchemy import text

    row = await connection.execute(text(CURRENT))
    found = row.mappings().first()
    return dict(found) if found else None


async def listed(connection: "AsyncConnection", before: UUID | None, limit: int) -> list[dict[str, Any]]:
    from sqlalchemy import text

    rows = await connection.execute(
        text(LISTED),
        {"before": before, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


async def publish(connection: "AsyncConnection", policy_id: UUID, approver_id: UUID) -> dict[str, Any]:
    """In force from now on; its number is the highest, so that everybody takes it for the newest."""
    from sqlalchemy import text

    await connection.execute(text("update policies set state = 'replaced' where state = 'published'"))
    row = await connection.execute(
        text(PUBLISH),
        {"id": policy_id, "approver": approver_id},
    )
    return dict(row.mappings().one())


async def reject(connection: "AsyncConnection", policy_id: UUID, approver_id: UUID) -> dict[str, Any] | None:
    from sqlalchemy import text

    row = await connection.execute(
        text(REJECT),
        {"id": policy_id, "approver": approver_id},
    )
    found = row.mappings().first()
    return dict(found) if found else None


async def is_colleague(connection: "AsyncConnection", user_id: UUID) -> bool:
    from sqlalchemy import text

    row = await connection.execute(text("select 1 from users where id = :id"), {"id": user_id})
    return row.first() is not None


async def open_grant(
    connection: "AsyncConnection", *, grant_id: UUID, tenant_id: UUID, user_id: UUID, owner_id: UUID, reason: bytes,
    expires_at: datetime,
) -> dict[str, Any]:  # fmt: skip
    from sqlalchemy import text

    row = await connection.execute(
        text(
            "insert into break_glass (id, tenant_id, user_id, owner_id, reason, expires_at)"
            " values (:id, :tenant, :user, :owner, :reason, :expires) returning *"
        ),
        {
            "id": grant_id,
            "tenant": tenant_id,
            "user": user_id,
            "owner": owner_id,
            "reason": reason,
            "expires": expires_at,
        },
    )
    return dict(row.mappings().one())


async def grants(connection: "AsyncConnection", before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Those that the caller may see: one's own and of one's own records; admins and auditors all of the tenant."""
    from sqlalchemy import text

    rows = await connection.execute(
        text(
            "select * from break_glass where (cast(:before as uuid) is null or id < :before)"
            " order by id desc limit :limit"
        ),
        {"before": before, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


async def close_grant(connection: "AsyncConnection", grant_id: UUID, user_id: UUID) -> bool:
    from sqlalchemy import text

    row = await connection.execute(
        text(
            "update break_glass set closed_at = coalesce(closed_at, now())"
            " where id = :id and user_id = :user returning id"
        ),
        {"id": grant_id, "user": user_id},
    )
    return row.first() is not None
