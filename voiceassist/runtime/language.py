"""The gate before a language model: what may be asked, and of whom.

Policy is `LANGUAGE__ALLOW`. `nothing` (the default): no model is asked, whatever its address. `local`: only one whose
address lies inside, on this machine or in a private network, checked when the connection is opened; text stays in the
house. `remote`: one outside, with passages that belong to nobody and a question as the gate (runtime/egress) lets it
through: without identifiers, or with stand-ins that become the real words again in what the model answers. A gate that
cannot tell lets nothing through.
"""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from voiceassist.core.errors import ForbiddenError, SettingsError, UnavailableError
from voiceassist.ports.language import Chat, ChatModel, LanguageModel, Message, Prompt, ToolCall, ToolOutput
from voiceassist.runtime.settings import Settings

if TYPE_CHECKING:
    from voiceassist.runtime.egress import Gate
    from voiceassist.runtime.egress.web import Egress, Resolve
    from voiceassist.runtime.pseudonyms.restoring import Restoring

STAND_INS = " Words in double brackets, such as [[NAME_417]], stand for something: repeat them unchanged, brackets too."


class NotSentError(ForbiddenError):
    """Policy keeps the text here; `reason`: NOT_ALLOWED, PRIVATE, IDENTIFIERS, NOT_CHECKED."""

    code = "NOT_SENT"

    def __init__(self, reason: str) -> None:
        super().__init__("The text was not given to a language model.")
        self.reason = reason


class Model(LanguageModel, ChatModel, Protocol):
    """A language model that answers prompts and goes on with conversations."""


class Gated:
    """A language model behind the gate: the only kind that rooms get."""

    def __init__(self, model: Model, *, allow: str, gate: "Gate") -> None:
        self._model = model
        self._allow = allow
        self._gate = gate

    @property
    def model_id(self) -> str:
        return self._model.model_id

    @property
    def stays_inside(self) -> bool:
        return self._model.stays_inside

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        admitted, restoring = await self.admit(prompt)
        pieces = self._model.stream(admitted)
        if restoring is not None:
            pieces = restoring.pieces(pieces)
        async with aclosing(pieces) as told:
            async for piece in told:
                yield piece

    async def converse(self, chat: Chat) -> AsyncGenerator[str | ToolCall, None]:
        """As `stream`; in a call the real words stand again, too."""
        admitted, restoring = await self._admit_chat(chat)
        async with aclosing(self._model.converse(admitted)) as told:
            if restoring is None:
                async for piece in told:
                    yield piece
                return
            stream, in_json = restoring.stream(), restoring.writing(_in_json)
            async for piece in told:
                if isinstance(piece, ToolCall):
                    if rest := stream.flush():
                        yield rest
                    yield replace(piece, arguments=in_json.whole(piece.arguments))
                elif restored := stream.feed(piece):
                    yield restored
            if rest := stream.flush():
                yield rest

    async def _admit_chat(self, chat: Chat) -> "tuple[Chat, Restoring | None]":
        """What was said, called and found may each be kept here; what is public goes with stand-ins at most."""
        if self._allow not in {"local", "remote"} or (self._allow == "local" and not self.stays_inside):
            raise NotSentError("NOT_ALLOWED")
        if self.stays_inside:
            return chat, None
        published = [one for one in chat.messages if _is_public(one)]
        private = [one for one in chat.messages if not _is_public(one)]
        try:
            passed = await self._gate.outgoing(
                "cloud_llm", [chat.system, *map(_text, private)], public=[_text(one) for one in published]
            )
        except UnavailableError:
            raise NotSentError("NOT_CHECKED") from None
        except ForbiddenError:
            raise NotSentError("IDENTIFIERS") from None
        told = dict(zip(map(id, private), passed.texts[1:], strict=True))
        told |= dict(zip(map(id, published), passed.public, strict=True))
        messages = tuple(_with_text(one, told[id(one)]) for one in chat.messages)
        if messages == chat.messages and passed.texts[0] == chat.system:
            return chat, None
        return replace(chat, system=passed.texts[0] + STAND_INS, messages=messages), passed.restoring

    async def admit(self, prompt: Prompt) -> "tuple[Prompt, Restoring | None]":
        """What the model may be asked, and the way back where that has stand-ins in it; raises NotSentError."""
        if self._allow not in {"local", "remote"} or (self._allow == "local" and not self.stays_inside):
            raise NotSentError("NOT_ALLOWED")
        if self.stays_inside:
            return prompt, None
        if not prompt.public:
            raise NotSentError("PRIVATE")
        try:
            passed = await self._gate.outgoing("cloud_llm", [prompt.question], public=[prompt.material])
        except UnavailableError:
            raise NotSentError("NOT_CHECKED") from None
        except ForbiddenError:
            raise NotSentError("IDENTIFIERS") from None
        asked = replace(prompt, question=passed.texts[0], material=passed.public[0])
        if asked == prompt:
            return prompt, None
        return replace(asked, system=prompt.system + STAND_INS), passed.restoring.writing(_in_json)


def _is_public(one: Message | ToolCall | ToolOutput) -> bool:
    return isinstance(one, ToolOutput) and one.public


def _text(one: Message | ToolCall | ToolOutput) -> str:
    return one.arguments if isinstance(one, ToolCall) else one.text


def _with_text(one: Message | ToolCall | ToolOutput, text: str) -> Message | ToolCall | ToolOutput:
    return replace(one, arguments=text) if isinstance(one, ToolCall) else replace(one, text=text)


def _in_json(value: str) -> str:
    """As a part of a JSON string: what a model writes follows a schema."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def is_configured(settings: Settings) -> bool:
    """Raises SettingsError where a model is half configured."""
    language = settings.language
    if not language.url:
        return False
    parts = urlsplit(language.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not language.model:
        raise SettingsError("VOICEASSIST_LANGUAGE__URL and VOICEASSIST_LANGUAGE__MODEL must name a model.")
    return language.allow != "nothing"


def preload() -> None:
    """For those who give a model less time than its client takes to be imported."""
    from voiceassist.adapters import openai_chat

    openai_chat.preload()


def opened(settings: Settings, egress: "Egress", *, resolve: "Resolve | None" = None) -> Model:
    """The configured model, ungated: made once a process."""
    from voiceassist.adapters.openai_chat import OpenAiChat
    from voiceassist.runtime.egress.transport import inside, transport
    from voiceassist.runtime.egress.web import resolved

    language = settings.language
    is_inside = language.allow == "local"

    async def find(host: str, port: int) -> list[str]:
        if not is_inside:
            return await egress.addresses(language.url)
        return await inside(host, port, resolve or resolved)

    return OpenAiChat(
        language.url,
        language.model,
        api_key=language.api_key,
        seconds=language.seconds,
        transport=transport(find, ca_file=settings.ca_file if is_inside else ""),
        stays_inside=is_inside,
    )
