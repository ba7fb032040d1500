"""Language models: text in, text out, piece by piece. What they write is a draft that somebody else checks."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


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


class LanguageModel(Protocol):
    """`stays_inside`: what it is asked does not leave the installation's own network."""

    @property
    def model_id(self) -> str: ...

    @property
    def stays_inside(self) -> bool: ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Pieces of the output. UnavailableError, also in the middle; ForbiddenError where policy says no."""
        ...
