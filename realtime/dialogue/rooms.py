"""The rooms a conversation needs, behind a port: over HTTP, on behalf of the person who speaks."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import pydantic

from realtime.dialogue.intent import intent_of
from realtime.dialogue.phrases import Skill
from voiceassist.contracts.answers import (
    LIBRARY_STARTING,
    Answer,
    Contract,
    Found,
    Passage,
    Question,
    SearchRequest,
    Spoken,
)
from voiceassist.contracts.calculations import CalculatorResult, ComputeRequest, Interpretation, InterpretRequest
from voiceassist.contracts.cases import CaseFact
from voiceassist.core.errors import FieldError, ForbiddenError, NeedsInputError, UnavailableError, ValidationError
from voiceassist.core.identity import Principal
from voiceassist.runtime import http
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.workloads import REALTIME

ROOM_FAILED = "ROOM_FAILED"
PHI_BLOCKED = "PHI_BLOCKED"  # the text stays here, and this cannot be done here
# An answer that takes longer than this is no conversation any more.
SECONDS = 8.0
MAX_TEXT = 2_000
DEPTH = 50  # passages: enough to see whether they split over kinds of the topic

Model = TypeVar("Model", bound=Contract)


class Rooms(Protocol):
    """Each method raises UnavailableError when the room cannot answer.

    `case`: what is known of the patient; calculators take from it what nobody says.
    """

    case: tuple[CaseFact, ...]

    async def interpret(
        self,
        text: str,
        *,
        calculator: str | None = None,
        known: Mapping[str, Any] | None = None,
        asked: str | None = None,
        doubted: Mapping[str, Any] | None = None,
        assume: bool = False,
    ) -> Interpretation:
        """`assume`: criteria that nobody mentioned count as "no", marked; at the speaker's wish or in an emergency."""
        ...

    async def compute(self, calculator_id: str, interpretation: Interpretation) -> CalculatorResult:
        """Raises NeedsInputError or ValidationError when the inputs do not suffice."""
        ...

    async def answer(self, question: str) -> Answer: ...

    async def search(self, question: str) -> tuple[Passage, ...]:
        """What an answer could be made of, best first."""
        ...

    async def ask(self, skill: Skill, question: str) -> Spoken:
        """Raises ForbiddenError, NeedsInputError or ValidationError as the room or the speaker's key has it."""
        ...


class HttpRooms:
    def __init__(self, settings: Settings, principal: Principal) -> None:
        self._settings = settings
        self._principal = principal
        self.case: tuple[CaseFact, ...] = ()

    async def interpret(
        self,
        text: str,
        *,
        calculator: str | None = None,
        known: Mapping[str, Any] | None = None,
        asked: str | None = None,
        doubted: Mapping[str, Any] | None = None,
        assume: bool = False,
    ) -> Interpretation:
        request = InterpretRequest(
            text=text[:MAX_TEXT],
            calculator=calculator,
            known=dict(known or {}),
            asked=asked,
            doubted=dict(doubted or {}),
            assume=assume,
            case=self.case,
        )
        return await self._post("calculators", "/api/v1/calculators/interpret", request, Interpretation)

    async def compute(self, calculator_id: str, interpretation: Interpretation) -> CalculatorResult:
        request = ComputeRequest(inputs=interpretation.inputs, assumed=interpretation.assumed)
        return await self._post(
            "calculators", f"/api/v1/calculators/{calculator_id}/compute", request, CalculatorResult
        )

    async def answer(self, question: str) -> Answer:
        asked = Question(question=question[:MAX_TEXT], intent=intent_of(question[:MAX_TEXT]))
        return await self._post("retrieval", "/api/v1/answers", asked, Answer)

    async def search(self, question: str) -> tuple[Passage, ...]:
        request = SearchRequest(query=question[:MAX_TEXT], limit=DEPTH)
        return (await self._post("retrieval", "/api/v1/search", request, Found)).items

    async def ask(self, skill: Skill, question: str) -> Spoken:
        # Only keys have scopes: what a key may not call at the gateway it may not ask by voice either.
        if self._principal.scopes and skill.scope not in self._principal.scopes:
            raise ForbiddenError("This key does not have the scope for that.")
        return await self._post(skill.room, skill.path, Question(question=question[:MAX_TEXT]), Spoken)

    async def _post(self, room: str, path: str, request: Contract, kind: type[Model]) -> Model:
        answer = await http.call(
            "POST",
            self._settings.room(room) + path,
            principal=self._principal,
            issuer=REALTIME,
            audience=room,
            content=request.model_dump_json(exclude_unset=True),
            headers={"content-type": "application/json"},
            timeout=SECONDS,
        )
        if answer.status_code == ForbiddenError.status:
            raise ForbiddenError(
                "The room does not answer this speaker.", code=_code(answer.content, ForbiddenError.code)
            )
        if answer.status_code == NeedsInputError.status:
            raise NeedsInputError("The room needs more input.")
        if answer.status_code == ValidationError.status:
            raise ValidationError("The room refused the request.", errors=_reasons(answer.content))
        if answer.status_code != 200:
            raise UnavailableError("The room could not answer.", code=_code(answer.content))
        try:
            return kind.model_validate_json(answer.content)
        except pydantic.ValidationError:
            raise UnavailableError("The room's answer was not understood.", code=ROOM_FAILED) from None


class _Problem(pydantic.BaseModel):
    """The part of a problem document that tells what is wrong, and with which fields."""

    code: str = ROOM_FAILED
    errors: tuple[FieldError, ...] = ()


# The reasons that are told to whoever asked; every other is ROOM_FAILED.
TOLD = frozenset({LIBRARY_STARTING, PHI_BLOCKED})


def _code(content: bytes, otherwise: str = ROOM_FAILED) -> str:
    try:
        code = _Problem.model_validate_json(content).code
    except pydantic.ValidationError:
        return otherwise
    return code if code in TOLD else otherwise


def _reasons(content: bytes) -> tuple[FieldError, ...]:
    try:
        return _Problem.model_validate_json(content).errors
    except pydantic.ValidationError:
        return ()
