"""The table of wrapped data keys. Row-level security lets a tenant's keys be seen by a service acting for it alone."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.ports.kms import Context, Wrapped

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

SEAL, INDEX = "seal", "index"

# By the clock of the statement: a key that another process made since this transaction began is seen, and usable.
_KEYS = """
select purpose, version, wrapped, kek, messages, state, usable_from <= clock_timestamp() as usable, created_at
from data_keys where tenant_id = :tenant order by purpose, version
"""
_ADD = """
insert into data_keys (tenant_id, purpose, version, wrapped, kek, usable_from)
values (:tenant, :purpose, :version, :wrapped, :kek, now() + cast(:after as interval))
on conflict do nothing returning version
"""


@dataclass(frozen=True, slots=True)
class DataKey:
    """`wrapped` is None once the key is destroyed. `messages`: how many were sealed under it at most."""

    tenant_id: UUID
    purpose: str
    version: int
    wrapped: Wrapped | None
    messages: int
    usable: bool

    @property
    def context(self) -> Context:
        return context(self.tenant_id, self.purpose, self.version)


def context(tenant_id: UUID, purpose: str, version: int) -> Context:
    return {"tenant": str(tenant_id), "purpose": purpose, "version": str(version)}


async def keys(connection: "AsyncConnection", tenant_id: UUID) -> list[DataKey]:
    rows = await _rows(connection, _KEYS, tenant=tenant_id)
    return [
        DataKey(
            tenant_id,
            row["purpose"],
            row["version"],
            None if row["wrapped"] is None else Wrapped(row["kek"], bytes(row["wrapped"])),
            row["messages"],
            row["usable"],
        )
        for row in rows
    ]


async def add(
    connection: "AsyncConnection", tenant_id: UUID, purpose: str, version: int, wrapped: Wrapped, *, after: timedelta
) -> bool:
    """Writers take the key `after` a while, when every process has seen it. False: somebody added it before."""
    values = {"tenant": tenant_id, "purpose": purpose, "version": version, "after": after}
    return bool(await _rows(connection, _ADD, **values, wrapped=wrapped.data, kek=wrapped.kek))


async def reserve(connection: "AsyncConnection", tenant_id: UUID, version: int, count: int) -> int | None:
    """Count messages before they are sealed; returns how many that makes, None where the key is destroyed."""
    rows = await _rows(
        connection,
        "update data_keys set messages = messages + :count where tenant_id = :tenant and purpose = 'seal'"
        " and version = :version and state = 'live' returning messages",
        tenant=tenant_id,
        version=version,
        count=count,
    )
    return int(rows[0]["messages"]) if rows else None


async def rewrap(connection: "AsyncConnection", key: DataKey, wrapped: Wrapped) -> bool:
    """False when somebody rewrapped or destroyed the key meanwhile."""
    before = key.wrapped
    assert before is not None  # noqa: S101 - the caller skips destroyed keys
    return bool(
        await _rows(
            connection,
            "update data_keys set wrapped = :wrapped, kek = :kek, rewrapped_at = now() where tenant_id = :tenant"
            " and purpose = :purpose and version = :version and wrapped = :before returning 1",
            tenant=key.tenant_id,
            purpose=key.purpose,
            version=key.version,
            wrapped=wrapped.data,
            kek=wrapped.kek,
            before=before.data,
        )
    )


async def destroy(connection: "AsyncConnection", tenant_id: UUID) -> int:
    """Overwrite the wrapped keys of a tenant; returns how many were live."""
    rows = await _rows(
        connection,
        "update data_keys set wrapped = null, state = 'destroyed', destroyed_at = now()"
        " where tenant_id = :tenant and state = 'live' returning version",
        tenant=tenant_id,
    )
    return len(rows)


async def certify(connection: "AsyncConnection", erasure_id: UUID, tenant_id: UUID, certificate: str) -> None:
    await _rows(
        connection,
        "insert into key_erasures (id, tenant_id, certificate) values (:id, :tenant, cast(:certificate as jsonb))"
        " returning 1",
        id=erasure_id,
        tenant=tenant_id,
        certificate=certificate,
    )


async def certificates(connection: "AsyncConnection", tenant_id: UUID) -> list[dict[str, Any]]:
    rows = await _rows(
        connection, "select certificate from key_erasures where tenant_id = :tenant order by id", tenant=tenant_id
    )
    return [row["certificate"] for row in rows]


async def tenants(connection: "AsyncConnection") -> list[UUID]:
    return [row["id"] for row in await _rows(connection, "select id from tenants order by id")]


async def _rows(connection: "AsyncConnection", statement: str, **parameters: Any) -> list[dict[str, Any]]:
    from sqlalchemy import text

    return [dict(row) for row in (await connection.execute(text(statement), parameters)).mappings()]
