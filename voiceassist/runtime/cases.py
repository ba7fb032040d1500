"""Cases in PostgreSQL: what a clinician has told of a patient, read by a room and by the voice service.

Title and facts are sealed. Row-level security shows a person's own only; times say which are still there: a case whose
time is over is not read any more, whether or not it has been deleted yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from voiceassist.adapters.encryption.columns import Column
from voiceassist.contracts.cases import FactKind
from voiceassist.core.identity import Principal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from voiceassist.adapters.encryption.keys import TenantKeys

MOST_FACTS = 200

TITLE = Column("cases", "body")
FACT = Column("case_facts", "body")
SEALED = (TITLE, FACT)

_CASES = (
    "select id, rounds_id, body, expires_at, created_at, updated_at from cases"
    " where owner_id = :owner and expires_at > :now"
)


@dataclass(frozen=True, slots=True)
class Fact:
    """`text` is in the clinician's words: "creatinine 1.4 mg/dL"; `at`: when it was so, where that was told."""

    id: UUID
    kind: FactKind
    text: str = field(repr=False)
    at: datetime | None
    told_at: datetime

    @property
    def since(self) -> datetime:
        return self.at or self.told_at


@dataclass(frozen=True, slots=True)
class Case:
    """`facts` newest first, by when they were so."""

    id: UUID
    title: str = field(repr=False)
    rounds_id: UUID | None
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    facts: tuple[Fact, ...] = field(default=(), repr=False)


class _Body(msgspec.Struct, frozen=True):
    kind: FactKind
    text: str
    at: datetime | None


async def find(
    connection: "AsyncConnection", keys: "TenantKeys", owner: Principal, case_id: UUID, *, now: datetime
) -> Case | None:
    """With its facts. Raises SealBrokenError."""
    found = await _run(connection, f"{_CASES} and id = :id", owner=owner.user_id, now=now, id=case_id)
    row = found.mappings().one_or_none()
    if row is None:
        return None
    facts = await _run(
        connection, "select id, body, created_at from case_facts where case_id = :id order by id desc", id=case_id
    )
    opened = [_fact(keys, one) for one in facts.mappings()]
    return _case(keys, row, tuple(sorted(opened, key=lambda one: one.since, reverse=True)))


async def listed(
    connection: "AsyncConnection",
    keys: "TenantKeys",
    owner: Principal,
    *,
    now: datetime,
    before: UUID | None,
    limit: int,
) -> list[Case]:
    """The newest first, without facts. Raises SealBrokenError."""
    found = await _run(
        connection,
        f"{_CASES} and (cast(:before as uuid) is null or id < :before) order by id desc limit :limit",
        owner=owner.user_id,
        now=now,
        before=before,
        limit=limit,
    )
    return [_case(keys, row) for row in found.mappings()]


async def add_facts(
    connection: "AsyncConnection", keys: "TenantKeys", owner: Principal, case_id: UUID, facts: Sequence[Fact]
) -> None:
    for one in facts:
        body = msgspec.json.encode(_Body(one.kind, one.text, one.at)).decode()
        await _run(
            connection,
            "insert into case_facts (id, tenant_id, owner_id, case_id, body, created_at)"
            " values (:id, :tenant, :owner, :case, :body, :now)",
            id=one.id,
            tenant=owner.tenant_id,
            owner=owner.user_id,
            case=case_id,
            body=FACT.seal(keys, one.id, body),
            now=one.told_at,
        )


async def used(connection: "AsyncConnection", owner: Principal, case_id: UUID, *, now: datetime, days: int) -> bool:
    """Keep the case for so many days from now on; one of rounds ends with them. False: there is none (any more)."""
    found = await _run(
        connection,
        "update cases set updated_at = :now, expires_at = case when rounds_id is null"
        " then greatest(expires_at, cast(:now as timestamptz) + make_interval(days => :days)) else expires_at end"
        " where owner_id = :owner and expires_at > :now and id = :id returning id",
        owner=owner.user_id,
        now=now,
        days=days,
        id=case_id,
    )
    return found.one_or_none() is not None


def _case(keys: "TenantKeys", row: Any, facts: tuple[Fact, ...] = ()) -> Case:
    return Case(
        row["id"],
        TITLE.open(keys, row["id"], row["body"]),
        row["rounds_id"],
        row["expires_at"],
        row["created_at"],
        row["updated_at"],
        facts,
    )


def _fact(keys: "TenantKeys", row: Any) -> Fact:
    body = msgspec.json.decode(FACT.open(keys, row["id"], row["body"]), type=_Body)
    return Fact(row["id"], body.kind, body.text, body.at, row["created_at"])


async def _run(connection: "AsyncConnection", statement: str, **values: Any) -> Any:
    from sqlalchemy import text

    return await connection.execute(text(statement), values)
