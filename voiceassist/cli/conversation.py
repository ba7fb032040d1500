"""Turns with the running product over its public socket, as any OpenAI Realtime client would have them."""

import asyncio
import base64
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voiceassist.core.errors import ExternalApiError, UnauthenticatedError, UnavailableError
from voiceassist.runtime.engines import secrets, state
from voiceassist.runtime.engines.layout import Layout

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

WIRE_RATE = 24_000
CHUNK_BYTES = 48_000  # one second
SECONDS_PER_EVENT = 60.0
# A busy product names the time to wait; the sessions before ours may still be closing.
TRIES = 3
LONGEST_WAIT_SECONDS = 5.0


@dataclass(slots=True)
class Turn:
    """What came back: texts, what the page would show, times in ms, and the sound (pcm16, 24 kHz)."""

    transcript: str = ""
    answer: str = ""
    status: str | None = None
    notice: str = ""
    citations: list[dict[str, Any]] = field(default_factory=list)
    calculator: dict[str, Any] | None = None
    clarify: dict[str, Any] | None = None
    phi: dict[str, str] | None = None
    timings: dict[str, float] = field(default_factory=dict)
    audio: bytes = field(default=b"", repr=False)

    def as_json(self) -> dict[str, Any]:
        return {
            "transcript": self.transcript,
            "answer": self.answer,
            "status": self.status,
            "notice": self.notice,
            "citations": self.citations,
            "calculator": self.calculator,
            "clarify": self.clarify,
            "phi": self.phi,
            "timings": self.timings | {"audio_s": round(len(self.audio) / 2 / WIRE_RATE, 2)},
        }


def converse(layout: Layout, url: str | None, said: Iterable[str | bytes], heard: Callable[[Turn], None]) -> None:
    """Say one thing after another in one session, and pass on each answer as it comes.

    Text is written and answered in writing; bytes are speech (pcm16, 24 kHz, mono) and answered by voice.
    """

    async def conversation() -> None:
        turns = iter(said)
        async with connect(layout, url) as socket:
            # In a thread: who types takes time, and the socket wants its pings meanwhile.
            while (one := await asyncio.to_thread(next, turns, None)) is not None:
                heard(await (write(socket, one) if isinstance(one, str) else speak(socket, one)))

    asyncio.run(conversation())


@asynccontextmanager
async def connect(layout: Layout, url: str | None, *, beside: str = "") -> "AsyncIterator[ClientConnection]":
    """Open the socket with this machine's own API key; raises a family error with what to do.

    `beside` stands after the path, where nobody should put anything.
    """
    running = state.read(layout)
    address = url or (running.url if running else None)
    if address is None:
        raise UnavailableError("VoiceAssist is not running here; start it with `voiceassist up` (or give --data).")
    key = secrets.read(layout).cli_api_key
    context = ssl.create_default_context(cafile=str(layout.ca)) if address.startswith("https") else None
    options: dict[str, Any] = {
        "ssl": context,
        "additional_headers": {"Authorization": f"Bearer {key}"},
        "max_size": None,
        "open_timeout": 15,
        "proxy": None,
    }
    socket = await _opened(
        address.replace("http", "ws", 1).rstrip("/") + f"/v1/realtime{beside or '?model=voiceassist-local'}", options
    )
    try:
        yield socket
    finally:
        await socket.close()


async def _opened(url: str, options: dict[str, Any]) -> "ClientConnection":
    # Not websockets.sync 15.0: over TLS 6 of 204 of its handshakes with a bare server hung, none of 2,263 of this one.
    from websockets.asyncio.client import connect as open_socket
    from websockets.exceptions import InvalidStatus, WebSocketException

    for tries_left in range(TRIES - 1, -1, -1):
        try:
            return await open_socket(url, **options)
        except InvalidStatus as error:
            status, wait = error.response.status_code, error.response.headers.get("Retry-After")
            if status in {401, 403}:
                raise UnauthenticatedError(
                    "The product refused this machine's key; was the data reset meanwhile?"
                ) from None
            if not wait or not tries_left:
                raise UnavailableError(f"The product refused the session (status {status}).") from None
            await asyncio.sleep(min(float(wait), LONGEST_WAIT_SECONDS))
        except (OSError, WebSocketException) as error:  # TimeoutError is an OSError
            raise UnavailableError(
                f"VoiceAssist cannot be reached ({type(error).__name__}); `voiceassist status` tells what runs."
            ) from None
    raise AssertionError("the last try answers or raises")


async def write(socket: "ClientConnection", text: str) -> Turn:
    await _update(socket, ["text"])
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    await _send(socket, {"type": "conversation.item.create", "item": item})
    await _send(socket, {"type": "response.create"})
    turn = await _collected(socket)
    turn.transcript = text
    return turn


async def speak(socket: "ClientConnection", pcm16: bytes) -> Turn:
    await _update(socket, ["audio"])
    for start in range(0, len(pcm16), CHUNK_BYTES):
        chunk = base64.b64encode(pcm16[start : start + CHUNK_BYTES]).decode()
        await _send(socket, {"type": "input_audio_buffer.append", "audio": chunk})
    await _send(socket, {"type": "input_audio_buffer.commit"})
    await _send(socket, {"type": "response.create"})
    return await _collected(socket)


async def _update(socket: "ClientConnection", modalities: list[str]) -> None:
    session = {
        "type": "realtime",
        "output_modalities": modalities,
        "audio": {"input": {"turn_detection": None}},
        "voiceassist": {"extensions": True},
    }
    await _send(socket, {"type": "session.update", "session": session})


async def _send(socket: "ClientConnection", event: dict[str, Any]) -> None:
    from websockets.exceptions import ConnectionClosed

    try:
        await socket.send(json.dumps(event))
    except ConnectionClosed:
        raise UnavailableError("The product closed the session.") from None


async def _events(socket: "ClientConnection") -> AsyncIterator[dict[str, Any]]:
    from websockets.exceptions import ConnectionClosed

    while True:
        try:
            event: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), SECONDS_PER_EVENT))
        except (ConnectionClosed, TimeoutError):
            raise UnavailableError("The product closed the session or did not answer in time.") from None
        yield event


async def _collected(socket: "ClientConnection") -> Turn:
    turn = Turn()
    began = time.monotonic()
    sound: list[bytes] = []
    done = False
    async for event in _events(socket):
        done = _take(turn, sound, event, began) or done
        # The metrics of the answer come right after its end.
        if done and event["type"] == "voiceassist.metrics":
            break
    turn.audio = b"".join(sound)
    turn.timings["total_ms"] = round((time.monotonic() - began) * 1000, 1)
    return turn


def _take(turn: Turn, sound: list[bytes], event: dict[str, Any], began: float) -> bool:
    """Note one event; True for the end of the answer."""
    match event["type"]:
        case "conversation.item.input_audio_transcription.completed":
            turn.transcript = event["transcript"]
        case "response.output_text.delta" | "response.output_audio_transcript.delta":
            turn.answer += event["delta"]
        case "response.output_audio.delta":
            turn.timings.setdefault("client_first_audio_ms", round((time.monotonic() - began) * 1000, 1))
            sound.append(base64.b64decode(event["delta"]))
        case "error":
            raise ExternalApiError(f"The product refused: {event['error']['message']}")
        case "response.done":
            if event["response"]["status"] == "failed":
                raise ExternalApiError("The product could not answer; its log tells why.")
            return True
        case _:
            _take_extension(turn, event)
    return False


def _take_extension(turn: Turn, event: dict[str, Any]) -> None:
    match event["type"]:
        case "voiceassist.citation.list":
            turn.citations, turn.status, turn.notice = event["citations"], event["status"], event["notice"]
        case "voiceassist.calculator.result":
            turn.calculator = event["result"]
        case "voiceassist.clarify.ask":
            turn.clarify = {name: event[name] for name in ("question", "options", "slot")}
        case "voiceassist.phi.notice":
            turn.phi = {name: event[name] for name in ("route", "reason")}
        case "voiceassist.metrics":
            turn.timings |= {name: event[name] for name in event if name.endswith("_ms") and event[name] is not None}
