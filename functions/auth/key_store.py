"""API keys in PostgreSQL: of the key itself only a digest."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.auth.schema import ApiKey, KeyState
from voiceassist.core import ids
from voiceassist.core.identity import Principal
from voiceassist.runtime import revocation
from voiceassist.runtime.scopes import allowed

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 50

_KEY = """
select k.id, k.name, k.owner_id, u.email as owner, k.scopes, k.jkt as dpop_jkt, k.created_at, k.expires_at, k.revoked_at
from api_keys k join users u on u.id = k.owner_id
"""


async def keep(
    connection: "AsyncConnection",
    *,
    owner_id: UUID,
    tenant_id: UUID,
    name: str,
    key: str,
    scopes: list[str],
    expires_at: datetime,
    jkt: str = "",
) -> UUID:
    """Store a key's digest, or prolong the key that is already there."""
    from sqlalchemy import text

    row = await connection.execute(
        text(
            "insert into api_keys (id, tenant_id, owner_id, name, hash, scopes, expires_at, jkt)"
            " values (:id, :tenant, :owner, :name, :hash, :scopes, :expires, :jkt)"
            " on conflict (hash) do update set scopes = excluded.scopes, expires_at = excluded.expires_at,"
            " updated_at = now() returning id"
        ),
        {
            "id": ids.new_id(),
            "tenant": tenant_id,
            "owner": owner_id,
            "name": name,
            "hash": digest(key),
            "scopes": scopes,
            "expires": expires_at,
            "jkt": jkt,
        },
    )
    identifier: UUID = row.scalar_one()
    return identifier


async def state(connection: "AsyncConnection", key: str) -> KeyState:
    """A key is good while it has not ended, was not revoked, and its owner is active and still has the role for it."""
    from sqlalchemy import text

    row = (
        await connection.execute(
            text(
                "select u.id, u.tenant_id, u.role, u.profile, k.scopes, k.id, k.jkt"
                " from api_keys k join users u on u.id = k.owner_id"
                " where k.hash = :hash and k.revoked_at is null and k.expires_at > now() and u.status = 'active'"
            ),
            {"hash": digest(key)},
        )
    ).first()
    if row is None:
        return KeyState(active=False)
    return KeyState(
        active=True,
        user_id=str(row[0]),
        tenant_id=str(row[1]),
        role=row[2],
        profile=row[3],
        scopes=sorted(allowed(row[2], row[4])),
        session_id=revocation.key(row[5]),
        jkt=row[6],
    )


async def listed(connection: "AsyncConnection", caller: Principal, before: UUID | None, limit: int) -> list[ApiKey]:
    """Newest first: those of the caller, or of the whole tenant for an admin; revoked and ended ones too."""
    rows = await _rows(
        connection,
        f"{_KEY} where (:all or k.owner_id = :owner) and (cast(:before as uuid) is null or k.id < :before)"
        " order by k.id desc limit :limit",
        all=caller.role == "admin",
        owner=caller.user_id,
        before=before,
        limit=limit,
    )
    return [ApiKey(**row) for row in rows]


async def one(connection: "AsyncConnection", key_id: UUID) -> ApiKey:
    (row,) = await _rows(connection, f"{_KEY} where k.id = :id", id=key_id)
    return ApiKey(**row)


async def living(connection: "AsyncConnection", owner_id: UUID) -> int:
    """How many keys of a person open something."""
    from sqlalchemy import text

    row = await connection.execute(
        text("select count(*) from api_keys where owner_id = :owner and revoked_at is null and expires_at > now()"),
        {"owner": owner_id},
    )
    return int(row.scalar_one())


async def revoke(connection: "AsyncConnection", caller: Principal, key_id: UUID) -> tuple[UUID, bytes] | None:
    """End a key that the caller may end: its owner and digest; None where there is none, or it was ended before."""
    from sqlalchemy import text

    row = (
        await connection.execute(
            text(
                "update api_keys set revoked_at = now(), updated_at = now()"
                " where id = :id and (:all or owner_id = :owner) and revoked_at is null returning owner_id, hash"
            ),
            {"id": key_id, "all": caller.role in {"admin", "service"}, "owner": caller.user_id},
        )
    ).first()
    return None if row is None else (row[0], bytes(row[1]))


def digest(key: str) -> bytes:
    """SHA-256 is enough for 256 random bits; a slow hash is for passwords."""
    return hashlib.sha256(key.encode()).digest()


async def _rows(connection: "AsyncConnection", statement: str, **parameters: Any) -> list[dict[str, Any]]:
    from sqlalchemy import text

    return [dict(row) for row in (await connection.execute(text(statement), parameters)).mappings()]
