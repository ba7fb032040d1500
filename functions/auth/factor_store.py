"""Second factors in PostgreSQL: authenticator app, passkeys, recovery codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.auth.passkeys import Registered
from functions.auth.schema import Factors, Passkey
from voiceassist.core import ids

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Totp:
    """A confirmed secret, sealed, and the last time step that was accepted."""

    sealed: bytes
    last_step: int


@dataclass(frozen=True, slots=True)
class Key:
    """What is needed to check an answer of a passkey."""

    id: UUID
    public_key: bytes
    sign_count: int


async def lock(connection: "AsyncConnection", user_id: UUID) -> tuple[str, str, str] | None:
    """Hold the person's factors until the transaction ends; their status, role and profile of this moment."""
    found = await _run(connection, "select status, role, profile from users where id = :user for update", user=user_id)
    row = found.first()
    return (row[0], row[1], row[2]) if row else None


async def count(connection: "AsyncConnection", user_id: UUID) -> int:
    """How many factors a sign-in could be completed with; recovery codes are none."""
    found = await _run(
        connection,
        "select (select count(*) from mfa_totp where user_id = :user and confirmed_at is not null)"
        " + (select count(*) from mfa_passkeys where user_id = :user)",
        user=user_id,
    )
    return int(found.scalar_one())


async def all_of(connection: "AsyncConnection", user_id: UUID) -> Factors:
    since = await _run(connection, "select confirmed_at from mfa_totp where user_id = :user", user=user_id)
    rows = await _run(
        connection,
        "select id, name, synced, created_at, last_used_at from mfa_passkeys where user_id = :user order by id",
        user=user_id,
    )
    passkeys = tuple(Passkey.model_validate(dict(row)) for row in rows.mappings())
    left = await codes_left(connection, user_id)
    return Factors(authenticator_since=since.scalar(), passkeys=passkeys, recovery_codes_left=left)


async def totp(connection: "AsyncConnection", user_id: UUID) -> Totp | None:
    """The confirmed secret, locked until the transaction ends."""
    found = await _run(
        connection,
        "select secret, last_step from mfa_totp where user_id = :user and confirmed_at is not null for update",
        user=user_id,
    )
    row = found.first()
    return Totp(bytes(row[0]), int(row[1])) if row else None


async def spend_step(connection: "AsyncConnection", user_id: UUID, step: int) -> bool:
    """Remember an accepted step; False when it, or a later one, was accepted before."""
    found = await _run(
        connection,
        "update mfa_totp set last_step = :step, updated_at = now()"
        " where user_id = :user and last_step < :step returning 1",
        user=user_id,
        step=step,
    )
    return found.first() is not None


async def write_totp(
    connection: "AsyncConnection", user_id: UUID, tenant_id: UUID, sealed: bytes, step: int, *, replace: bool = True
) -> None:
    """A confirmed secret, whose code of `step` was used to confirm it; with `replace` instead of the one before."""
    await _run(
        connection,
        "insert into mfa_totp (user_id, tenant_id, secret, last_step, confirmed_at)"
        " values (:user, :tenant, :secret, :step, now()) on conflict (user_id) do update"
        " set secret = excluded.secret, last_step = excluded.last_step, confirmed_at = now(), updated_at = now()"
        " where :replace",
        user=user_id,
        tenant=tenant_id,
        secret=sealed,
        step=step,
        replace=replace,
    )
    await _mark(connection, user_id)


async def remove_totp(connection: "AsyncConnection", user_id: UUID) -> bool:
    found = await _run(connection, "delete from mfa_totp where user_id = :user returning 1", user=user_id)
    return found.first() is not None


async def credential_ids(connection: "AsyncConnection", user_id: UUID) -> list[bytes]:
    rows = await _run(
        connection, "select credential_id from mfa_passkeys where user_id = :user order by id", user=user_id
    )
    return [bytes(value) for value in rows.scalars()]


async def add_passkey(
    connection: "AsyncConnection",
    user_id: UUID,
    tenant_id: UUID,
    name: str,
    made: Registered,
    transports: Sequence[str],
) -> UUID | None:
    """Its id; None where the passkey is registered already, for whomever."""
    found = await _run(
        connection,
        "insert into mfa_passkeys (id, tenant_id, user_id, credential_id, public_key, sign_count, name, transports,"
        " synced) values (:id, :tenant, :user, :credential, :key, :count, :name, :transports, :synced)"
        " on conflict (credential_id) do nothing returning id",
        id=ids.new_id(),
        tenant=tenant_id,
        user=user_id,
        credential=made.credential_id,
        key=made.public_key,
        count=made.sign_count,
        name=name,
        transports=list(transports),
        synced=made.synced,
    )
    identifier: UUID | None = found.scalar()
    if identifier is not None:
        await _mark(connection, user_id)
    return identifier


async def passkey(connection: "AsyncConnection", user_id: UUID, credential: bytes) -> Key | None:
    """The person's passkey, locked until the transaction ends."""
    found = await _run(
        connection,
        "select id, public_key, sign_count from mfa_passkeys"
        " where user_id = :user and credential_id = :credential for update",
        user=user_id,
        credential=credential,
    )
    row = found.first()
    return Key(row[0], bytes(row[1]), int(row[2])) if row else None


async def used_passkey(connection: "AsyncConnection", passkey_id: UUID, sign_count: int) -> None:
    await _run(
        connection,
        "update mfa_passkeys set sign_count = :count, last_used_at = now(), updated_at = now() where id = :id",
        id=passkey_id,
        count=sign_count,
    )


async def rename_passkey(connection: "AsyncConnection", user_id: UUID, passkey_id: UUID, name: str) -> bool:
    found = await _run(
        connection,
        "update mfa_passkeys set name = :name, updated_at = now() where id = :id and user_id = :user returning 1",
        id=passkey_id,
        user=user_id,
        name=name,
    )
    return found.first() is not None


async def remove_passkey(connection: "AsyncConnection", user_id: UUID, passkey_id: UUID) -> bool:
    found = await _run(
        connection,
        "delete from mfa_passkeys where id = :id and user_id = :user returning 1",
        id=passkey_id,
        user=user_id,
    )
    return found.first() is not None


async def write_codes(
    connection: "AsyncConnection", user_id: UUID, tenant_id: UUID, codes: Sequence[tuple[str, str]]
) -> None:
    """Selectors and hashes, in place of all that were before."""
    await _run(connection, "delete from mfa_recovery_codes where user_id = :user", user=user_id)
    for selector, encoded in codes:
        await _run(
            connection,
            "insert into mfa_recovery_codes (user_id, tenant_id, selector, hash)"
            " values (:user, :tenant, :selector, :hash)",
            user=user_id,
            tenant=tenant_id,
            selector=selector,
            hash=encoded,
        )


async def unused_code(connection: "AsyncConnection", user_id: UUID, selector: str) -> str | None:
    """The hash of a code that was not used, locked until the transaction ends."""
    found = await _run(
        connection,
        "select hash from mfa_recovery_codes"
        " where user_id = :user and selector = :selector and used_at is null for update",
        user=user_id,
        selector=selector,
    )
    encoded: str | None = found.scalar()
    return encoded


async def spend_code(connection: "AsyncConnection", user_id: UUID, selector: str) -> int:
    """How many codes are left."""
    await _run(
        connection,
        "update mfa_recovery_codes set used_at = now() where user_id = :user and selector = :selector",
        user=user_id,
        selector=selector,
    )
    return await codes_left(connection, user_id)


async def codes_left(connection: "AsyncConnection", user_id: UUID) -> int:
    found = await _run(
        connection,
        "select count(*) from mfa_recovery_codes where user_id = :user and used_at is null",
        user=user_id,
    )
    return int(found.scalar_one())


async def forget_all(connection: "AsyncConnection", user_id: UUID) -> bool:
    """Every factor of a person of this tenant; False where there is no such person."""
    found = await _run(
        connection,
        "update users set mfa_enrolled = false, updated_at = now() where id = :user returning 1",
        user=user_id,
    )
    if found.first() is None:
        return False
    for table in ("mfa_totp", "mfa_passkeys", "mfa_recovery_codes"):
        await _run(connection, f"delete from {table} where user_id = :user", user=user_id)  # noqa: S608 - ours
    return True


async def _mark(connection: "AsyncConnection", user_id: UUID) -> None:
    await _run(connection, "update users set mfa_enrolled = true, updated_at = now() where id = :user", user=user_id)


async def _run(connection: "AsyncConnection", statement: str, **values: Any) -> Any:
    from sqlalchemy import text

    return await connection.execute(text(statement), values)
