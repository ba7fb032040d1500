"""Users in PostgreSQL."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from functions.auth.domain import Identity
from voiceassist.adapters.encryption.columns import Column
from voiceassist.core import ids
from voiceassist.core.errors import ForbiddenError
from voiceassist.core.identity import Role

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


SECRET = Column("mfa_totp", "secret", key="user_id", purpose="mfa")
SIGNING_KEY = Column("signing_keys", "sealed")
SEALED = (SECRET, SIGNING_KEY)


@dataclass(frozen=True, slots=True)
class StoredUser:
    id: UUID
    tenant_id: UUID
    role: Role
    profile: str
    name: str
    email: str
    active: bool


async def upsert(connection: "AsyncConnection", tenant_id: UUID, person: Identity) -> StoredUser:
    """The user of (iss, sub) with what the issuer says today; a disabled user stays disabled.

    Who follows a directory has the role that its groups give, whatever the issuer tells.
    ForbiddenError where that person is another tenant's: nobody moves because a setting did.
    """
    from sqlalchemy import text

    row = (
        await connection.execute(
            text(
                "insert into users (id, tenant_id, iss, sub, email, display_name, role, profile)"
                " values (:id, :tenant, :iss, :sub, :email, :name, :role, :profile)"
                " on conflict (iss, sub) do update set email = excluded.email, display_name = excluded.display_name,"
                " role = case when users.from_directory then users.role when :known then excluded.role"
                " else coalesce(users.granted_role, excluded.role) end,"
                " profile = case when users.from_directory then users.profile"
                " when :known or users.granted_role is null then excluded.profile"
                " else users.granted_profile end, updated_at = now(),"
                " status = case users.status when 'invited' then 'active' else users.status end"
                " where users.tenant_id = excluded.tenant_id"
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
                "known": person.known,
            },
        )
    ).one_or_none()
    if row is None:
        raise ForbiddenError("This account belongs to another organisation.", code="OTHER_TENANT")
    return StoredUser(row[0], row[1], row[2], row[3], row[4], row[5], row[6] == "active")


async def keep_tenant(connection: "AsyncConnection", tenant_id: UUID, name: str) -> None:
    """The operator named it in the settings: it is there from its first sign-in."""
    from sqlalchemy import text

    await connection.execute(
        text("insert into tenants (id, name) values (:id, :name) on conflict do nothing"),
        {"id": tenant_id, "name": name or "Another organisation"},
    )


async def role_of(connection: "AsyncConnection", iss: str, sub: str) -> tuple[str, str] | None:
    """Role and profile that a person had until now; None for somebody new."""
    from sqlalchemy import text

    row = (
        await connection.execute(
            text("select role, profile from users where iss = :iss and sub = :sub"), {"iss": iss, "sub": sub}
        )
    ).first()
    return (row[0], row[1]) if row else None


async def signed_in(connection: "AsyncConnection", user_id: UUID) -> None:
    from sqlalchemy import text

    await connection.execute(text("update users set last_login_at = now() where id = :id"), {"id": user_id})


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
