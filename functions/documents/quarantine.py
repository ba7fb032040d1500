"""Documents in quarantine: who waits, who decided, and the two decisions there are.

Reviewers see kinds and counts, and act for the tenant: the documents are other people's, whose rows they could not see.
A decision is one statement on the state of the document, so of two at the same moment one finds nothing to decide.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.documents.schema import Decision, Discard, Held, Release
from voiceassist.core.errors import ConflictError, NotFoundError
from voiceassist.core.identity import Principal, service

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_WAITING = """
select r.id as review_id, r.document_id, r.owner_id, d.format, d.size_bytes, d.version, d.visibility, r.findings,
       r.created_at as held_at
from document_reviews r join documents d on d.id = r.document_id and d.status = 'quarantined'
where r.decision is null and (cast(:before as uuid) is null or r.id < :before) order by r.id desc limit :limit
"""
_DECIDED = """
select id as review_id, document_id, owner_id, visibility, findings, decision, judgement, reason, reviewer_id,
    decided_at
from document_reviews
where decision is not null and (cast(:before as uuid) is null or id < :before) order by id desc limit :limit
"""
_RELEASE = """
update documents set status = 'pending', phi_released = true, updated_at = now(),
    visibility = case when :private then 'private' else visibility end
where id = :id and status = 'quarantined'
returning id, owner_id, content_hash, size_bytes, format, version
"""
_WAIT_AGAIN = """
update indexing_jobs set state = 'pending', step = 'upload', retry_count = 0, failing_since = null,
    error_code = null, failed_at = null, updated_at = now()
where document_id = :id and state = 'quarantined'
"""
_DECIDE = """
update document_reviews set decision = :decision, judgement = :judgement, reason = :reason, reviewer_id = :reviewer,
    decided_at = now(), updated_at = now()
where document_id = :id and decision is null
returning id as review_id, document_id, owner_id, visibility, findings, decision, judgement, reason, reviewer_id,
    decided_at
"""


def actor(caller: Principal) -> Principal:
    return service("documents", caller.tenant_id)


async def waiting(connection: "AsyncConnection", before: UUID | None, limit: int) -> list[Held]:
    return [Held(**row) for row in await _rows(connection, _WAITING, before=before, limit=limit)]


async def decided(connection: "AsyncConnection", before: UUID | None, limit: int) -> list[Decision]:
    return [Decision(**row) for row in await _rows(connection, _DECIDED, before=before, limit=limit)]


async def release(
    connection: "AsyncConnection", caller: Principal, document_id: UUID, request: Release
) -> tuple[Decision, dict[str, Any]]:
    """The decision, and what the event says of the document; raises ConflictError when somebody was first."""
    private = request.judgement == "patient_data"
    rows = await _rows(connection, _RELEASE, id=document_id, private=private)
    if not rows:
        await _refuse(connection, document_id)
    await _run(connection, _WAIT_AGAIN, id=document_id)
    decision = await _decide(connection, caller, document_id, "released", request.reason, request.judgement)
    return decision, rows[0]


async def discard(connection: "AsyncConnection", caller: Principal, document_id: UUID, request: Discard) -> Decision:
    """Rows, jobs and passages are gone with the document; of its versions only this one."""
    rows = await _rows(
        connection, "delete from documents where id = :id and status = 'quarantined' returning id", id=document_id
    )
    if not rows:
        await _refuse(connection, document_id)
    return await _decide(connection, caller, document_id, "deleted", request.reason, None)


async def _decide(
    connection: "AsyncConnection",
    caller: Principal,
    document_id: UUID,
    decision: str,
    reason: str,
    judgement: str | None,
) -> Decision:
    values = {"decision": decision, "reason": reason, "judgement": judgement, "reviewer": caller.user_id}
    (row,) = await _rows(connection, _DECIDE, id=document_id, **values)
    return Decision(**row)


async def _refuse(connection: "AsyncConnection", document_id: UUID) -> None:
    """Say why there is nothing to decide: never held, or decided already."""
    if await _rows(connection, "select 1 from document_reviews where document_id = :id", id=document_id):
        raise ConflictError("The document is not in quarantine any more.", code="NOT_IN_QUARANTINE")
    raise NotFoundError("There is no such document in quarantine.")


async def _run(connection: "AsyncConnection", statement: str, **parameters: Any) -> None:
    from sqlalchemy import text

    await connection.execute(text(statement), parameters)


async def _rows(connection: "AsyncConnection", statement: str, **parameters: Any) -> list[dict[str, Any]]:
    from sqlalchemy import text

    return [dict(row) for row in (await connection.execute(text(statement), parameters)).mappings()]
