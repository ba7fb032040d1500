"""The hourly search for a patient who does not exist: what of them was found where, in counts."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from events.catalog.payload import OTHER, Count, EventType, Payload

Outcome = Annotated[
    Literal["clean", "leaked", "unknown", "absent"],
    Meta(description="unknown: nobody could look, or not everything was told; absent: there is no such sink"),
]


class CanarySearched(Payload, frozen=True, kw_only=True):
    """A synthetic patient was told at the doors and looked for in every sink. `reached` of the `requests` were taken by
    a door; `voice`: told in a session, too; `leaks`: traces in all sinks."""

    TYPE = "org.voiceassist.canary.searched.v1"
    run_id: UUID
    requests: Count
    reached: Count
    voice: bool
    leaks: Count
    database: Outcome
    sessions: Outcome
    objects: Outcome
    knowledge: Outcome
    events: Outcome
    logs: Outcome
    traces: Outcome
    metrics: Outcome


EVENTS = (
    EventType(
        payload=CanarySearched,
        says=("canary",),
        heard_by=(),
        example=CanarySearched(
            run_id=OTHER,
            requests=412,
            reached=412,
            voice=True,
            leaks=0,
            database="clean",
            sessions="clean",
            objects="clean",
            knowledge="clean",
            events="clean",
            logs="clean",
            traces="absent",
            metrics="clean",
        ),
    ),
)
