"""One response from its announcement to `response.done`: the order of its events and what it leaves behind."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from realtime.conversation import Clause, Conversation, Item, Part
from realtime.engine import FunctionCall
from realtime.protocol import server
from realtime.protocol.server import Wire
from realtime.protocol.settings import Format, Pcm, SessionSettings

Outcome = Literal["completed", "cancelled", "failed"]
# A quarter of a second: small enough to stop quickly, large enough to be cheap.
CHUNK_MS = 250


@dataclass(slots=True)
class Response:
    """`bound` responses write to the conversation, the others (`conversation: none`) leave no trace."""

    id: str
    item_id: str
    settings: SessionSettings
    conversation: Conversation
    conversation_id: str
    bound: bool = True
    metadata: dict[str, str] | None = None
    item: Item | None = None
    outputs: list[Item] = field(default_factory=list, repr=False)
    sounded: bool = False
    status: str = "in_progress"
    details: dict[str, Any] | None = None
    events: list[Wire] = field(default_factory=list, repr=False)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def speaks(self) -> bool:
        return self.settings.speaks

    @property
    def part(self) -> Part:
        assert self.item is not None  # noqa: S101 - only asked for once the item began
        return self.item.parts[0]

    def created(self) -> list[Wire]:
        return [server.response("created", self.wire())]

    def words(self, text: str, audio: bytes | None, audio_ms: float, *, aligned: bool = True) -> list[Wire]:
        """The next clause; the first one opens the item. Where text and sound are not aligned, all is one clause."""
        events = [] if self.item else self._open()
        self.part.text = (self.part.text or "") + text
        before = self.part.clauses.pop() if self.part.clauses and not aligned else Clause("", 0.0)
        self.part.clauses.append(Clause(before.text + text, before.audio_ms + audio_ms))
        if not self.speaks:
            return [*events, self._event("output_text.delta", delta=text)]
        if text:
            events.append(self._event("output_audio_transcript.delta", delta=text))
        for chunk in _chunks(audio or b"", self.settings.audio.output.format):
            self.sounded = True
            events.append(self._event("output_audio.delta", delta=base64.b64encode(chunk).decode()))
        return events

    def call(self, item_id: str, called: FunctionCall) -> list[Wire]:
        """The client is to call a function; whatever was said before it is complete."""
        events = self._close("completed") if self.item and self.item.status == "in_progress" else []
        index = len(self.outputs)
        item = Item(item_id, status="in_progress", other=call_of(called, arguments=""))
        self.outputs.append(item)
        events.append(server.output_item("added", self.id, item.wire(), index))
        if self.bound:
            previous = self.conversation.add(item)
            events.append(server.item("added", item.wire(), previous))
        item.status, item.other = "completed", call_of(called, arguments=called.arguments)
        events += [server.call_arguments(kind, self.id, item.wire(), index) for kind in ("delta", "done")]
        events.append(server.output_item("done", self.id, item.wire(), index))
        if self.bound:
            events.append(server.item("done", item.wire(), self.conversation.before(item.id)))
        return events

    def ended(self, outcome: Outcome, details: dict[str, Any] | None = None) -> list[Wire]:
        """Close everything that was opened; `details` are the wire's `status_details`."""
        self.status, self.details = outcome, details
        events = self._close(outcome) if self.item and self.item.status == "in_progress" else []
        return [*events, server.response("done", self.wire())]

    def wire(self) -> Wire:
        done = self.status != "in_progress"
        output = self.settings.audio.output
        return {
            "id": self.id,
            "object": "realtime.response",
            "status": self.status,
            "status_details": self.details,
            "output": [item.wire() for item in self.outputs] if done else [],
            "conversation_id": self.conversation_id if self.bound else None,
            "output_modalities": list(self.settings.output_modalities),
            "max_output_tokens": self.settings.max_output_tokens,
            "audio": {"output": {"format": self.settings.wire()["audio"]["output"]["format"], "voice": output.voice}},
            "metadata": self.metadata,
            "usage": server.usage() if done else None,
        }

    def _open(self) -> list[Wire]:
        kind = "output_audio" if self.speaks else "output_text"
        self.item = Item(self.item_id, "assistant", [], status="in_progress", facts=self.facts)
        self.outputs.append(self.item)
        events = [server.output_item("added", self.id, self.item.wire())]
        if self.bound:
            previous = self.conversation.add(self.item)
            events.append(server.item("added", self.item.wire(), previous))
        self.item.parts.append(Part(kind, ""))
        return [*events, self._event("content_part.added", part=self._part())]

    def _close(self, outcome: Outcome) -> list[Wire]:
        assert self.item is not None  # noqa: S101 - see `ended`
        self.item.status = "completed" if outcome == "completed" else "incomplete"
        text = self.part.text or ""
        if self.speaks:
            events = [
                self._event("output_audio.done"),
                self._event("output_audio_transcript.done", transcript=text),
            ]
        else:
            events = [self._event("output_text.done", text=text)]
        events.append(self._event("content_part.done", part=self._part()))
        events.append(server.output_item("done", self.id, self.item.wire()))
        if self.bound and self.item in self.conversation.items:
            events.append(server.item("done", self.item.wire(), self.conversation.before(self.item.id)))
        return events

    def _part(self) -> Wire:
        text = self.part.text or ""
        return {"type": "audio", "transcript": text} if self.speaks else {"type": "text", "text": text}

    def _event(self, kind: str, **members: Any) -> Wire:
        return server.output_part(kind, self.id, self.item_id, **members)


def call_of(called: FunctionCall, *, arguments: str) -> dict[str, Any]:
    """The members of a call as an item."""
    return {"type": "function_call", "call_id": called.call_id, "name": called.name, "arguments": arguments}


def _chunks(audio: bytes, wire: Format) -> Iterator[bytes]:
    size = CHUNK_MS * (48 if isinstance(wire, Pcm) else 8)
    for start in range(0, len(audio), size):
        yield audio[start : start + size]
