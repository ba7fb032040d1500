"""The settings of a session: what a client may ask for, what is in force, and how one becomes the other.

The whole effective session is echoed after every change, with the names of what really hears and speaks
here: a client that asks for another voice or recogniser reads in the echo which one it got.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from realtime.protocol.errors import ProtocolError, missing
from voiceassist.runtime.routing import Route

Modality = Literal["text", "audio"]
Kind = Literal["realtime", "transcription"]
Milliseconds = Annotated[int, Meta(ge=0, le=60_000)]
ShortText = Annotated[str, Meta(max_length=256)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
MOST_TOOLS = 64

MODEL = "voiceassist-local"
VOICE = "heart"
RECOGNISER = "whisper-tiny.en"
SLOWEST = 0.5


class Pcm(msgspec.Struct, frozen=True, tag_field="type", tag="audio/pcm"):
    """Signed 16-bit little-endian mono; 24 kHz is the only rate."""

    rate: Literal[24_000] = 24_000


class Pcmu(msgspec.Struct, frozen=True, tag_field="type", tag="audio/pcmu"):
    """G.711 mu-law, 8 kHz."""


class Pcma(msgspec.Struct, frozen=True, tag_field="type", tag="audio/pcma"):
    """G.711 A-law, 8 kHz."""


Format = Pcm | Pcmu | Pcma


class ServerVad(msgspec.Struct, frozen=True, tag_field="type", tag="server_vad"):
    """The turn ends after a fixed silence."""

    threshold: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5
    prefix_padding_ms: Milliseconds = 300
    silence_duration_ms: Milliseconds = 500
    idle_timeout_ms: Milliseconds | None = None
    create_response: bool = True
    interrupt_response: bool = True


class SemanticVad(msgspec.Struct, frozen=True, tag_field="type", tag="semantic_vad"):
    """The turn ends after a short silence if the words look complete, else after a longer one."""

    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


TurnDetection = ServerVad | SemanticVad


class Transcription(msgspec.Struct, frozen=True):
    """`keywords` are terms the recogniser should expect; `prompt` is accepted and not used."""

    model: ShortText = RECOGNISER
    language: ShortText | None = None
    prompt: str | None = None
    keywords: Annotated[tuple[ShortText, ...], Meta(max_length=64)] = ()


class NoiseReduction(msgspec.Struct, frozen=True):
    type: Literal["near_field", "far_field"] = "near_field"


class Input(msgspec.Struct, frozen=True):
    format: Format = Pcm()
    transcription: Transcription | None = Transcription()
    noise_reduction: NoiseReduction | None = None
    turn_detection: TurnDetection | None = ServerVad()


class Output(msgspec.Struct, frozen=True):
    """`speed` is what the protocol allows and up to 2, which is ours; below 0.5 nothing is spoken."""

    format: Format = Pcm()
    voice: ShortText | dict[str, Any] = VOICE
    speed: Annotated[float, Meta(ge=0.25, le=2.0)] = 1.0


class Audio(msgspec.Struct, frozen=True):
    input: Input = Input()
    output: Output = Output()


class Extensions(msgspec.Struct, frozen=True):
    """Opt-in to the `voiceassist.*` events. `route` local: nothing said here goes to a model outside.

    There is no word that sends something out which policy keeps here. `known`: identifiers of the patient whom the
    session is about, as the record has them; they are found in every form and never told back.
    """

    extensions: bool = False
    route: Route = "auto"
    known: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=50)] = ()


class Tool(msgspec.Struct, frozen=True, tag_field="type", tag="function"):
    """A function of the client's; `parameters` is a JSON Schema. Servers of tools (`mcp`) are not called from here."""

    name: Name
    description: Annotated[str, Meta(max_length=4_096)] = ""
    parameters: dict[str, Any] = {}


class Chosen(msgspec.Struct, frozen=True, tag_field="type", tag="function"):
    """The one function that is to be called."""

    name: Name


Choice = Literal["auto", "none", "required"] | Chosen


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The effective session, in the shape of the wire. One that only transcribes answers nothing."""

    type: Kind = "realtime"
    object: Literal["realtime.session"] = "realtime.session"
    id: str = ""
    model: ShortText = MODEL
    output_modalities: Annotated[tuple[Modality, ...], Meta(min_length=1, max_length=1)] = ("audio",)
    instructions: str = ""
    audio: Audio = Audio()
    tools: Annotated[tuple[Tool, ...], Meta(max_length=MOST_TOOLS)] = ()
    tool_choice: Choice = "auto"
    max_output_tokens: Annotated[int, Meta(ge=1, le=4096)] | Literal["inf"] = "inf"
    tracing: str | dict[str, Any] | None = None
    truncation: str | dict[str, Any] = "auto"
    prompt: dict[str, Any] | None = None
    include: tuple[str, ...] | None = None
    expires_at: int = 0
    voiceassist: Extensions | msgspec.UnsetType = msgspec.UNSET

    def wire(self) -> dict[str, Any]:
        built: dict[str, Any] = msgspec.to_builtins(self)
        if "voiceassist" in built:
            del built["voiceassist"]["known"]
        return built if self.answers else _transcribing(built)

    @property
    def answers(self) -> bool:
        return self.type == "realtime"

    @property
    def extended(self) -> bool:
        return self.voiceassist is not msgspec.UNSET and self.voiceassist.extensions

    @property
    def route(self) -> Route:
        return "auto" if self.voiceassist is msgspec.UNSET else self.voiceassist.route

    @property
    def known(self) -> tuple[str, ...]:
        return () if self.voiceassist is msgspec.UNSET else self.voiceassist.known

    @property
    def speaks(self) -> bool:
        return self.output_modalities == ("audio",)

    @property
    def turn_detection(self) -> TurnDetection | None:
        return self.audio.input.turn_detection


# These keep what the update does not name; every other object is replaced as a whole.
_NESTED: dict[str, Any] = {"audio": {"input": {}, "output": {}}}
# A client cannot change these.
_OURS = frozenset({"id", "object", "expires_at", "model"})
# Null in these means: off. Everywhere else it means: not said.
_NULLABLE = frozenset({"transcription", "noise_reduction", "turn_detection", "tracing", "prompt", "include"})


def updated(current: SessionSettings, update: Mapping[str, Any], *, prefix: str = "session") -> SessionSettings:
    """The session after an update; raises ProtocolError that names the parameter, never its value."""
    if "type" not in update:
        raise missing(f"{prefix}.type")
    if update["type"] != current.type:
        raise ProtocolError("The type of a session cannot be changed.", param=f"{prefix}.type")
    merged = _merge(
        msgspec.to_builtins(current), {key: value for key, value in update.items() if key not in _OURS}, _NESTED
    )
    return _in_force(_typed(merged, SessionSettings, prefix))


def _merge(current: dict[str, Any], update: Mapping[str, Any], nested: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(current)
    for key, value in update.items():
        if value is None and key not in _NULLABLE:
            continue
        if key in nested and isinstance(value, dict):
            result[key] = _merge(result.get(key) or {}, value, nested[key])
        elif isinstance(value, dict) and key in {"turn_detection", "transcription", "noise_reduction", "format"}:
            result[key] = {name: inner for name, inner in value.items() if inner is not None}
        else:
            result[key] = value
    return result


def _typed(values: dict[str, Any], kind: type[SessionSettings], prefix: str) -> SessionSettings:
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise ProtocolError("A parameter has a value that is not supported.", param=place(error, prefix)) from None


def place(error: msgspec.ValidationError, prefix: str = "") -> str | None:
    """Where a validation error is, as `session.audio.input.format`; msgspec's sentence may quote the value."""
    found = re.search(r"`\$\.?([^`]*)`$", str(error))
    path = found[1] if found else ""
    return ".".join(part for part in (prefix, path) if part) or None


def _in_force(asked: SessionSettings) -> SessionSettings:
    """Names of models, voices and filters that are not here become those that are."""
    audio = asked.audio
    heard = audio.input.transcription
    detection = audio.input.turn_detection
    if detection and not asked.answers:
        detection = msgspec.structs.replace(detection, create_response=False, interrupt_response=False)
    return msgspec.structs.replace(
        asked,
        audio=Audio(
            input=msgspec.structs.replace(
                audio.input,
                transcription=heard and msgspec.structs.replace(heard, model=RECOGNISER),
                noise_reduction=None,
                turn_detection=detection,
            ),
            output=msgspec.structs.replace(audio.output, voice=VOICE, speed=max(audio.output.speed, SLOWEST)),
        ),
    )


def restored(values: Mapping[str, Any], *, own: SessionSettings) -> SessionSettings:
    """The settings of a session that another process had; id, model and end stay those of this one.

    Raises ProtocolError for those of a release that is too different.
    """
    settings = _typed(dict(values), SessionSettings, "session")
    return msgspec.structs.replace(settings, id=own.id, model=own.model, expires_at=own.expires_at)


def fresh(*, session_id: str, model: str, expires_at: int, update: Mapping[str, Any] | None = None) -> SessionSettings:
    """The settings a session begins with; `update` is what its client secret was issued for."""
    settings = SessionSettings(id=session_id, model=model or MODEL, expires_at=expires_at)
    kind = (update or {}).get("type", "realtime")
    if kind == "transcription":
        settings = _in_force(msgspec.structs.replace(settings, type=kind))
    return updated(settings, {"type": kind, **update}) if update else settings


def _transcribing(built: dict[str, Any]) -> dict[str, Any]:
    """The wire of a session that only transcribes: what it hears with, and nothing of answers."""
    heard = built["audio"]["input"]
    detection = heard["turn_detection"]
    if detection:
        heard["turn_detection"] = {
            name: value for name, value in detection.items() if name not in {"create_response", "interrupt_response"}
        }
    kept: dict[str, Any] = {
        name: built[name] for name in ("type", "id", "expires_at", "include", "voiceassist") if name in built
    }
    return {**kept, "object": "realtime.transcription_session", "audio": {"input": heard}}
