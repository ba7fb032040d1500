"""What was last taken over of everybody, and the report of the last look, in PostgreSQL."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.users.domain import Known
from functions.users.schema import Report
from voiceassist.adapters.postgres import Database
from voiceassist.contracts.directory import State
from voiceassist.core.identity import service

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

ROOM = "users"
_LOCK = 0x7573_6572
_ASK_AGAIN_SECONDS = 0.25

_REMEMBER = """
insert into directory_people (tenant_id, uid, hash, state) values (:tenant, :uid, :hash, :state)
on conflict (tenant_id, uid) do update set hash = excluded.hash, state = excluded.state
where (directory_people.hash, directory_people.state) is distinct from (excluded.hash, excluded.state)
"""
_KEEP = """
insert into directory_reports (tenant_id, report, retry_at) values (:tenant, cast(:report as jsonb), :retry_at)
on conflict (tenant_id) do update set report = excluded.report, retry_at = excluded.retry_at
"""


@asynccontextmanager
async def alone(database: Database, tenant_id: UUID, *, patience: float = 0.0) -> AsyncIterator[bool]:
    """Whether nobody else follows this tenant's directory while inside; `patience`: seconds that the end of another run
    is waited for. A crash lets go of it with its connection."""
    until = time.monotonic() + patience
    async with database.transaction(service(ROOM, tenant_id)) as connection:
        while not (got := await _locked(connection, tenant_id)) and time.monotonic() < until:  # noqa: ASYNC110 - a lock elsewhere
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
        yield got


async def _locked(connection: "AsyncConnection", tenant_id: UUID) -> bool:
    asked = "select pg_try_advisory_xact_lock(:lock, hashtext(:tenant))"
    return bool((await _run(connection, asked, lock=_LOCK, tenant=str(tenant_id))).scalar_one())


async def known(connection: "AsyncConnection", tenant_id: UUID) -> dict[str, Known]:
    rows = await _run(
        connection, "select uid, hash, state from directory_people where tenant_id = :tenant", tenant=tenant_id
    )
    return {uid: Known(bytes(hashed), state) for uid, hashed, state in rows.all()}


async def remember(connection: "AsyncConnection", tenant_id: UUID, people: Iterable[tuple[str, bytes, State]]) -> None:
    from sqlalchemy import text

    rows = [{"tenant": tenant_id, "uid": uid, "hash": hashed, "state": state} for uid, hashed, state in people]
    if rows:
        await connection.execute(text(_REMEMBER), rows)


async def last(connection: "AsyncConnection", tenant_id: UUID) -> tuple[Report, datetime | None] | None:
    """The last report, and until when the directory asked for patience."""
    row = (
        await _run(
            connection,
            "select report, retry_at from directory_reports where tenant_id = :tenant",
            tenant=tenant_id,
        )
    ).first()
    if row is None:
        return None
    return Report.model_validate_json(row[0] if isinstance(row[0], str) else json.dumps(row[0])), row[1]


async def keep(connection: "AsyncConnection", tenant_id: UUID, report: Report, retry_at: datetime | None) -> None:
    await _run(connection, _KEEP, tenant=tenant_id, report=report.model_dump_json(), retry_at=retry_at)


async def _run(connection: "AsyncConnection", statement: str, **values: Any) -> Any:
    from sqlalchemy import text

    return await connection.execute(text(statement), values)
