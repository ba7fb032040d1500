"""What retrieval leaves in PostgreSQL: the event about an answer, which holds counts and no text."""

from uuid import UUID

from events.catalog import AnswerAbstained, AnswerGiven
from voiceassist.adapters.postgres import Database
from voiceassist.contracts.answers import Answer
from voiceassist.core import ids
from voiceassist.core.identity import Principal
from voiceassist.runtime import outbox

ROOM = "retrieval"
NO_EVIDENCE = "NO_EVIDENCE"


async def say(database: Database, caller: Principal, answer: Answer, *, passages: int, milliseconds: int) -> UUID:
    """Put the event into the outbox; the relay of the always-on host sends it, off the path of the voice."""
    answer_id = ids.new_id()
    payload: AnswerGiven | AnswerAbstained
    if answer.status == "abstained":
        payload = AnswerAbstained(
            answer_id=answer_id,
            tenant_id=caller.tenant_id,
            user_id=caller.user_id,
            reason=NO_EVIDENCE,
            passages=passages,
            duration_ms=milliseconds,
        )
    else:
        payload = AnswerGiven(
            answer_id=answer_id,
            tenant_id=caller.tenant_id,
            user_id=caller.user_id,
            status=answer.status,
            citations=len(answer.citations),
            passages=passages,
            duration_ms=milliseconds,
        )
    event = outbox.event_of(ROOM, payload.TYPE, payload, subject=str(answer_id), key=str(answer_id))
    async with database.transaction(caller) as connection:
        await outbox.add(connection, ROOM, event)
    return answer_id
