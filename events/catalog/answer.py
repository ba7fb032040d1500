"""How questions ended."""

from typing import Literal
from uuid import UUID

from events.catalog.payload import OTHER, OWNER, TENANT, Code, Count, EventType, Payload


class AnswerGiven(Payload, frozen=True, kw_only=True):
    """A question was answered with sources."""

    TYPE = "org.voiceassist.answer.given.v1"
    answer_id: UUID
    tenant_id: UUID
    user_id: UUID | None = None
    status: Literal["supported", "partial"]
    citations: Count
    passages: Count
    duration_ms: Count


class AnswerAbstained(Payload, frozen=True, kw_only=True):
    """A question found no sufficient evidence, and the house said so."""

    TYPE = "org.voiceassist.answer.abstained.v1"
    answer_id: UUID
    tenant_id: UUID
    user_id: UUID | None = None
    reason: Code
    passages: Count
    duration_ms: Count


EVENTS = (
    EventType(
        payload=AnswerGiven,
        says=("retrieval",),
        heard_by=(),
        example=AnswerGiven(
            answer_id=OTHER,
            tenant_id=TENANT,
            user_id=OWNER,
            status="supported",
            citations=2,
            passages=8,
            duration_ms=412,
        ),
    ),
    EventType(
        payload=AnswerAbstained,
        says=("retrieval",),
        heard_by=(),
        example=AnswerAbstained(
            answer_id=OTHER,
            tenant_id=TENANT,
            user_id=OWNER,
            reason="NO_EVIDENCE",
            passages=0,
            duration_ms=95,
        ),
    ),
)
