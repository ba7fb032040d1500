"""What was said in a conversation, in PostgreSQL: written by the voice service, read by it and by a room.

Words, citations and results are one sealed text an item. Row-level security shows a person's own only.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID, uuid5

import msgspec

from voiceassist.adapters.encryption.columns import Column
from voiceassist.core.identity import Principal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from voiceassist.adapters.encryption.keys import TenantKeys

Role = Literal["user", "assistant", "system"]

BODY = Column("conversation_items", "body")
SEALED = (BODY,)

# Each change takes the next number of its conversation, and the row lock keeps them in order. Who deletes a
# conversation that goes on keeps what is said from then on. A case that is gone meanwhile is nobody's any more.
_CHANGED = """
insert into conversations (id, tenant_id, owner_id, seq, expires_at, case_id)
values (:id, :tenant, :owner, 1, now() + make_interval(days => :days),
    (select c.id from cases c where c.id = :case and c.owner_id = :owner))
on conflict (id) do update set seq = conversations.seq + 1, updated_at = now(), expires_at = excluded.expires_at,
    case_id = coalesce(excluded.case_id, conversations.case_id)
returning seq
"""
_KEEP = """
insert into conversation_items (id, tenant_id, owner_id, conversation_id, number, seq, role, interrupted, body)
values (:id, :tenant, :owner, :conversation, :number, :seq, :role, :interrupted, :body)
on conflict (id) do update set seq = excluded.seq, interrupted = excluded.interrupted, body = excluded.body,
    updated_at = now()
"""
_RECENT = """
select i.id, i.body from conversation_items i join (
    select id, updated_at from conversations where owner_id = :owner and case_id is null and expires_at > now()
    order by updated_at desc limit :conversations
) c on c.id = i.conversation_id order by c.updated_at desc, i.number desc limit :most
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An item as it is final for now: `text` is what was written, said or heard.

    `number` gives the order; `kind` is the wire's type of its one part; `facts` are what stands beside the words, by
    the name of the event that tells it; `seq` is the number of its last change, 0 before it was stored.
    """

    item_id: str
    number: int
    role: Role
    kind: str
    text: str = field(repr=False)
    status: str = "completed"
    interrupted: bool = False
    facts: dict[str, Any] = field(default_factory=dict, repr=False)
    seq: int = 0


class _Body(msgspec.Struct, frozen=True):
    item_id: str
    kind: str
    text: str
    status: str
    facts: dict[str, Any]


def row_of(conversation_id: UUID, item_id: str) -> UUID:
    return uuid5(conversation_id, item_id)


async def keep(
    connection: "AsyncConnection",
    keys: "TenantKeys",
    owner: Principal,
    conversation_id: UUID,
    item: Kept,
    *,
    days: int,
    case_id: UUID | None = None,
) -> int:
    """Store an item, or what became of it; returns the number of this change. `case_id`: what the talk is about."""
    seq = await _changed(connection, owner, conversation_id, days, case_id)
    row = row_of(conversation_id, item.item_id)
    body = _Body(item.item_id, item.kind, item.text, item.status, item.facts)
    await _run(
        connection,
        _KEEP,
        id=row,
        tenant=owner.tenant_id,
        owner=owner.user_id,
        conversation=conversation_id,
        number=item.number,
        seq=seq,
        role=item.role,
        interrupted=item.interrupted,
        body=BODY.seal(keys, row, msgspec.json.encode(body).decode()),
    )
    return seq


async def remove(
    connection: "AsyncConnection", owner: Principal, conversation_id: UUID, item_id: str, *, days: int
) -> int:
    """Forget an item that was taken back; returns the number of this change."""
    seq = await _changed(connection, owner, conversation_id, days)
    await _run(connection, "delete from conversation_items where id = :id", id=row_of(conversation_id, item_id))
    return seq


async def items(connection: "AsyncConnection", keys: "TenantKeys", conversation_id: UUID) -> list[Kept]:
    """In their order. Raises SealBrokenError."""
    rows = await _run(
        connection,
        "select id, number, seq, role, interrupted, body from conversation_items where conversation_id = :id"
        " order by number, id",
        id=conversation_id,
    )
    return [opened(keys, row) for row in rows.mappings()]


async def recent_texts(
    connection: "AsyncConnection", keys: "TenantKeys", owner: Principal, *, conversations: int, most: int
) -> list[str]:
    """The words of the last items of a person's last conversations, newest first; of none that was about a case.

    Raises SealBrokenError.
    """
    rows = await _run(connection, _RECENT, owner=owner.user_id, conversations=conversations, most=most)
    return [opened_text(keys, row["id"], row["body"]) for row in rows.mappings()]


def opened_text(keys: "TenantKeys", row: UUID, sealed: bytes) -> str:
    """The words alone. Raises SealBrokenError."""
    return msgspec.json.decode(BODY.open(keys, row, sealed), type=_Body).text


def opened(keys: "TenantKeys", row: Any) -> Kept:
    """An item out of a row with all columns but those that say whose it is. Raises SealBrokenError."""
    body = msgspec.json.decode(BODY.open(keys, row["id"], row["body"]), type=_Body)
    return Kept(
        body.item_id,
        row["number"],
        row["role"],
        body.kind,
        body.text,
        body.status,
        row["interrupted"],
        body.facts,
        row["seq"],
    )


async def _changed(
    connection: "AsyncConnection", owner: Principal, conversation_id: UUID, days: int, case_id: UUID | None = None
) -> int:
    found = await _run(
        connection,
        _CHANGED,
        id=conversation_id,
        tenant=owner.tenant_id,
        owner=owner.user_id,
        days=days,
        case=case_id,
    )
    return int(found.scalar_one())


async def _run(connection: "AsyncConnection", statement: str, **values: Any) -> Any:
    from sqlalchemy import text

    return await connection.execute(text(statement), values)
