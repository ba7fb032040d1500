"""Subscriptions and their deliveries in PostgreSQL; row-level security decides what a caller sees."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.subscriptions.domain import Subscription
from functions.subscriptions.schema import Delivery
from functions.subscriptions.schema import Subscription as Listed
from voiceassist.adapters.encryption.columns import Column
from voiceassist.core import ids
from voiceassist.core.identity import Principal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

# A rotation of the secret copies the one into the other.
SECRET = Column("subscriptions", "secret", purpose="subscriptions")
PREVIOUS_SECRET = Column("subscriptions", "previous_secret", purpose="subscriptions", bound_to="secret")
SEALED = (SECRET, PREVIOUS_SECRET)
PAGE = 50
KEEP_DAYS = 30
# Whoever changes a subscription holds this together with others until its Trigger and its row agree; who compares all
# Triggers with all rows holds it alone.
LOCK = 0x7375_6273

_LISTED = """
select s.id, s.owner_id, s.name, s.sink, s.filters, s.active, s.disabled_reason, s.created_at, s.updated_at,
       case when s.previous_until > now() then s.previous_until end as previous_secret_until
from subscriptions s
"""
# As it is delivered: its owner's account decides too.
_WHOLE = """
select s.id, s.tenant_id, s.owner_id, s.sink, s.filters, s.active, u.status = 'active' as owner_active,
       u.role = 'admin' as sees_tenant
from subscriptions s join users u on u.id = s.owner_id
"""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Sealed; `previous` is None once its time is over."""

    present: bytes
    previous: bytes | None


async def changing(connection: "AsyncConnection") -> None:
    await _run(connection, "select pg_advisory_xact_lock_shared(:lock)", lock=LOCK)


async def comparing(connection: "AsyncConnection") -> None:
    await _run(connection, "select pg_advisory_xact_lock(:lock)", lock=LOCK)


async def add(
    connection: "AsyncConnection",
    caller: Principal,
    subscription_id: UUID,
    *,
    name: str,
    sink: str,
    filters: list[dict[str, Any]],
    active: bool,
    secret: bytes,
) -> None:
    await _run(
        connection,
        "insert into subscriptions (id, tenant_id, owner_id, name, sink, filters, active, secret)"
        " values (:id, :tenant, :owner, :name, :sink, cast(:filters as jsonb), :active, :secret)",
        id=subscription_id,
        tenant=caller.tenant_id,
        owner=caller.user_id,
        name=name,
        sink=sink,
        filters=json.dumps(filters),
        active=active,
        secret=secret,
    )


async def count(connection: "AsyncConnection", owner_id: UUID | None) -> int:
    (row,) = await _run(connection, "select count(*) as n from subscriptions where owner_id = :owner", owner=owner_id)
    return int(row["n"])


async def change(connection: "AsyncConnection", subscription_id: UUID, changes: dict[str, Any]) -> bool:
    """Set the named columns; False where there is no such subscription for the caller."""
    values = {name: json.dumps(value) if name == "filters" else value for name, value in changes.items()}
    sets = [f"{name} = {'cast(:filters as jsonb)' if name == 'filters' else f':{name}'}" for name in values]
    found = await _run(
        connection,
        f"update subscriptions set {', '.join([*sets, 'updated_at = now()'])} where id = :id returning id",  # noqa: S608 - names of our own columns
        id=subscription_id,
        **values,
    )
    return bool(found)


async def remove(connection: "AsyncConnection", subscription_id: UUID) -> bool:
    return bool(await _run(connection, "delete from subscriptions where id = :id returning id", id=subscription_id))


async def one(connection: "AsyncConnection", subscription_id: UUID) -> Listed | None:
    rows = await _run(connection, f"{_LISTED} where s.id = :id", id=subscription_id)
    return Listed(**rows[0]) if rows else None


async def listed(connection: "AsyncConnection", before: UUID | None, limit: int) -> list[Listed]:
    rows = await _run(
        connection,
        f"{_LISTED} where cast(:before as uuid) is null or s.id < :before order by s.id desc limit :limit",
        before=before,
        limit=limit,
    )
    return [Listed(**row) for row in rows]


async def whole(connection: "AsyncConnection", subscription_id: UUID) -> Subscription | None:
    """For who acts for the tenant: the owners' accounts are not the caller's to see."""
    rows = await _run(connection, f"{_WHOLE} where s.id = :id", id=subscription_id)
    return Subscription(**rows[0]) if rows else None


async def every(connection: "AsyncConnection") -> list[Subscription]:
    """Those of the tenant that are wanted."""
    found = [Subscription(**row) for row in await _run(connection, _WHOLE)]
    return [subscription for subscription in found if subscription.wanted]


async def tenants(connection: "AsyncConnection") -> list[UUID]:
    return [row["id"] for row in await _run(connection, "select id from tenants order by id")]


async def secrets(connection: "AsyncConnection", subscription_id: UUID) -> Secrets | None:
    rows = await _run(
        connection,
        "select secret, case when previous_until > now() then previous_secret end as previous"
        " from subscriptions where id = :id",
        id=subscription_id,
    )
    return Secrets(bytes(rows[0]["secret"]), rows[0]["previous"] and bytes(rows[0]["previous"])) if rows else None


async def rotate(connection: "AsyncConnection", subscription_id: UUID, secret: bytes, until: datetime) -> bool:
    found = await _run(
        connection,
        "update subscriptions set previous_secret = secret, previous_until = :until, secret = :secret,"
        " updated_at = now() where id = :id returning id",
        id=subscription_id,
        secret=secret,
        until=until,
    )
    return bool(found)


async def record(
    connection: "AsyncConnection",
    subscription: Subscription,
    *,
    event_id: str,
    event_type: str,
    outcome: str,
    status: int | None,
    duration_ms: int,
) -> None:
    """One line of the delivery log, unless the subscription is gone meanwhile."""
    await _run(
        connection,
        "insert into subscription_deliveries (id, tenant_id, owner_id, subscription_id, event_id, event_type, outcome,"
        " status, duration_ms) select :id, tenant_id, owner_id, id, :event, :type, :outcome, :status, :duration"
        " from subscriptions where id = :subscription",
        id=ids.new_id(),
        event=event_id,
        type=event_type,
        outcome=outcome,
        status=status,
        duration=duration_ms,
        subscription=subscription.id,
    )


async def deliveries(
    connection: "AsyncConnection", subscription_id: UUID, before: UUID | None, limit: int
) -> list[Delivery]:
    rows = await _run(
        connection,
        "select id, created_at as at, event_id, event_type, outcome, status, duration_ms from subscription_deliveries"
        " where subscription_id = :subscription and (cast(:before as uuid) is null or id < :before)"
        " and created_at > now() - make_interval(days => :days) order by id desc limit :limit",
        subscription=subscription_id,
        before=before,
        days=KEEP_DAYS,
        limit=limit,
    )
    return [Delivery(**row) for row in rows]


async def forget(connection: "AsyncConnection") -> None:
    """Drop what is older than anybody is shown."""
    await _run(
        connection,
        "delete from subscription_deliveries where created_at < now() - make_interval(days => :days)",
        days=KEEP_DAYS,
    )


async def _run(connection: "AsyncConnection", statement: str, **parameters: Any) -> list[dict[str, Any]]:
    from sqlalchemy import text

    result = await connection.execute(text(statement), parameters)
    return [dict(row) for row in result.mappings()] if result.returns_rows else []
