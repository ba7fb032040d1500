"""One answer of a service that speaks OpenAI Realtime, as its events come: words with their sound, and calls."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from realtime.engine import FunctionCall, Words
from realtime.engines.told import RATE, Part, Told
from realtime.engines.upstream import SOUND, Event, LostError

SAMPLE = 2  # bytes
ENOUGH = RATE * SAMPLE // 4  # a quarter of a second


@dataclass(slots=True)
class Coming:
    """`text` are words, and `sound` is pcm16, that were not told yet. What it says is our item `item_id`."""

    told: Told
    item_id: str
    calls: list[FunctionCall]
    text: str = ""
    sound: bytearray = field(default_factory=bytearray)
    part: Part = field(default_factory=lambda: Part(""))

    @property
    def is_enough(self) -> bool:
        """What comes in many small pieces goes on in fewer."""
        return len(self.sound) >= ENOUGH

    def take(self, event: Event) -> None:
        """Raises LostError for an answer that has failed, and for an event of another shape."""
        try:
            self._take(event)
        except (KeyError, TypeError, ValueError):
            raise LostError("UPSTREAM_FAILED") from None

    def _take(self, event: Event) -> None:
        match event["type"]:
            case "response.output_item.added" if event["item"]["type"] == "message":
                self.part = self.told.add(self.item_id, str(event["item"]["id"]))
            case "response.output_audio_transcript.delta" | "response.output_text.delta":
                self.text += event["delta"]
            case kind if kind == SOUND:
                samples = len(event["delta"]) // SAMPLE
                self.sound += event["delta"][: samples * SAMPLE]
                self.part.audio_ms += samples * 1000 / RATE
            case "response.function_call_arguments.done":
                call = FunctionCall(event["call_id"], event["name"], event["arguments"])
                self.told.calls.add(call.call_id)
                self.calls.append(call)
            case "response.done" if event["response"]["status"] == "failed":
                raise LostError("UPSTREAM_FAILED")
            case _:
                pass

    def words(self, *, spoken: bool, rest: bool = False) -> Iterator[Words]:
        """What can be told now; of a spoken answer words wait for their sound, unless this is the `rest`."""
        if self.sound:
            yield Words(self.text, bytes(self.sound), aligned=False)
        elif self.text and (rest or not spoken):
            yield Words(self.text, aligned=not spoken)
        else:
            return
        self.text, self.sound = "", bytearray()
