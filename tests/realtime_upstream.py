"""A service that speaks OpenAI Realtime (GA), on this machine: what a script says, in the published order, or a fault.

Its session is what the protocol describes: items in their order, one answer at a time, sound that can be cut. What it
is sent and what it sends are judged by OpenAI's own types.
"""

import asyncio
import base64
import contextlib
import functools
import itertools
import json
import operator
import threading
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Self

from openai.types.realtime import realtime_client_event, realtime_server_event
from pydantic import Field, TypeAdapter
from websockets.asyncio.server import ServerConnection, serve

MS = 48  # bytes
CHUNK_MS = 100
MS_A_LETTER = 60
# Steps of a script beside words and calls: the connection breaks, an error, the session expires, the answer fails,
# nothing more comes.
DROP, ERROR, EXPIRED, FAIL, HANG = (object() for _ in range(5))


@dataclass(frozen=True)
class Call:
    name: str
    arguments: dict[str, Any]
    call_id: str = "call_up"


@dataclass(frozen=True)
class Pause:
    seconds: float


# Gets the session and gives the steps of an answer.
Script = Callable[["Session"], list[Any]]


def judge(module: Any, name: str) -> TypeAdapter[Any]:
    union = getattr(module, name)
    if typing.get_origin(union) is Annotated:
        union = typing.get_args(union)[0]
    return TypeAdapter(Annotated[functools.reduce(operator.or_, typing.get_args(union)), Field(discriminator="type")])


CLIENT = judge(realtime_client_event, "RealtimeClientEvent")
SERVER = judge(realtime_server_event, "RealtimeServerEvent")


@dataclass
class Session:
    """One connection. `heard_ms` is what each spoken item holds; `got` are the events of the client."""

    socket: ServerConnection
    script: Script
    judged: bool = True
    hears: Callable[[bytes], str | None] = lambda _sound: "how do I treat acute gout"
    buffer: bytearray = field(default_factory=bytearray)
    got: list[dict[str, Any]] = field(default_factory=list)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    heard_ms: dict[str, float] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    answering: asyncio.Task[None] | None = None
    active: str = ""
    counter: Any = field(default_factory=lambda: itertools.count(1))
    problems: list[str] = field(default_factory=list)

    def new(self, prefix: str) -> str:
        return f"{prefix}_{id(self)}_{next(self.counter)}"

    async def send(self, kind: str, **members: Any) -> None:
        event = {"type": kind, "event_id": self.new("event"), **members}
        if self.judged:
            SERVER.validate_python(event)
        await self.socket.send(json.dumps(event))

    async def error(self, code: str, event_id: str | None = None, kind: str = "invalid_request_error") -> None:
        details = {"type": kind, "code": code, "message": "Refused.", "param": None, "event_id": event_id}
        await self.send("error", error=details)

    async def run(self) -> None:
        self.settings = {"type": "realtime", "id": self.new("sess"), "model": "scripted", "object": "realtime.session"}
        await self.send("session.created", session=self.settings)
        async for message in self.socket:
            event = json.loads(message)
            if self.judged:
                try:
                    CLIENT.validate_python(event)
                except ValueError as error:
                    self.problems.append(str(error))
            self.got.append(event)
            name = event["type"].replace(".", "_")
            await getattr(self, f"_{name}")(event)

    async def _session_update(self, event: dict[str, Any]) -> None:
        self.settings |= event["session"]
        await self.send("session.updated", session=self.settings)

    async def _conversation_item_create(self, event: dict[str, Any]) -> None:
        item = {"id": self.new("item"), "object": "realtime.item", "status": "completed", **event["item"]}
        if item["id"] in self.items:
            await self.error("item_already_exists", event["event_id"])
            return
        await self._add(item)
        await self.send("conversation.item.done", item=_bare(item), previous_item_id=None)

    async def _add(self, item: dict[str, Any]) -> None:
        previous = next(reversed(self.items), None)
        self.items[item["id"]] = item
        await self.send("conversation.item.added", item=_bare(item), previous_item_id=previous)

    async def _input_audio_buffer_append(self, event: dict[str, Any]) -> None:
        self.buffer += base64.b64decode(event["audio"])

    async def _input_audio_buffer_clear(self, _event: dict[str, Any]) -> None:
        self.buffer.clear()
        await self.send("input_audio_buffer.cleared")

    async def _input_audio_buffer_commit(self, event: dict[str, Any]) -> None:
        if len(self.buffer) < 100 * MS:
            await self.error("input_audio_buffer_commit_empty", event["event_id"])
            return
        sound, self.buffer = bytes(self.buffer), bytearray()
        item = {
            "id": self.new("item"), "object": "realtime.item", "type": "message", "role": "user", "status": "completed",
            "content": [{"type": "input_audio"}],
        }  # fmt: skip
        previous = next(reversed(self.items), None)
        await self.send("input_audio_buffer.committed", item_id=item["id"], previous_item_id=previous)
        await self._add(item)
        text = self.hears(sound)
        if text is None:
            await self.send(
                "conversation.item.input_audio_transcription.failed",
                item_id=item["id"], content_index=0, error={"type": "x", "code": "x", "message": "x", "param": None},
            )  # fmt: skip
            return
        item["content"] = [{"type": "input_audio", "transcript": text}]
        await self.send(
            "conversation.item.input_audio_transcription.completed",
            item_id=item["id"], content_index=0, transcript=text, usage={"type": "duration", "seconds": 1.0},
        )  # fmt: skip

    async def _conversation_item_delete(self, event: dict[str, Any]) -> None:
        if self.items.pop(event["item_id"], None) is None:
            await self.error("item_not_found", event["event_id"])
        else:
            await self.send("conversation.item.deleted", item_id=event["item_id"])

    async def _conversation_item_truncate(self, event: dict[str, Any]) -> None:
        if not 0 <= event["audio_end_ms"] <= self.heard_ms.get(event["item_id"], -1.0):
            await self.error("invalid_value", event["event_id"])
            return
        self.heard_ms[event["item_id"]] = event["audio_end_ms"]
        self.items[event["item_id"]]["content"] = []  # the transcript goes as well, as it does there
        told = {name: event[name] for name in ("item_id", "content_index", "audio_end_ms")}
        await self.send("conversation.item.truncated", **told)

    async def _response_cancel(self, event: dict[str, Any]) -> None:
        if self.answering is None or self.answering.done():
            await self.error("response_cancel_not_active", event["event_id"])
        else:
            self.answering.cancel()

    async def _response_create(self, event: dict[str, Any]) -> None:
        if self.answering and not self.answering.done():
            await self.error("conversation_already_has_active_response", event["event_id"])
            return
        self.answering = asyncio.create_task(Answer(self, event.get("response") or {}).run())

    def said(self) -> list[str]:
        """Everything of the conversation that holds words, for looking what came here."""
        return [json.dumps(event) for event in self.got if event["type"] != "session.update"]


def _bare(item: dict[str, Any]) -> dict[str, Any]:
    """Sound that came is not sent back."""
    parts = [{name: value for name, value in part.items() if name != "audio"} for part in item.get("content", ())]
    return item | {"content": parts} if "content" in item else item


class Answer:
    """One answer of a session: words become a message with sound, calls items of their own."""

    def __init__(self, session: Session, asked: dict[str, Any]) -> None:
        self.session, self.id = session, session.new("resp")
        self.modality = (asked.get("output_modalities") or ["audio"])[0]
        self.output: list[dict[str, Any]] = []
        self.message: dict[str, Any] | None = None
        self.text = ""

    def wire(self, status: str) -> dict[str, Any]:
        details = None if status in {"completed", "in_progress"} else {"type": status}
        return {
            "id": self.id, "object": "realtime.response", "status": status, "status_details": details,
            "output": self.output, "output_modalities": [self.modality], "conversation_id": "conv_1",
        }  # fmt: skip

    async def run(self) -> None:
        send = self.session.send
        status = "completed"
        try:
            await send("response.created", response=self.wire("in_progress"))
            for step in self.session.script(self.session):
                if step is DROP:
                    self.session.socket.transport.abort()
                    return
                if step is ERROR:
                    await self.session.error("server_error", kind="server_error")
                elif step is EXPIRED:
                    await self.session.error("session_expired")
                    await self.session.socket.close()
                    return
                elif step is FAIL:
                    status = "failed"
                elif step is HANG:
                    await asyncio.sleep(600)
                elif isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                elif isinstance(step, Call):
                    await self.close("completed")
                    await self.call(step)
                else:
                    await self.say(step)
        except asyncio.CancelledError:
            status = "cancelled"
        with contextlib.suppress(Exception):  # the client may be gone
            await self.close("completed" if status == "completed" else "incomplete")
            await send("response.done", response=self.wire(status))

    def at(self, **members: Any) -> dict[str, Any]:
        assert self.message
        return {
            "response_id": self.id, "item_id": self.message["id"], "output_index": len(self.output) - 1,
            "content_index": 0, **members,
        }  # fmt: skip

    async def say(self, text: str) -> None:
        send, speaks = self.session.send, self.modality == "audio"
        if self.message is None:
            part = {"type": "audio", "transcript": ""} if speaks else {"type": "text", "text": ""}
            self.message = {
                "id": self.session.new("item"), "object": "realtime.item", "type": "message", "role": "assistant",
                "status": "in_progress", "content": [],
            }  # fmt: skip
            self.output.append(self.message)
            await self.item("added", self.message)
            await self.session._add(self.message)
            await send("response.content_part.added", **self.at(part=part))
        self.text += text
        if not speaks:
            for start in range(0, len(text), 12):
                await send("response.output_text.delta", **self.at(delta=text[start : start + 12]))
            return
        await send("response.output_audio_transcript.delta", **self.at(delta=text))
        left = len(text) * MS_A_LETTER
        while left > 0:
            sound = base64.b64encode(b"\x10\x00" * (24 * min(left, CHUNK_MS))).decode()
            length = self.session.heard_ms.get(self.message["id"], 0.0)
            self.session.heard_ms[self.message["id"]] = length + min(left, CHUNK_MS)
            await send("response.output_audio.delta", **self.at(delta=sound))
            left -= CHUNK_MS

    async def close(self, status: str) -> None:
        if self.message is None:
            return
        message, send = self.message, self.session.send
        speaks = self.modality == "audio"
        if speaks:
            await send("response.output_audio.done", **self.at())
            await send("response.output_audio_transcript.done", **self.at(transcript=self.text))
        else:
            await send("response.output_text.done", **self.at(text=self.text))
        part = {"type": "audio", "transcript": self.text} if speaks else {"type": "text", "text": self.text}
        await send("response.content_part.done", **self.at(part=part))
        kept = {**part, "type": f"output_{part['type']}"}
        message |= {"status": status, "content": [kept]}
        await self.item("done", message)
        await send("conversation.item.done", item=message, previous_item_id=None)
        self.message, self.text = None, ""

    async def call(self, step: Call) -> None:
        item = {
            "id": self.session.new("item"), "object": "realtime.item", "type": "function_call", "status": "in_progress",
            "call_id": step.call_id, "name": step.name, "arguments": "",
        }  # fmt: skip
        self.output.append(item)
        await self.item("added", item)
        await self.session._add(item)
        arguments = json.dumps(step.arguments)
        head = {
            "response_id": self.id, "item_id": item["id"], "output_index": len(self.output) - 1,
            "call_id": step.call_id,
        }  # fmt: skip
        await self.session.send("response.function_call_arguments.delta", **head, delta=arguments)
        await self.session.send("response.function_call_arguments.done", **head, arguments=arguments, name=step.name)
        item |= {"status": "completed", "arguments": arguments}
        await self.item("done", item)
        await self.session.send("conversation.item.done", item=item, previous_item_id=None)

    async def item(self, kind: str, item: dict[str, Any]) -> None:
        await self.session.send(
            f"response.output_item.{kind}", response_id=self.id, output_index=len(self.output) - 1, item=item
        )


class Upstream:
    """Serves in a thread of its own, until it is left; `sessions` are those that were opened, in order."""

    def __init__(self, script: Script = lambda _session: ["Hello."], *, judged: bool = True) -> None:
        self.script, self.judged = script, judged
        self.hears: Callable[[bytes], str | None] = lambda _sound: "how do I treat acute gout"
        self.sessions: list[Session] = []
        self.requests: list[dict[str, str]] = []
        self.refuses = False
        self._started = threading.Event()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._started.wait(10)
        self.url = f"ws://127.0.0.1:{self.port}/v1/realtime"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with serve(self._talk, "127.0.0.1", 0, max_size=None, compression=None, ping_interval=None) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._started.set()
            await self._stop.wait()

    async def _talk(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.requests.append({"path": socket.request.path, "key": socket.request.headers.get("authorization", "")})
        if self.refuses:
            await socket.close()
            return
        session = Session(socket, self._steps, self.judged, self._words)
        self.sessions.append(session)
        with contextlib.suppress(Exception):
            await session.run()

    def _steps(self, session: Session) -> list[Any]:
        """Of the script that a test has set by now."""
        return self.script(session)

    def _words(self, sound: bytes) -> str | None:
        return self.hears(sound)

    @property
    def problems(self) -> list[str]:
        return [problem for session in self.sessions for problem in session.problems]

    @property
    def said(self) -> str:
        """All that ever came here."""
        return "\n".join(json.dumps(event) for session in self.sessions for event in session.got)
