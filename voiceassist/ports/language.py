"""Language models: text in, text out, piece by piece. What they write is a draft that somebody else checks."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked. `material` are the passages, `question` the words of a person.

    `public`: nothing of the material belongs to anybody. `schema` is the JSON Schema that the output shall follow;
    whether it does is for the reader to see.
    """

    system: str
    material: str
    question: str
    schema: Mapping[str, Any]
    public: bool = False
    longest: int = 600  # tokens


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["user", "assistant"]
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """`arguments` are JSON as the model wrote them: perhaps none."""

    call_id: str
    name: str
    arguments: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """`public`: nothing of it belongs to anybody."""

    call_id: str
    text: str = field(repr=False)
    public: bool = False


@dataclass(frozen=True, slots=True)
class ToolSpec:
    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation that is to be gone on with. `choice`: auto, none, required, or the one tool to be called."""

    system: str
    messages: tuple[Message | ToolCall | ToolOutput, ...]
    tools: tuple[ToolSpec, ...] = ()
    choice: str = "auto"
    longest: int = 600  # tokens


class ChatModel(Protocol):
    """A language model that may have tools called."""

    @property
    def model_id(self) -> str: ...

    @property
    def stays_inside(self) -> bool: ...

    def converse(self, chat: Chat) -> AsyncGenerator[str | ToolCall, None]:
        """Pieces of what it says, then the calls it wants. Raises as `LanguageModel.stream` does."""
        ...


class LanguageModel(Protocol):
    """`stays_inside`: what it is asked does not leave the installation's own network."""

    @property
    def model_id(self) -> str: ...

    @property
    def stays_inside(self) -> bool: ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Pieces of the output. UnavailableError, also in the middle; ForbiddenError where policy says no."""
        ...
