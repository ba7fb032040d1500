"""What a turn says about somebody decides where it is worked on, before anything is done with it (SPEC P11.8)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from realtime.dialogue.reply import Reply
from realtime.dialogue.rooms import Rooms
from realtime.engine import PhiNotice
from voiceassist.contracts.answers import Answer
from voiceassist.contracts.cases import CaseFact
from voiceassist.core import ids
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.runtime import logging, routing
from voiceassist.runtime.pseudonyms.vault import of_caller
from voiceassist.runtime.routing import Route

if TYPE_CHECKING:
    from voiceassist.runtime.egress import Findings, Gate

log = logging.get_logger(__name__)

LEFT_OUT = "I left out what tells who the patient is."


@dataclass(frozen=True, slots=True)
class Turn:
    """What was seen in the words of a turn. `kept`: it is worked on in this house."""

    kept: bool
    found: "Findings | None"
    way: routing.Way

    @property
    def notice(self) -> PhiNotice | None:
        """What is told of the turn; after it was worked on, since only then it is known where that was."""
        if self.found is None or not self.found.identifies:
            return None
        return PhiNotice("cloud" if self.way.cloud else "local", "identifiers" if self.found.known else "unchecked")


class Guard:
    """Of one speaker and session, which is one conversation: its stand-ins, and what is known of its patient, are
    forgotten with it. Nobody to look counts as identifiers: the turn stays here, and the speaker is told.
    """

    def __init__(self, gate: "Gate | None", speaker: Principal) -> None:
        self._gate = gate
        self._speaker = speaker
        self._conversation = str(ids.new_id())
        self._known: tuple[str, ...] = ()

    async def watched(
        self,
        text: str,
        reply: Callable[[str], Awaitable[Reply]],
        *,
        route: Route = "auto",
        known: tuple[str, ...] = (),
    ) -> tuple[Reply, PhiNotice | None]:
        """The reply to a turn, made where it may be made, and what is to be told of that. `known`: of the patient."""
        async with self.turn(text, route=route, known=known) as turn:
            replied = await reply(text)
        return replied, turn.notice

    @asynccontextmanager
    async def turn(self, text: str, *, route: Route = "auto", known: tuple[str, ...] = ()) -> AsyncIterator[Turn]:
        """While inside, what is asked of rooms and models stays here where it must."""
        if self._gate is None:
            with self._request("local") as way:
                yield Turn(True, None, way)
            return
        found = await self._gate.look(text, known=known)
        kept = route == routing.LOCAL or self._gate.keeps_local(found, self._speaker.tenant_id)
        kept = kept or not await self._remembered(self._gate, known)
        with self._request("local" if kept else "auto") as way:
            yield Turn(kept, found, way)

    async def close(self) -> None:
        """The session has ended. What cannot be forgotten now goes half an hour after its last use."""
        if self._gate is None:
            return
        try:
            await self._gate.forget(of_caller(self._speaker, self._conversation))
        except UnavailableError as error:
            log.warning("session.not_forgotten", code=error.code)

    def _request(self, route: Route) -> AbstractContextManager[routing.Way]:
        return routing.request(
            self._speaker.tenant_id, route=route, caller=self._speaker, conversation=self._conversation
        )

    async def _remembered(self, gate: "Gate", known: tuple[str, ...]) -> bool:
        """Whether the rooms that are asked will look for what is known; where they cannot, the turn stays here."""
        if known == self._known:
            return True
        try:
            await gate.remember(of_caller(self._speaker, self._conversation), known)
        except UnavailableError as error:
            log.warning("session.not_remembered", code=error.code)
            return False
        self._known = known
        return True


class Discreet:
    """Rooms of a speaker who names patients: a question that finds nothing under a name is asked again without it.

    Under the name first, since one's own documents may be found by it; and the answer tells what was left out.
    """

    def __init__(self, rooms: Rooms, gate: "Gate") -> None:
        self._rooms = rooms
        self.case: tuple[CaseFact, ...] = ()  # what is sent is what the rooms themselves were told
        self._gate = gate
        self.interpret, self.compute = rooms.interpret, rooms.compute
        self.search, self.ask = rooms.search, rooms.ask

    async def answer(self, question: str) -> Answer:
        answer = await self._rooms.answer(question)
        if answer.status != "abstained":
            return answer
        other = await self._gate.without(question)
        if not other:
            return answer
        found = await self._rooms.answer(other)
        if found.status == "abstained":
            return answer
        told = {"text": f"{LEFT_OUT} {found.text}", "spoken": f"{LEFT_OUT} {found.spoken}"}
        return found.model_copy(update=told)
