"""Cases and rounds in PostgreSQL: what changes and ends them; reading is voiceassist/runtime/cases.py."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.core.identity import Principal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 50


async def add(
    connection: "AsyncConnection",
    owner: Principal,
    case_id: UUID,
    body: bytes,
    *,
    now: datetime,
    days: int,
    rounds: dict[str, Any] | None,
) -> None:
    await _run(
        connection,
        "insert into cases (id, tenant_id, owner_id, rounds_id, body, expires_at, created_at, updated_at)"
        " values (:id, :tenant, :owner, :rounds, :body,"
        " coalesce(cast(:ends as timestamptz), cast(:now as timestamptz) + make_interval(days => :days)), :now, :now)",
        id=case_id,
        tenant=owner.tenant_id,
        owner=owner.user_id,
        rounds=rounds["id"] if rounds else None,
        ends=rounds["expires_at"] if rounds else None,
        body=body,
        now=now,
        days=days,
    )


async def retitle(connection: "AsyncConnection", owner: Principal, case_id: UUID, body: bytes) -> None:
    await _run(
        connection,
        "update cases set body = :body where id = :id and owner_id = :owner",
        id=case_id,
        owner=owner.user_id,
        body=body,
    )


async def count_facts(connection: "AsyncConnection", case_id: UUID) -> int:
    (found,) = await _run(connection, "select count(*) as facts from case_facts where case_id = :id", id=case_id)
    return int(found["facts"])


async def erase_fact(connection: "AsyncConnection", owner: Principal, case_id: UUID, fact_id: UUID) -> bool:
    return bool(
        await _run(
            connection,
            "delete from case_facts where id = :id and case_id = :case and owner_id = :owner returning id",
            id=fact_id,
            case=case_id,
            owner=owner.user_id,
        )
    )


async def remove(connection: "AsyncConnection", owner: Principal, case_id: UUID) -> bool:
    return bool(
        await _run(
            connection,
            "delete from cases where id = :id and owner_id = :owner returning id",
            id=case_id,
            owner=owner.user_id,
        )
    )


async def rounds(connection: "AsyncConnection", owner: Principal, *, now: datetime) -> dict[str, Any] | None:
    """Those that this person is on."""
    found = await _run(
        connection,
        "select id, expires_at, created_at from rounds where owner_id = :owner and expires_at > :now",
        owner=owner.user_id,
        now=now,
    )
    return found[0] if found else None


async def start_rounds(
    connection: "AsyncConnection", owner: Principal, rounds_id: UUID, *, now: datetime, ends: datetime
) -> bool:
    """False where some are under way already."""
    return bool(
        await _run(
            connection,
            "insert into rounds (id, tenant_id, owner_id, expires_at, created_at)"
            " values (:id, :tenant, :owner, :ends, :now) on conflict (owner_id) do nothing returning id",
            id=rounds_id,
            tenant=owner.tenant_id,
            owner=owner.user_id,
            ends=ends,
            now=now,
        )
    )


async def own_rounds(connection: "AsyncConnection", owner: Principal, *, over: datetime | None) -> list[UUID]:
    """All of this person's; with `over` those that had ended by then."""
    found = await _run(
        connection,
        "select id from rounds where owner_id = :owner and (cast(:over as timestamptz) is null or expires_at <= :over)",
        owner=owner.user_id,
        over=over,
    )
    return [row["id"] for row in found]


async def over(connection: "AsyncConnection", *, now: datetime) -> list[UUID]:
    """Rounds of the tenant that have ended."""
    return [row["id"] for row in await _run(connection, "select id from rounds where expires_at <= :now", now=now)]


async def wipe(connection: "AsyncConnection", ended: list[UUID]) -> list[UUID]:
    """Delete rounds with their cases, what was said about these, and unsigned notes; returns the cases."""
    cases = [
        row["id"]
        for row in await _run(connection, "select id from cases where rounds_id = any(:ids) order by id", ids=ended)
    ]
    await _run(connection, "delete from notes where state = 'draft' and case_id = any(:cases)", cases=cases)
    await _run(connection, "delete from conversations where case_id = any(:cases)", cases=cases)
    await _run(connection, "delete from rounds where id = any(:ids)", ids=ended)
    return cases


async def forget(connection: "AsyncConnection", *, now: datetime) -> int:
    """Drop the tenant's cases whose time is over; returns how many. Those of rounds go with their rounds."""
    statement = "delete from cases where rounds_id is null and expires_at <= :now returning id"
    return len(await _run(connection, statement, now=now))


async def _run(connection: "AsyncConnection", statement: str, **values: Any) -> list[dict[str, Any]]:
    from sqlalchemy import text

    result = await connection.execute(text(statement), values)
    return [dict(row) for row in result.mappings()] if result.returns_rows else []
