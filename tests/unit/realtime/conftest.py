"""A session without sockets, models or clocks: what goes in is written in the test, what comes out is judged."""

import base64
import itertools
import json
from typing import Any

import pytest

from realtime.effects import Answer, Effect, Send, Transcribe
from realtime.engine import Heard, Words
from realtime.protocol.settings import fresh
from realtime.session import Session

SPEECH, QUIET = 0.95, 0.02
WINDOW_MS = 32
MILLISECOND = b"\x00\x00" * 24


class Desk:
    """Drives a session as the socket and the engine would."""

    def __init__(self, oracle: Any, *, speech: bool = True, update: dict[str, Any] | None = None) -> None:
        self.now = 100.0
        self.oracle = oracle
        self.effects: list[Effect] = []
        counter = itertools.count(1)
        self.session = Session(
            fresh(session_id="sess_1", model="", expires_at=1, update=update),
            clock=lambda: self.now,
            new_id=lambda prefix: f"{prefix}_{next(counter)}",
            speech=speech,
        )
        self.take(self.session.begin())

    def take(self, effects: list[Effect]) -> list[dict[str, Any]]:
        """Judge and keep the effects; answers the events among them."""
        self.effects += effects
        events = [json.loads(json.dumps(effect.event)) for effect in effects if isinstance(effect, Send)]
        return [self.oracle.take(event) for event in events]

    def send(self, kind: str, **members: Any) -> list[dict[str, Any]]:
        return self.take(self.session.receive(json.dumps({"type": kind, **members})))

    def update(self, **session: Any) -> dict[str, Any]:
        events = self.send("session.update", session={"type": "realtime", **session})
        return events[0]

    def append(self, milliseconds: int) -> list[dict[str, Any]]:
        return self.send("input_audio_buffer.append", audio=base64.b64encode(MILLISECOND * milliseconds).decode())

    def hear(self, probability: float, milliseconds: int) -> list[dict[str, Any]]:
        """So much audio of this probability, window by window, while the time passes."""
        events = []
        for _ in range(milliseconds // WINDOW_MS):
            self.now += WINDOW_MS / 1000
            events += self.append(WINDOW_MS)
            events += self.take(self.session.windows([probability]))
        return events

    def last(self, kind: type[Any]) -> Any:
        return next(effect for effect in reversed(self.effects) if isinstance(effect, kind))

    def all(self, kind: type[Any]) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def understand(self, text: str | None) -> list[dict[str, Any]]:
        """The recogniser is done with the last request."""
        heard = None if text is None else Heard(text)
        return self.take(self.session.transcribed(self.last(Transcribe).key, heard))

    def say(self, text: str, audio_ms: float = 1000.0) -> list[dict[str, Any]]:
        """The engine gives a clause of the answer."""
        asked = self.last(Answer)
        audio = MILLISECOND * int(audio_ms) if asked.spoken else None
        return self.take(self.session.piece(asked.response_id, Words(text), audio, audio_ms if asked.spoken else 0.0))

    def finish(self, *, failed: bool = False) -> list[dict[str, Any]]:
        return self.take(self.session.answered(self.last(Answer).response_id, failed=failed))

    def write(self, text: str) -> list[dict[str, Any]]:
        content = [{"type": "input_text", "text": text}]
        return self.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


@pytest.fixture
def new_desk(new_oracle):
    def make(**options: Any) -> Desk:
        return Desk(new_oracle(), **options)

    return make


@pytest.fixture
def desk(new_desk):
    return new_desk()
