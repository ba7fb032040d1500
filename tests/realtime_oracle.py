"""Judges every event a realtime connection emits: OpenAI's own types, our field checks, and the order.

The SDK's union has no pydantic discriminator and most of its nested models are lenient (`response: {}` passes),
so the union is rebuilt here and what clients rely on is checked by hand.
"""

import functools
import operator
import re
import typing
from typing import Annotated, Any

from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from pydantic import Field, TypeAdapter

OURS = {
    "voiceassist.status": {"state"},
    "voiceassist.citation.list": {"response_id", "item_id", "citations", "status", "notice"},
    "voiceassist.calculator.result": {"response_id", "item_id", "result"},
    "voiceassist.clarify.ask": {"response_id", "item_id", "question", "options", "slot"},
    "voiceassist.transcript.passing": {"item_id", "text"},
    "voiceassist.playback.hold": set(),
    "voiceassist.playback.resume": {"item_id", "audio_ms"},
    "voiceassist.phi.notice": {"response_id", "item_id", "route", "reason"},
    "voiceassist.tool.use": {"response_id", "item_id", "name", "status"},
    "voiceassist.engine.fallback": {"response_id", "item_id", "engine", "reason"},
    "voiceassist.conversation.saved": {"conversation_id", "item_id", "seq"},
    "voiceassist.session.resumable": {"token", "conversation_id", "expires_in"},
    "voiceassist.session.resumed": {"conversation_id", "seq"},
    "voiceassist.session.move": set(),
    "voiceassist.context.updated": {"case_id", "facts", "expires_at"},
    "voiceassist.metrics": {"response_id", "eou_ms", "transcription_ms", "first_audio_ms", "answer_ms"},
}
STATES = {"idle", "listening", "hearing", "thinking", "speaking"}
PART = {"audio": "transcript", "text": "text", "output_audio": "transcript", "output_text": "text"}

# What may follow what within one response.
AFTER: dict[str, set[str]] = {
    "response.created": {"response.output_item.added", "response.done"},
    "response.output_item.added": {
        "conversation.item.added",
        "response.content_part.added",
        "response.function_call_arguments.delta",
    },
    "conversation.item.added": {"response.content_part.added", "response.function_call_arguments.delta"},
    "response.function_call_arguments.delta": {"response.function_call_arguments.done"},
    "response.function_call_arguments.done": {"response.output_item.done"},
    "response.content_part.added": {
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_text.delta",
    },
    "response.output_audio_transcript.delta": {
        "response.output_audio.delta",
        "response.output_audio_transcript.delta",
        "response.output_audio.done",
    },
    "response.output_audio.delta": {
        "response.output_audio.delta",
        "response.output_audio_transcript.delta",
        "response.output_audio.done",
    },
    "response.output_audio.done": {"response.output_audio_transcript.done"},
    "response.output_audio_transcript.done": {"response.content_part.done"},
    "response.output_text.delta": {"response.output_text.delta", "response.output_text.done"},
    "response.output_text.done": {"response.content_part.done"},
    "response.content_part.done": {"response.output_item.done"},
    "response.output_item.done": {"conversation.item.done", "response.output_item.added", "response.done"},
    "conversation.item.done": {"response.output_item.added", "response.done"},
}


def _adapter() -> TypeAdapter[Any]:
    union = typing.get_args(RealtimeServerEvent)[0] if typing.get_origin(RealtimeServerEvent) is Annotated else None
    members = typing.get_args(union or RealtimeServerEvent)
    return TypeAdapter(Annotated[functools.reduce(operator.or_, members), Field(discriminator="type")])


ADAPTER = _adapter()


class Oracle:
    """`take` each event in the order received; an AssertionError names what is wrong."""

    def __init__(self, *, extensions: bool = True) -> None:
        self.extensions = extensions
        self.seen: list[dict[str, Any]] = []
        self.ids: set[str] = set()
        self.items: list[str] = []
        self.response: str | None = None
        self.outputs = 0
        self.answer_item: str | None = None
        self.apart = False
        self.step = ""
        self.text = ""

    def take(self, event: dict[str, Any]) -> dict[str, Any]:
        kind = event["type"]
        assert re.fullmatch(r"event_\w+", event["event_id"]), event
        assert event["event_id"] not in self.ids
        self.ids.add(event["event_id"])
        if not self.seen:
            assert kind == "session.created"
        if "sequence_number" in event:
            assert self.extensions, "events are numbered for a client that did not ask for it"
            assert event["sequence_number"] == len(self.seen), "an event is missing"
        self.seen.append(event)
        if kind.startswith("voiceassist."):
            self._extension(event)
            return event
        ADAPTER.validate_python(event, strict=False)
        name = "_" + kind.replace(".", "_")
        getattr(self, name, lambda _event: None)(event)
        self._order(event)
        return event

    def done(self) -> None:
        assert self.response is None, "a response was never closed"

    def _extension(self, event: dict[str, Any]) -> None:
        assert self.extensions, "an extension was sent to a client that did not ask for it"
        assert set(event) == {"type", "event_id", "sequence_number", *OURS[event["type"]]}, event
        if event["type"] == "voiceassist.status":
            assert event["state"] in STATES

    # Order

    def _order(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        # What stands apart from the conversation has no item there: one of the same id is the client's own.
        of_answer = kind in {"conversation.item.added", "conversation.item.done"} and (
            event["item"]["id"] == self.answer_item and not self.apart
        )
        if not (kind.startswith("response.") or of_answer):
            return
        if kind == "response.created":
            assert self.response is None, "two responses at once"
            self.response, self.step, self.text, self.answer_item = event["response"]["id"], kind, "", None
            self.outputs = 0
            self.apart = event["response"]["conversation_id"] is None
            return
        assert kind in AFTER[self.step], f"{kind} after {self.step}"
        self.step = kind
        if not of_answer:
            response_id = event["response"]["id"] if kind == "response.done" else event["response_id"]
            assert response_id == self.response
        if "item_id" in event:
            assert event["item_id"] == self.answer_item
        if kind == "response.done":
            self.response = None

    # Fields

    def _session_created(self, event: dict[str, Any]) -> None:
        session = event["session"]
        assert session["id"].startswith("sess_")
        assert isinstance(session["expires_at"], int)
        if session["type"] == "transcription":
            assert session["object"] == "realtime.transcription_session"
            assert set(session["audio"]) == {"input"}
            return
        assert session["type"] == "realtime"
        assert session["object"] == "realtime.session"
        assert session["output_modalities"] in (["audio"], ["text"])
        heard, spoken = session["audio"]["input"], session["audio"]["output"]
        assert set(heard) >= {"format", "transcription", "noise_reduction", "turn_detection"}
        assert set(spoken) >= {"format", "voice", "speed"}
        assert heard["format"]["type"].startswith("audio/")
        if heard["format"]["type"] == "audio/pcm":
            assert heard["format"]["rate"] == 24_000
        if heard["turn_detection"]:
            # A client that finds no interrupt_response takes it as false and cancels by itself.
            assert isinstance(heard["turn_detection"]["interrupt_response"], bool)
            assert isinstance(heard["turn_detection"]["create_response"], bool)
        assert set(session) >= {"model", "instructions", "tools", "tool_choice", "max_output_tokens", "tracing"}

    _session_updated = _session_created

    def _error(self, event: dict[str, Any]) -> None:
        error = event["error"]
        assert set(error) == {"type", "code", "message", "param", "event_id"}
        assert error["type"] == "invalid_request_error"
        assert re.fullmatch(r"[a-z_]+", error["code"])

    def _conversation_item_added(self, event: dict[str, Any]) -> None:
        item = event["item"]
        assert item["object"] == "realtime.item"
        assert item["id"] not in self.items
        before = event["previous_item_id"]
        assert before is None or before in self.items
        self.items.insert(0 if before is None else self.items.index(before) + 1, item["id"])

    def _conversation_item_done(self, event: dict[str, Any]) -> None:
        place = self.items.index(event["item"]["id"])
        assert event["previous_item_id"] == (self.items[place - 1] if place else None)
        for part in event["item"].get("content", ()):
            assert part["type"] in {"input_text", "input_audio", "output_text", "output_audio"}

    _retrieved = _conversation_item_done

    def _conversation_item_deleted(self, event: dict[str, Any]) -> None:
        self.items.remove(event["item_id"])

    def _input_audio_buffer_committed(self, event: dict[str, Any]) -> None:
        assert event["previous_item_id"] == (self.items[-1] if self.items else None)

    def _input_audio_buffer_speech_started(self, event: dict[str, Any]) -> None:
        assert event["audio_start_ms"] >= 0
        assert event["item_id"].startswith("item_")

    def _conversation_item_input_audio_transcription_completed(self, event: dict[str, Any]) -> None:
        assert event["item_id"] in self.items
        assert event["usage"]["seconds"] > 0

    def _response_created(self, event: dict[str, Any]) -> None:
        response = event["response"]
        assert response["id"].startswith("resp_")
        assert response["object"] == "realtime.response"
        assert response["status"] == "in_progress"
        assert response["output"] == []
        assert response["output_modalities"] in (["audio"], ["text"])

    def _response_output_item_added(self, event: dict[str, Any]) -> None:
        self.answer_item = event["item"]["id"]
        assert event["item"]["status"] == "in_progress"
        assert event["output_index"] == self.outputs
        self.outputs += 1
        if event["item"]["type"] == "function_call":
            assert event["item"]["arguments"] == ""
            assert event["item"]["name"]
            self.text = ""
        else:
            assert event["item"]["role"] == "assistant"
            assert self.outputs == 1, "words come before calls"

    def _response_content_part_added(self, event: dict[str, Any]) -> None:
        assert event["part"][PART[event["part"]["type"]]] == ""

    def _delta(self, event: dict[str, Any]) -> None:
        assert event["delta"]
        self.text += event["delta"]

    _response_output_audio_transcript_delta = _delta
    _response_output_text_delta = _delta
    _response_function_call_arguments_delta = _delta

    def _response_output_audio_delta(self, event: dict[str, Any]) -> None:
        assert re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", event["delta"])

    def _response_output_audio_transcript_done(self, event: dict[str, Any]) -> None:
        assert event["transcript"] == self.text

    def _response_output_text_done(self, event: dict[str, Any]) -> None:
        assert event["text"] == self.text

    def _response_content_part_done(self, event: dict[str, Any]) -> None:
        assert event["part"][PART[event["part"]["type"]]] == self.text

    def _response_function_call_arguments_done(self, event: dict[str, Any]) -> None:
        assert event["arguments"] == self.text
        assert event["call_id"]

    def _response_output_item_done(self, event: dict[str, Any]) -> None:
        assert event["output_index"] == self.outputs - 1
        if event["item"]["type"] == "function_call":
            assert (event["item"]["arguments"], event["item"]["status"]) == (self.text, "completed")
            return
        part = event["item"]["content"][0]
        assert part[PART[part["type"]]] == self.text
        assert event["item"]["status"] in {"completed", "incomplete"}

    def _response_done(self, event: dict[str, Any]) -> None:
        response = event["response"]
        assert response["status"] in {"completed", "cancelled", "failed", "incomplete"}
        assert (response["status_details"] is None) == (response["status"] == "completed")
        if response["status"] != "completed":
            assert response["status_details"]["type"] == response["status"]
        assert len(response["output"]) == self.outputs
        usage = response["usage"]
        for name in ("total_tokens", "input_tokens", "output_tokens"):
            assert isinstance(usage[name], int)
        assert usage["input_token_details"]["cached_tokens_details"]["audio_tokens"] == 0
