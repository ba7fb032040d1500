"""What of a conversation a service outside was told: it is brought up to ours, item by item, before each answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from realtime.engine import Called, Entry, Returned, Said
from realtime.speech import audio

Item = dict[str, Any]
RATE = 24_000


@dataclass(frozen=True, slots=True)
class Spoken:
    """The sound of a turn (float32, or as it came), the words in it, and their item, where they were read there."""

    text: str = field(default="", repr=False)
    sound: audio.Samples | audio.Sound = field(default=audio.Sound(), repr=False)
    rate: int = RATE
    theirs: str = ""

    def pcm(self) -> bytes:
        """As pcm16, 24 kHz."""
        if isinstance(self.sound, audio.Sound):
            return self.sound.pcm16(RATE)
        return audio.to_pcm16(audio.resample(self.sound, self.rate, RATE))


@dataclass(slots=True)
class Part:
    """An item of theirs that is one of ours, or a part of it, with its milliseconds of sound."""

    item_id: str
    audio_ms: float = 0.0


@dataclass(slots=True)
class Told:
    """By the ids of our items. `private` ones were worked on here, and are not told."""

    parts: dict[str, list[Part]] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)

    def forget(self) -> None:
        """A new session knows nothing."""
        self.parts.clear()
        self.calls.clear()

    def missing(self, entries: Sequence[Entry]) -> list[Entry]:
        return [
            entry
            for entry in entries
            if entry.item_id not in self.parts
            and entry.item_id not in self.private
            and not (isinstance(entry, Called) and entry.call.call_id in self.calls)
        ]

    def taken_back(self, entries: Sequence[Entry]) -> list[str]:
        """Their items that are ours no longer."""
        kept = {entry.item_id for entry in entries}
        gone = [item_id for item_id in self.parts if item_id not in kept]
        return [part.item_id for item_id in gone for part in self.parts.pop(item_id)]

    def add(self, item_id: str, theirs: str) -> Part:
        part = Part(theirs)
        self.parts.setdefault(item_id, []).append(part)
        return part

    def cut(self, item_id: str, audio_ms: int) -> list[tuple[str, int]]:
        """Where each of their items ends, of which less was heard than was said; 0: nothing of it."""
        found, left = [], float(audio_ms)
        for part in self.parts.get(item_id, ()):
            if part.audio_ms > left:
                found.append((part.item_id, int(left)))
            left = max(0.0, left - part.audio_ms)
        return found


def item_of(entry: Entry, spoken: Spoken | None = None) -> Item:
    """As the protocol has it, bytes for base64; a turn of the speaker with its sound, where that is at hand."""
    match entry:
        case Called():
            call = entry.call
            return {
                "type": "function_call",
                "call_id": call.call_id,
                "name": call.name,
                "arguments": call.arguments,
            }
        case Returned():
            return {"type": "function_call_output", "call_id": entry.call_id, "output": entry.output}
        case Said(role="user") if spoken is not None:
            content = {"type": "input_audio", "audio": spoken.pcm()}
        case Said(role="assistant"):
            content = {"type": "output_text", "text": entry.text}
        case Said():
            content = {"type": "input_text", "text": entry.text}
    return {"id": entry.item_id, "type": "message", "role": entry.role, "content": [content]}


def text_of(entry: Entry) -> str:
    match entry:
        case Said():
            return entry.text
        case Called():
            return entry.call.arguments
        case Returned():
            return entry.output
