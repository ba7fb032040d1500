"""What a client may send: the GA client events and our extensions, decoded strictly into types."""

import base64
import binascii
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from realtime.protocol.errors import ProtocolError
from realtime.protocol.settings import MOST_TOOLS, Choice, Modality, Name, Tool, place

Id = Annotated[str, Meta(min_length=1, max_length=128)]
MAX_TEXT = 20_000
NOT_BASE64 = "The audio is not valid base64."


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    event_id: Annotated[str, Meta(max_length=512)] | None = None


class SessionUpdate(Event, frozen=True, tag="session.update"):
    session: dict[str, Any]


class AudioAppend(Event, frozen=True, tag="input_audio_buffer.append"):
    """Fifty of these a second: the base64 is read together with the JSON."""

    audio: bytes


class AudioCommit(Event, frozen=True, tag="input_audio_buffer.commit"):
    pass


class AudioClear(Event, frozen=True, tag="input_audio_buffer.clear"):
    pass


class OutputClear(Event, frozen=True, tag="output_audio_buffer.clear"):
    pass


class ContentPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an item that the client creates; which members count depends on `type`."""

    type: Literal["input_text", "input_audio", "input_image", "output_text", "output_audio", "text", "audio"]
    text: Annotated[str, Meta(max_length=MAX_TEXT)] | None = None
    audio: str | None = None
    transcript: Annotated[str, Meta(max_length=MAX_TEXT)] | None = None


class ItemIn(msgspec.Struct, frozen=True, kw_only=True):
    id: Id | None = None


class MessageIn(ItemIn, frozen=True, tag_field="type", tag="message"):
    role: Literal["user", "assistant", "system"]
    content: Annotated[tuple[ContentPart, ...], Meta(min_length=1, max_length=64)]


class FunctionCallIn(ItemIn, frozen=True, tag_field="type", tag="function_call"):
    name: Name
    arguments: Annotated[str, Meta(max_length=MAX_TEXT)]
    call_id: Id | None = None


class FunctionOutputIn(ItemIn, frozen=True, tag_field="type", tag="function_call_output"):
    call_id: Id
    output: Annotated[str, Meta(max_length=MAX_TEXT)]


AnyItem = MessageIn | FunctionCallIn | FunctionOutputIn


class ItemCreate(Event, frozen=True, tag="conversation.item.create"):
    item: AnyItem
    previous_item_id: Id | None = None


class ItemRetrieve(Event, frozen=True, tag="conversation.item.retrieve"):
    item_id: Id


class ItemDelete(Event, frozen=True, tag="conversation.item.delete"):
    item_id: Id


class ItemTruncate(Event, frozen=True, tag="conversation.item.truncate"):
    item_id: Id
    content_index: int
    audio_end_ms: int


class ResponseParams(msgspec.Struct, frozen=True, kw_only=True):
    """What one response may change; `input` replaces the conversation, `conversation: none` leaves it alone."""

    conversation: str | None = None
    output_modalities: Annotated[tuple[Modality, ...], Meta(min_length=1, max_length=1)] | None = None
    metadata: dict[str, str] | None = None
    instructions: str | None = None
    tools: Annotated[tuple[Tool, ...], Meta(max_length=MOST_TOOLS)] | None = None
    tool_choice: Choice | None = None
    input: tuple[dict[str, Any], ...] | None = None

    def changed(self) -> dict[str, Any]:
        """The settings of the session that it sets otherwise, in their shape."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        names = ("output_modalities", "instructions", "tools", "tool_choice")
        return {name: told[name] for name in names if told[name] is not None}


class ResponseCreate(Event, frozen=True, tag="response.create"):
    response: ResponseParams | None = None


class ResponseCancel(Event, frozen=True, tag="response.cancel"):
    response_id: str | None = None


class PlaybackPosition(Event, frozen=True, tag="voiceassist.playback.position"):
    item_id: Id
    audio_ms: Annotated[int, Meta(ge=0)]


class SessionResume(Event, frozen=True, tag="voiceassist.session.resume"):
    """`after` is the `seq` of the last `voiceassist.conversation.saved` that the client has seen.

    Either a token, or a conversation of the speaker's own that nobody holds any more: a page that was reloaded.
    """

    token: Annotated[str, Meta(max_length=256)] = ""
    conversation_id: Annotated[str, Meta(max_length=64)] = ""
    after: Annotated[int, Meta(ge=0)] = 0


class ContextUpdate(Event, frozen=True, tag="voiceassist.context.update"):
    """From now on the conversation is about this case of the speaker's own."""

    case_id: Annotated[str, Meta(min_length=1, max_length=64)]


ClientEvent = (
    SessionUpdate
    | AudioAppend
    | AudioCommit
    | AudioClear
    | OutputClear
    | ItemCreate
    | ItemRetrieve
    | ItemDelete
    | ItemTruncate
    | ResponseCreate
    | ResponseCancel
    | PlaybackPosition
    | SessionResume
    | ContextUpdate
)

TYPES = frozenset(
    kind.__struct_config__.tag
    for kind in (
        SessionUpdate,
        AudioAppend,
        AudioCommit,
        AudioClear,
        OutputClear,
        ItemCreate,
        ItemRetrieve,
        ItemDelete,
        ItemTruncate,
        ResponseCreate,
        ResponseCancel,
        PlaybackPosition,
        SessionResume,
        ContextUpdate,
    )
)


class _Envelope(msgspec.Struct, frozen=True):
    type: Any = None
    event_id: Any = None


_EVENT = msgspec.json.Decoder(ClientEvent)
_ENVELOPE = msgspec.json.Decoder(_Envelope)


class RejectedEventError(ProtocolError):
    """A message that is no event we know; `event_id` is the client's own where it could be read."""

    event_id: str | None = None


def decode(message: str | bytes) -> ClientEvent:
    """One message to one event; raises RejectedEventError."""
    try:
        event: ClientEvent = _EVENT.decode(message)
    except msgspec.ValidationError as error:
        raise _rejection(message, error) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise RejectedEventError("The message is not a JSON object.", code="invalid_json") from None
    return event


def _rejection(message: str | bytes, error: msgspec.ValidationError) -> RejectedEventError:
    try:
        envelope = _ENVELOPE.decode(message)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return RejectedEventError("The message is not a JSON object.", code="invalid_json")
    if str(error).startswith("Invalid base64"):
        rejection = RejectedEventError(NOT_BASE64, code="invalid_audio", param="audio")
    elif envelope.type is None:
        rejection = RejectedEventError(
            "A required parameter is missing.", code="missing_required_parameter", param="type"
        )
    elif not isinstance(envelope.type, str) or envelope.type not in TYPES:
        rejection = RejectedEventError("This event type is not known.", param="type")
    else:
        rejection = RejectedEventError(
            "A parameter is missing or has a value that is not supported.", param=place(error)
        )
    rejection.event_id = envelope.event_id[:512] if isinstance(envelope.event_id, str) else None
    return rejection


def audio_bytes(encoded: str, *, param: str = "audio") -> bytes:
    """Base64 (RFC 4648, section 4) to bytes; raises ProtocolError."""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError(NOT_BASE64, code="invalid_audio", param=param) from None


def item_of(values: dict[str, Any]) -> AnyItem:
    """An entry of `response.input`; raises ProtocolError."""
    try:
        item: AnyItem = msgspec.convert(values, AnyItem)
    except msgspec.ValidationError as error:
        raise ProtocolError("An input item is not supported.", param=place(error, "response.input")) from None
    return item
