"""Users and second factors in PostgreSQL."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from functions.auth.domain import Identity
from voiceassist.core import ids
from voiceassist.core.identity import Role

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class StoredUser:
    id: UUID
    tenant_id: UUID
    role: Role
    profile: str
    name: str
    email: str
    active: bool


@dataclass(frozen=True, slots=True)
class Factor:
    """A confirmed TOTP secret, sealed, and the last time step that was accepted."""

    sealed: bytes
    last_step: int


async def upsert(connection: "AsyncConnection", tenant_id: UUID, person: Identity) -> StoredUser:
    """The user of (iss, sub) with what the issuer says today; a disabled user stays disabled."""
    from sqlalchemy import text

    row = (
        await connection.execute(
            text(
                "insert into users (id, tenant_id, iss, sub, email, display_name, role, profile)"
                " values (:id, :tenant, :iss, :sub, :email, :name, :role, :profile)"
                " on conflict (iss, sub) do update set email = excluded.email, display_name = excluded.display_name,"
                " role = excluded.role, profile = excluded.profile, updated_at = now(),"
                " status = case users.status when 'invited' then 'active' else users.status end"
                " returning id, tenant_id, role, profile, display_name, email, status"
            ),
            {
                "id": ids.new_id(),
                "tenant": tenant_id,
                "iss": person.iss,
                "sub": person.sub,
                "email": person.email,
                "name": person.name,
                "role": person.role,
                "profile": person.profile,
            },
        )
    ).one()
    return StoredUser(row[0], row[1], row[2], row[3], row[4], row[5], row[6] == "active")


async def factor(connection: "AsyncConnection", user_id: UUID) -> Factor | None:
    """The user's second factor, locked until the transaction ends."""
    from sqlalchemy import text

    row = (
        await connection.execute(
            text("select secret, last_step from mfa_totp where user_id = :id and confirmed_at is not null for update"),
            {"id": user_id},
        )
    ).first()
    return Factor(bytes(row[0]), int(row[1])) if row else None


async def spend_step(connection: "AsyncConnection", user_id: UUID, step: int) -> bool:
    """Remember an accepted step; False when it, or a later one, was accepted before."""
    from sqlalchemy import text

    row = await connection.execute(
        text(
            "update mfa_totp set last_step = :step, updated_at = now()"
            " where user_id = :id and last_step < :step returning 1"
        ),
        {"id": user_id, "step": step},
    )
    return row.first() is not None


async def is_active(connection: "AsyncConnection", user_id: UUID) -> bool:
    from sqlalchemy import text

    row = await connection.execute(text("select status from users where id = :id"), {"id": user_id})
    return row.scalar() == "active"


async def signed_in(connection: "AsyncConnection", user_id: UUID) -> None:
    from sqlalchemy import text

    await connection.execute(text("update users set last_login_at = now() where id = :id"), {"id": user_id})


async def enrol(connection: "AsyncConnection", user: StoredUser, sealed: bytes) -> None:
    """Enrol a confirmed factor where the user has none."""
    from sqlalchemy import text

    await connection.execute(
        text(
            "insert into mfa_totp (user_id, tenant_id, secret, confirmed_at) values (:id, :tenant, :secret, now())"
            " on conflict (user_id) do nothing"
        ),
        {"id": user.id, "tenant": user.tenant_id, "secret": sealed},
    )
    await connection.execute(text("update users set mfa_enrolled = true where id = :id"), {"id": user.id})


async def move_issuer(connection: "AsyncConnection", sub: str, iss: str) -> None:
    """The embedded issuer's address follows the port; its random subjects stay the same people."""
    from sqlalchemy import text

    await connection.execute(
        text("update users set iss = :iss, updated_at = now() where sub = :sub and iss <> :iss"),
        {"sub": sub, "iss": iss},
    )


async def people_called(connection: "AsyncConnection", who: str) -> list[StoredUser]:
    """Users by mail address, or by what stands before its `@`."""
    from sqlalchemy import text

    rows = await connection.execute(
        text(
            "select id, tenant_id, role, profile, display_name, email, status from users"
            " where lower(email) = lower(:who) or split_part(lower(email), '@', 1) = lower(:who)"
        ),
        {"who": who},
    )
    return [StoredUser(row[0], row[1], row[2], row[3], row[4], row[5], row[6] == "active") for row in rows]
