"""What applications were granted, and their refresh tokens, in PostgreSQL (SPEC P2.5, N48)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from functions.auth.schema import AppGrant
from voiceassist.core.identity import Role

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

REFRESH_DAYS = 7  # N40
GRANT_DAYS = 30

Because = Literal["owner", "reuse"]

_GRANT = """
select id, name, scopes, jkt as dpop_jkt, created_at, expires_at,
    case when ended_because = '' and expires_at <= now() then 'time' else ended_because end as ended_because
from app_grants
"""

# One statement spends a token and writes its follower: of two that come at once the second waits for the row, finds it
# spent, and gets nothing. A token of another client, or one that needs another key pair, is not spent.
ROTATE = """
with spent as (
    update refresh_tokens t set used_at = now()
    from app_grants g join users u on u.id = g.owner_id
    where t.hash = :hash and t.used_at is null and t.expires_at > now()
        and g.id = t.grant_id and g.id = :client and g.jkt = :jkt
        and g.ended_at is null and g.expires_at > now() and u.status = 'active'
    returning g.id, g.tenant_id, g.owner_id, g.scopes, g.amr, g.auth_time, u.role, u.profile, g.expires_at
), following as (
    insert into refresh_tokens (hash, tenant_id, grant_id, expires_at)
    select :next, tenant_id, id, least(now() + make_interval(days => :days), expires_at) from spent
)
select id, tenant_id, owner_id, scopes, amr, extract(epoch from auth_time)::bigint as auth_time, role, profile
from spent
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A grant at the moment in which its token was spent; `auth_time` is Unix time."""

    id: UUID
    tenant_id: UUID
    owner_id: UUID
    scopes: Sequence[str]
    amr: Sequence[str]
    auth_time: int
    role: Role
    profile: str


async def add(connection: "AsyncConnection", grant: dict[str, Any], first: str) -> AppGrant:
    """A new grant and its first refresh token."""
    await _do(
        connection,
        "insert into app_grants (id, tenant_id, owner_id, name, scopes, jkt, amr, auth_time, expires_at)"
        " values (:id, :tenant, :owner, :name, :scopes, :jkt, :amr, :auth_time, now() + make_interval(days => :days))",
        **grant,
        days=GRANT_DAYS,
    )
    await _do(
        connection,
        "insert into refresh_tokens (hash, tenant_id, grant_id, expires_at)"
        " values (:hash, :tenant, :id, now() + make_interval(days => :days))",
        hash=digest(first),
        tenant=grant["tenant"],
        id=grant["id"],
        days=REFRESH_DAYS,
    )
    (row,) = await _rows(connection, f"{_GRANT} where id = :id", id=grant["id"])
    return AppGrant(**row)


async def living(connection: "AsyncConnection", owner_id: UUID) -> int:
    (row,) = await _rows(
        connection,
        "select count(*) as number from app_grants where owner_id = :owner and ended_at is null and expires_at > now()",
        owner=owner_id,
    )
    return int(row["number"])


async def listed(connection: "AsyncConnection", owner_id: UUID, limit: int) -> list[AppGrant]:
    rows = await _rows(
        connection, f"{_GRANT} where owner_id = :owner order by id desc limit :limit", owner=owner_id, limit=limit
    )
    return [AppGrant(**row) for row in rows]


async def rotate(
    connection: "AsyncConnection", token: str, following: str, *, client: UUID, jkt: str
) -> Standing | None:
    """Spend `token` and put `following` in its place; None, and nothing spent, where it is not good."""
    rows = await _rows(
        connection, ROTATE, hash=digest(token), next=digest(following), client=client, jkt=jkt, days=REFRESH_DAYS
    )
    return Standing(**rows[0]) if rows else None


async def reused(connection: "AsyncConnection", token: str) -> tuple[UUID, UUID, UUID] | None:
    """Grant, tenant and owner of a token that was spent before: somebody has a copy of it."""
    rows = await _rows(
        connection,
        "select g.id, g.tenant_id, g.owner_id from refresh_tokens t join app_grants g on g.id = t.grant_id"
        " where t.hash = :hash and t.used_at is not null",
        hash=digest(token),
    )
    return (rows[0]["id"], rows[0]["tenant_id"], rows[0]["owner_id"]) if rows else None


async def end(connection: "AsyncConnection", grant_id: UUID, because: Because, owner_id: UUID | None = None) -> bool:
    """End a living grant, of `owner_id` where one is told; False where there is none."""
    rows = await _rows(
        connection,
        "update app_grants set ended_at = now(), ended_because = :because, updated_at = now()"
        " where id = :id and ended_at is null and (cast(:owner as uuid) is null or owner_id = :owner) returning id",
        id=grant_id,
        because=because,
        owner=owner_id,
    )
    return bool(rows)


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def _do(connection: "AsyncConnection", statement: str, **parameters: Any) -> None:
    from sqlalchemy import text

    await connection.execute(text(statement), parameters)


async def _rows(connection: "AsyncConnection", statement: str, **parameters: Any) -> list[dict[str, Any]]:
    from sqlalchemy import text

    return [dict(row) for row in (await connection.execute(text(statement), parameters)).mappings()]
