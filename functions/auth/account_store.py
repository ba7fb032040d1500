"""Accounts and invitations in PostgreSQL."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.auth.account_schema import Account, Invitation, NewInvitation
from voiceassist.core import ids

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 50
GOOD_FOR = timedelta(hours=72)
_ACCOUNT = (
    "select id, display_name as name, email, role, profile, status, mfa_enrolled, last_login_at, created_at from users"
)
_INVITATION = "id, name, email, role, profile, expires_at, accepted_at, revoked_at"
_INVITE = f"""
insert into invitations (id, tenant_id, name, email, role, profile, token_hash, invited_by, expires_at)
values (:id, :tenant, :name, :email, :role, :profile, :hash, :by, now() + cast(:good as interval))
returning {_INVITATION}
"""  # noqa: S608 - ours
OPEN = "accepted_at is null and revoked_at is null and expires_at > now()"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An invitation that is good, locked until the transaction ends."""

    id: UUID
    tenant_id: UUID
    name: str
    email: str
    role: str
    profile: str
    invited_by: UUID


async def accounts(connection: "AsyncConnection", before: UUID | None, limit: int) -> list[Account]:
    rows = await _run(
        connection,
        f"{_ACCOUNT} where cast(:before as uuid) is null or id < :before order by id desc limit :limit",
        before=before,
        limit=limit,
    )
    return [Account.model_validate(dict(row)) for row in rows.mappings()]


async def account(connection: "AsyncConnection", user_id: UUID) -> Account | None:
    row = (await _run(connection, f"{_ACCOUNT} where id = :id", id=user_id)).mappings().first()
    return Account.model_validate(dict(row)) if row else None


async def follows_and_is_locked(connection: "AsyncConnection", user_id: UUID) -> bool:
    """Whether the directory that an account follows wants it locked."""
    found = await _run(connection, "select disabled_in_directory from users where id = :id", id=user_id)
    return bool(found.scalar_one_or_none())


async def set_status(connection: "AsyncConnection", user_id: UUID, *, was: str, now: str) -> bool:
    found = await _run(
        connection,
        "update users set status = :now, updated_at = now()"
        " where id = :id and status = any(string_to_array(:was, ' ')) returning 1",
        id=user_id,
        was=was,
        now=now,
    )
    return found.first() is not None


async def release(connection: "AsyncConnection", user_id: UUID) -> bool:
    """Let a tombstone's subject be somebody else's: the old rows stay with a subject that no issuer can tell."""
    found = await _run(
        connection,
        "update users set sub = sub || ' released ' || id, updated_at = now()"
        " where id = :id and status = 'deprovisioned' and position(' released ' in sub) = 0 returning 1",
        id=user_id,
    )
    return found.first() is not None


async def invite(
    connection: "AsyncConnection", tenant_id: UUID, by: UUID, wanted: NewInvitation, token: str
) -> Invitation:
    row = await _run(
        connection,
        _INVITE,
        id=ids.new_id(),
        tenant=tenant_id,
        name=wanted.name,
        email=wanted.email,
        role=wanted.role,
        profile=wanted.profile,
        hash=digest(token),
        by=by,
        good=GOOD_FOR,
    )
    return Invitation.model_validate(dict(row.mappings().one()))


async def invitations(connection: "AsyncConnection", limit: int) -> list[Invitation]:
    rows = await _run(connection, f"select {_INVITATION} from invitations order by id desc limit :limit", limit=limit)  # noqa: S608 - ours
    return [Invitation.model_validate(dict(row)) for row in rows.mappings()]


async def revoke(connection: "AsyncConnection", invitation_id: UUID) -> bool:
    found = await _run(
        connection,
        f"update invitations set revoked_at = now() where id = :id and {OPEN} returning 1",  # noqa: S608 - ours
        id=invitation_id,
    )
    return found.first() is not None


async def waiting(connection: "AsyncConnection", token: str) -> Waiting | None:
    row = (
        await _run(
            connection,
            "select id, tenant_id, name, email, role, profile, invited_by from invitations"  # noqa: S608 - ours
            f" where token_hash = :hash and {OPEN} for update",
            hash=digest(token),
        )
    ).first()
    return Waiting(*row) if row else None


async def accept(connection: "AsyncConnection", invitation: Waiting, user_id: UUID) -> None:
    """The invitation is used up, and the person has what it says."""
    await _run(
        connection,
        "update invitations set accepted_at = now(), accepted_by = :user where id = :id",
        id=invitation.id,
        user=user_id,
    )
    await _run(
        connection,
        "update users set granted_role = :role, granted_profile = :profile, updated_at = now() where id = :user",
        user=user_id,
        role=invitation.role,
        profile=invitation.profile,
    )


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def _run(connection: "AsyncConnection", statement: str, **values: Any) -> Any:
    from sqlalchemy import text

    return await connection.execute(text(statement), values)
