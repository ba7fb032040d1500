"""What is said to others: looked through by the gate first, then sent over a checked connection."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlencode

from events.envelope import CloudEvent
from voiceassist.runtime.egress.events import fields, parsed
from voiceassist.runtime.egress.gate import Gate
from voiceassist.runtime.egress.web import Answer, Egress


class Outside:
    """The gate and the connections together, for everybody who asks or tells somebody outside."""

    def __init__(self, gate: Gate, egress: Egress) -> None:
        self.gate = gate
        self.egress = egress

    async def ask(
        self,
        sink: Literal["literature", "search"],
        url: str,
        question: Mapping[str, str],
        *,
        headers: Mapping[str, str],
        limit: float,
    ) -> Answer:
        """GET `url` with the question in its query. PhiViolationError with a rewording where it names somebody."""
        names, values = list(question), list(question.values())
        passed = await self.gate.outgoing(sink, values, kind="query")
        query = urlencode(dict(zip(names, passed.texts, strict=True)))
        return await self.egress.get(f"{url}?{query}", headers=headers, limit=limit)

    async def tell(
        self, url: str, event: CloudEvent, body: bytes, *, headers: Mapping[str, str], limit: float
    ) -> Answer:
        """POST an event to an integrator; PhiBlockedError where it holds what may not leave.

        It goes as it is or not at all, since its signature is over every byte: policy has no other action for it.
        """
        await self.gate.outgoing("webhook", said_by(event), document_id=event.id)
        return await self.egress.post(url, headers=headers, body=body, limit=limit)


def said_by(event: CloudEvent) -> list[str]:
    """What of an event may be somebody's words, a line `name: value` for each, as one text; empty: nothing is."""
    beside = {"subject": event.subject, **event.extensions}
    found = fields(event, parsed(event), beside=beside)
    lines = [f"{one.name}: {one.value}" if one.name else one.value for one in found]
    return ["\n".join(lines)] if lines else []
