"""Our ears and voice, and between them a language model with tools.

The dialogue keeps the first word: small talk, emergencies, its own questions, drugs in doubt. It has the last one, too,
where the model is lost, says nothing that a source supports, or may not be told what was said.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import replace

from realtime.dialogue import wording
from realtime.dialogue.reply import Reply
from realtime.dialogue.rooms import Rooms
from realtime.engine import NO_CONTEXT, CaseClosed, Context, Entry, Fallback, PhiNotice, Piece, Returned, Said
from realtime.engines.local import LocalEngine, LocalSession, facts
from realtime.engines.talk import Talk
from realtime.guard import Turn
from realtime.tools.catalogue import Tool, catalogue
from realtime.tools.desk import Desk, Limits
from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import Auditor
from voiceassist.ports.language import ChatModel
from voiceassist.runtime import language, metrics, providers
from voiceassist.runtime.generation import Health
from voiceassist.runtime.routing import Route
from voiceassist.runtime.settings import Settings

LOST = "The language model does not answer. I go on without it."


class CascadeEngine:
    name = "cascade"

    def __init__(self, local: LocalEngine, model: ChatModel, *, auditor: Auditor, health: Health | None = None) -> None:
        self.local, self.model = local, model
        self.health = health or Health()
        self._auditor, self._limits = auditor, Limits()
        self._tools: tuple[Tool, ...] = catalogue(local.book.skills)

    @property
    def hears_and_speaks(self) -> bool:
        return self.local.hears_and_speaks

    def open(self, principal: Principal) -> "CascadeSession":
        rooms = self.local.rooms(principal)
        desk = Desk(self._tools, rooms, principal, auditor=self._auditor, limits=self._limits)
        return CascadeSession(self, principal, desk, rooms)


class CascadeSession(LocalSession):
    def __init__(self, engine: CascadeEngine, principal: Principal, desk: Desk, rooms: Rooms) -> None:
        super().__init__(engine.local, engine.local.dialogue(rooms), engine.local.guard(principal), rooms)
        self._cascade, self._desk = engine, desk
        self._private: frozenset[str] = frozenset()  # items that were worked on here, and stay here

    async def answer(
        self, text: str, *, spoken: bool, speed: float = 1.0, instead: bool = False, route: Route = "auto",
        known: tuple[str, ...] = (), context: Context = NO_CONTEXT,
    ) -> AsyncGenerator[Piece, None]:  # fmt: skip
        route = self.way(route)
        first = await self.begin(instead=instead)
        if first == wording.CASE_CLOSED:
            yield CaseClosed()
        async with self.guard.turn(text, route=route, known=known) as turn:
            noticed: PhiNotice | None = None
            between = ""
            if first:
                async for words in self.words(first, spoken=spoken, speed=speed):
                    yield words
                between = " "
            async for piece in self._answered(turn, text, context):
                if noticed is None and (noticed := turn.notice):
                    yield noticed
                if not isinstance(piece, str):
                    yield piece
                    continue
                async for words in self.words(piece, spoken=spoken, speed=speed):
                    yield replace(words, text=between + words.text)
                    between = ""
                between = " "

    async def _answered(self, turn: Turn, text: str, context: Context) -> AsyncIterator[str | Piece]:
        """Sentences, and what is shown beside them."""
        model, health = self._cascade.model, self._cascade.health
        returned = bool(context.entries) and isinstance(context.entries[-1], Returned)
        reply = None if returned else await self.dialogue.first(text)
        if turn.kept and not model.stays_inside:
            self._private |= {context.item_id, *(entry.item_id for entry in question(context))}
        elif reply is None:
            private = frozenset[str]() if model.stays_inside else self._private
            talk = Talk(model, self._desk, health=health, is_drug=self._cascade.local.is_drug, private=private)
            rested = health.rests(model.model_id)
            async for piece in talk.pieces(text, context):
                yield piece
            if talk.is_complete:
                self.dialogue.answered(Reply(talk.text, talk.citations))
                return
            if talk.failure == "DOWN":
                metrics.ENGINE_FALLBACKS.labels("unavailable").inc()
                yield Fallback(LocalEngine.name, "unavailable")
                if not rested or not text:  # whoever heard it a moment ago knows
                    yield LOST
                if not text:  # only a function has answered, which nobody else can read
                    return
        reply = reply or await self.dialogue.reply(text)
        for fact in facts(reply):
            yield fact
        yield reply.text


def question(context: Context) -> Iterator[Entry]:
    """What was said since the last answer, from the end."""
    for entry in reversed(context.entries):
        if isinstance(entry, Said) and entry.role == "assistant":
            return
        yield entry


def chat_model(settings: Settings) -> ChatModel:
    """The configured model behind its gate; raises SettingsError where there is none."""
    model = providers.language_model() if language.is_configured(settings) else None
    if model is None:
        raise SettingsError("VOICEASSIST_VOICE__ENGINE=cascade needs a language model (VOICEASSIST_LANGUAGE__…).")
    language.preload()
    return model
