"""The tools there are. A model chooses one; what it is asked about a patient are the speaker's own words.

So no value comes from a model: a calculator reads the sentences of whoever speaks, and asks for what is not in them.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pydantic

from realtime.dialogue import wording
from realtime.dialogue.clarify import dosing
from realtime.dialogue.phrases import Skill
from realtime.dialogue.rooms import Rooms
from realtime.engine import Calculation, Function, Piece
from voiceassist.contracts.answers import Citation, Contract, Passage, Question, SearchRequest
from voiceassist.contracts.calculations import Interpretation, InterpretRequest
from voiceassist.core.errors import NeedsInputError, ValidationError

MOST_PASSAGES = 6
LONGEST_SNIPPET = 500


@dataclass(frozen=True, slots=True)
class Source:
    """Words that may be said again; a `citation` where they are of a document."""

    title: str
    heading: str
    text: str = field(repr=False)
    citation: Citation | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """`said`: the speaker's own words of this request. `outside`: the model that asks is not in this house."""

    said: str = field(repr=False)
    outside: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """`output` is what the model reads, `pieces` what is shown. `public`: nothing of it belongs to anybody."""

    output: Mapping[str, Any] = field(repr=False)
    sources: tuple[Source, ...] = field(default=(), repr=False)
    pieces: tuple[Piece, ...] = field(default=(), repr=False)
    public: bool = False


Run = Callable[[Rooms, Mapping[str, Any], Case], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Tool:
    """`per_minute`: how often one person may have it called (SPEC P4.21)."""

    function: Function
    run: Run
    per_minute: int = 30


async def _search(rooms: Rooms, arguments: Mapping[str, Any], case: Case) -> Result:
    request = _checked(SearchRequest, arguments)
    found = [one for one in await rooms.search(request.query) if not case.outside or one.visibility == "public"]
    sources = tuple(_source(passage) for passage in found[:MOST_PASSAGES])
    passages = [{"title": one.title, "section": one.heading, "text": one.text} for one in sources]
    return Result({"passages": passages}, sources, public=all(one.visibility == "public" for one in found))


async def _calculate(rooms: Rooms, arguments: Mapping[str, Any], case: Case) -> Result:
    request = _checked(InterpretRequest, arguments)
    meant = await rooms.interpret(request.text)
    if meant.calculator_id is None:
        return _needs(meant.question or "Which calculator is meant?")
    return await _computed(rooms, await rooms.interpret(case.said, calculator=meant.calculator_id))


async def _renal_dose(rooms: Rooms, arguments: Mapping[str, Any], case: Case) -> Result:
    _checked(InterpretRequest, arguments)
    return await _computed(rooms, await rooms.interpret(case.said, calculator=dosing.TABLE))


async def _computed(rooms: Rooms, found: Interpretation) -> Result:
    if found.calculator_id is None or found.missing:
        return _needs(found.question or " ".join(one.question for one in found.missing))
    try:
        result = await rooms.compute(found.calculator_id, found)
    except (NeedsInputError, ValidationError) as error:
        return _needs(wording.not_computed(error.errors))
    told = wording.result(result)
    return Result({"result": told}, (Source(result.title, "", told),), (Calculation(result),))


def _needs(question: str) -> Result:
    return Result({"ask the speaker": question}, (Source("", "", question),))


def _of_room(skill: Skill) -> Run:
    async def ask(rooms: Rooms, arguments: Mapping[str, Any], case: Case) -> Result:
        _checked(Question, arguments)
        spoken = await rooms.ask(skill, case.said)
        if spoken.asks:
            return _needs(spoken.text)
        cited = tuple(Source(one.title, one.section or "", one.snippet, one) for one in spoken.citations)
        return Result({"answer": spoken.text}, (Source("", "", spoken.text), *cited))

    return ask


def catalogue(skills: Iterable[Skill]) -> tuple[Tool, ...]:
    """Those of the house; the differential where its room is there."""
    tools = [
        Tool(
            _function("search_knowledge", "Passages of the medical library, best first.", SearchRequest, "query"),
            _search,
        ),
        Tool(
            _function(
                "compute_calculator",
                "Computes a clinical score or formula from what the speaker said; name the calculator, no values.",
                InterpretRequest,
                "text",
            ),
            _calculate,
            50,
        ),
        Tool(
            _function(
                "renal_dose",
                "The dose of a drug by kidney function, from its label and what the speaker said; name the drug.",
                InterpretRequest,
                "text",
            ),
            _renal_dose,
            50,
        ),
    ]
    tools += [
        Tool(
            _function(
                "generate_differential", "Ranks diagnoses for the findings the speaker named.", Question, "question"
            ),
            _of_room(skill),
        )
        for skill in skills
        if skill.room == "differential"
    ]
    return tuple(tools)


def _function(name: str, description: str, contract: type[Contract], member: str) -> Function:
    """With one member of a room's contract as its argument."""
    schema = contract.model_json_schema()["properties"][member]
    kept = {key: value for key, value in schema.items() if key in {"type", "minLength", "maxLength"}}
    parameters = {
        "type": "object",
        "properties": {member: kept},
        "required": [member],
        "additionalProperties": False,
    }
    return Function(name, description, parameters)


Kind = TypeVar("Kind", bound=Contract)


def _checked(contract: type[Kind], arguments: Mapping[str, Any]) -> Kind:
    try:
        return contract.model_validate(dict(arguments))
    except pydantic.ValidationError:
        raise ValidationError("The arguments do not follow the schema.") from None


def _source(passage: Passage) -> Source:
    citation = Citation(
        n=1,
        document_id=passage.document_id,
        chunk_id=passage.chunk_id,
        title=passage.title,
        section=passage.heading or None,
        page=passage.page,
        source=passage.source,
        year=passage.year,
        version=passage.version,
        snippet=passage.text[:LONGEST_SNIPPET],
        starter=passage.starter,
    )
    return Source(passage.title, passage.heading, passage.text, citation)
