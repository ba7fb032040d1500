"""A service outside that speaks OpenAI Realtime thinks and speaks; we hear, take turns, decide what goes up, and keep.

Nothing of a turn goes up before its words were read here and the gate let them through as they are: sound cannot be
given stand-ins. Where policy lets everything out, the service may read turns; one whose end the client tells then goes
up while it is said. The service is told only when to answer; its tools are ours. It is never reached without an
agreement.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Literal

from realtime.dialogue import wording
from realtime.dialogue.reply import Reply
from realtime.dialogue.rooms import Rooms
from realtime.engine import (
    NO_CONTEXT,
    CaseClosed,
    Context,
    Fallback,
    Function,
    FunctionCall,
    Heard,
    Passed,
    PhiNotice,
    Piece,
    Returned,
    Said,
    Sources,
    ToolUse,
    Words,
)
from realtime.engines.cascade import question
from realtime.engines.checking import Check
from realtime.engines.coming import Coming
from realtime.engines.flow import Flow
from realtime.engines.local import LocalEngine, LocalSession, facts
from realtime.engines.talk import SYSTEM, stated
from realtime.engines.told import RATE, Spoken, Told, item_of, text_of
from realtime.engines.upstream import Connect, Event, LostError, Upstream
from realtime.guard import Turn
from realtime.speech.audio import Samples, Sound, samples_of
from realtime.tools.catalogue import Case, Result, catalogue
from realtime.tools.desk import Desk, Limits
from voiceassist.contracts.answers import NOTICE
from voiceassist.core.errors import ForbiddenError, UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.core.text import sentences
from voiceassist.ports.auditing import Auditor
from voiceassist.runtime import logging, metrics
from voiceassist.runtime.egress.policy import EVERY
from voiceassist.runtime.generation import Health
from voiceassist.runtime.routing import LOCAL, Route

log = logging.get_logger(__name__)

RENEW_SECONDS = 55 * 60.0  # theirs end after 60 minutes
MOST_ROUNDS = 4
FASTEST = 1.5
LOST = "The speech service does not answer. I go on without it."
UNCHECKED = f"{NOTICE} Worded by a service outside; not every sentence was found in a source."
HEALTH = "upstream"


class NoAgreementError(ForbiddenError):
    code = "NO_AGREEMENT"

    def __init__(self) -> None:
        super().__init__("This organisation has no agreement with the speech service outside.")


class BridgeEngine:
    """`connect` opens a connection to the service; `local` has the ears, and answers what stays here."""

    name = "openai"

    def __init__(
        self,
        local: LocalEngine,
        connect: Connect,
        *,
        auditor: Auditor,
        model: str,
        voice: str,
        seconds: float,
        ears: Literal["ours", "theirs"] = "ours",
        transcriber: str = "",
        renew_seconds: float = RENEW_SECONDS,
        health: Health | None = None,
    ) -> None:
        self.local, self.connect = local, connect
        self.model, self.voice, self.seconds, self.renew_seconds = model, voice, seconds, renew_seconds
        self.ears, self.transcriber = ears, transcriber
        self.health = health or Health()
        self._auditor, self._limits = auditor, Limits()
        self._tools = catalogue(local.book.skills)

    @property
    def hears_and_speaks(self) -> bool:
        return self.local.hears_and_speaks

    def open(self, principal: Principal) -> "BridgeSession":
        """Raises NoAgreementError where the tenant's policy has no `baa`."""
        gate = self.local.gate
        if gate is None or not gate.policy.of(principal.tenant_id).baa:
            raise NoAgreementError
        rooms = self.local.rooms(principal)
        desk = Desk(self._tools, rooms, principal, auditor=self._auditor, limits=self._limits)
        return BridgeSession(self, principal, desk, rooms)


class BridgeSession(LocalSession):
    def __init__(self, engine: BridgeEngine, principal: Principal, desk: Desk, rooms: Rooms) -> None:
        super().__init__(engine.local, engine.local.dialogue(rooms), engine.local.guard(principal), rooms)
        self._bridge, self._desk = engine, desk
        self._upstream: Upstream | None = None
        self._told = Told()
        self._spoken = Spoken()
        self._unused: list[str] = []
        self._opening = asyncio.Lock()
        self._flow: Flow | None = None
        self._settled = asyncio.Event()  # when the place there for the next turn's sound is free
        self._settled.set()
        self._ears_outside = engine.ears == "theirs" and _lets_everything_out(engine.local, principal)
        self._said = self._lost = False  # of the answer that is given now

    @property
    def wants_sound(self) -> bool:
        return self._ears_outside

    def pass_on(self, sound: bytes | None) -> None:
        if sound is None:
            self._drop_flow()
        elif self.way("auto") != LOCAL and not self._bridge.health.rests(HEALTH):
            if self._flow is None:
                self._flow = Flow(self._listening, self._settled)
                self._settled = self._flow.settled
            self._flow.add(sound)

    def passed(self) -> Flow | None:
        flow, self._flow = self._flow, None
        return flow

    def _drop_flow(self) -> None:
        if flow := self.passed():
            flow.over()

    async def transcribe(
        self, audio: Samples | Sound, rate: int, keywords: Sequence[str] = (), *, judged: bool = False,
        passing: bool = False, route: Route = "auto", passed: Passed | None = None,
    ) -> Heard:  # fmt: skip
        if self._ears_outside and self.way(route) != LOCAL:
            if passing:
                return Heard("")
            try:
                return await self._read_there(audio, rate, passed, judged=judged)
            except UnavailableError as error:
                log.warning("upstream.deaf", code=error.code)
        if passed:
            passed.over()
        heard = await super().transcribe(audio, rate, keywords, judged=judged, passing=passing, route=route)
        if not passing:
            self._take(Spoken(heard.text, audio, rate))
        return heard

    async def _read_there(self, sound: Samples | Sound, rate: int, passed: Passed | None, *, judged: bool) -> Heard:
        """The words that the service reads; the turn is then an item there, until it turns out to be none of ours."""
        if self._bridge.health.rests(HEALTH):
            raise LostError("UPSTREAM_LOST")
        judging = asyncio.create_task(self.final(samples_of(sound), rate)) if judged else None
        spoken = Spoken("", sound, rate)
        seconds = sound.seconds if isinstance(sound, Sound) else len(sound) / rate
        read = await passed.read(seconds) if isinstance(passed, Flow) else None
        theirs, text = read or await self._read_whole(spoken)
        self._take(replace(spoken, text=text.strip(), theirs=theirs))
        return Heard(text.strip(), final=await judging if judging else None)

    async def _read_whole(self, spoken: Spoken) -> tuple[str, str]:
        """A turn of which nothing is there yet. What is being said meanwhile goes up as a whole, too."""
        self._drop_flow()
        before, mine = self._settled, asyncio.Event()
        self._settled = mine
        try:
            await before.wait()
            upstream = await self._session(NO_CONTEXT, 1.0)
            await upstream.listen(spoken.pcm())
            waiting = await upstream.commit()
        finally:
            mine.set()
        return await upstream.words(waiting)

    async def _listening(self) -> Upstream:
        """The session there as it is, if there is one: an answer that is being given keeps it, and its settings."""
        if (upstream := self._upstream) and upstream.is_open and upstream.settings:
            return upstream
        return await self._session(NO_CONTEXT, 1.0)

    def _take(self, spoken: Spoken) -> None:
        """What was read before and not asked is taken back there."""
        if self._spoken.theirs:
            self._unused.append(self._spoken.theirs)
        self._spoken = spoken

    async def answer(
        self, text: str, *, spoken: bool, speed: float = 1.0, instead: bool = False, route: Route = "auto",
        known: tuple[str, ...] = (), context: Context = NO_CONTEXT,
    ) -> AsyncGenerator[Piece, None]:  # fmt: skip
        route = self.way(route)
        first = await self.begin(instead=instead)
        if first == wording.CASE_CLOSED:
            yield CaseClosed()
        async for words in self.words(first, spoken=spoken, speed=speed):
            yield replace(words, text=f"{words.text.rstrip()} ")
        self._said = self._lost = False
        if not context.entries:
            context = replace(context, entries=(Said("item_question", "user", text),))
        async with self.guard.turn(text, route=route, known=known) as turn:
            noticed: PhiNotice | None = None
            async for piece in self._answered(turn, text, context, spoken=spoken, speed=speed):
                if noticed is None and (noticed := turn.notice):
                    yield noticed
                yield piece

    async def _answered(
        self, turn: Turn, text: str, context: Context, *, spoken: bool, speed: float
    ) -> AsyncIterator[Piece]:
        reply = None if isinstance(context.entries[-1], Returned) else await self.dialogue.first(text)
        asked = list(question(context))
        if turn.kept or not await self._passes(map(text_of, asked)):
            self._told.private |= {context.item_id, *(entry.item_id for entry in asked)}
        elif reply is None:
            async for piece in self._outside(context, spoken=spoken, speed=speed, aloud=not text):
                yield piece
            if not self._lost or not text:
                return
        reply = reply or await self.dialogue.reply(text)
        for fact in facts(reply):
            yield fact
        async for words in self.words(reply.text, spoken=spoken, speed=speed):
            yield words

    async def _outside(self, context: Context, *, spoken: bool, speed: float, aloud: bool) -> AsyncIterator[Piece]:
        """The answer of the service, or that it is lost: then `_lost` is set. `aloud`: however often that was said."""
        rested = self._lost = self._bridge.health.rests(HEALTH)
        said = ""
        if not rested:
            try:
                async for piece in self._patiently(context, spoken=spoken, speed=speed):
                    said = (isinstance(piece, Words) and piece.text) or said
                    yield piece
            except UnavailableError as error:
                log.warning("upstream.lost", code=error.code)
                self._lost = True
        if not self._lost:
            return
        metrics.ENGINE_FALLBACKS.labels("unavailable").inc()
        yield Fallback(LocalEngine.name, "unavailable")
        if aloud or not rested:
            before = " " if said and not said[-1].isspace() else ""
            async for words in self.words(LOST, spoken=spoken, speed=speed):
                yield replace(words, text=f"{before}{words.text.rstrip()} ")
                before = ""

    # Going up

    async def _patiently(self, context: Context, *, spoken: bool, speed: float) -> AsyncIterator[Piece]:
        """A session that was lost, or has expired, is opened anew once, if nothing of the answer was given."""
        for last in (False, True):
            self._said = False
            try:
                upstream = await self._session(context, speed)
                await self._bring_up(upstream, context)
                async for piece in self._rounds(upstream, context, spoken=spoken):
                    self._said = self._said or isinstance(piece, Words | FunctionCall)
                    yield piece
            except UnavailableError:
                await self._leave()
                if self._said or last:
                    self._bridge.health.failed(HEALTH)
                    raise
            else:
                return

    async def _session(self, context: Context, speed: float) -> Upstream:
        async with self._opening:
            return await self._opened(context, speed)

    async def _opened(self, context: Context, speed: float) -> Upstream:
        if self._upstream and (not self._upstream.is_open or self._upstream.age >= self._bridge.renew_seconds):
            await self._leave()
        settings = await self._settings(context, speed)
        if self._upstream is None:
            upstream = Upstream(self._bridge.connect, seconds=self._bridge.seconds)
            self._upstream = upstream
            await upstream.open(settings)
        elif self._upstream.settings != settings:
            await self._upstream.configure(settings)
        return self._upstream

    async def _leave(self) -> None:
        self._told.forget()
        self._unused.clear()
        self._spoken = replace(self._spoken, theirs="")
        upstream, self._upstream = self._upstream, None
        if upstream:
            await upstream.close()

    async def _settings(self, context: Context, speed: float) -> Event:
        wished = context.instructions if await self._passes([context.instructions]) else ""
        ours = self._desk.functions if context.choice in {"auto", "required"} else ()
        theirs = [one for one in context.functions if not self._desk.has(one.name)]
        pcm = {"type": "audio/pcm", "rate": RATE}
        transcription = {"model": self._bridge.transcriber} if self._ears_outside else None
        return {
            "type": "realtime",
            "model": self._bridge.model,
            "output_modalities": ["audio"],
            "instructions": "\n\n".join(filter(None, (SYSTEM, wished))),
            "audio": {
                "input": {"format": pcm, "turn_detection": None, "transcription": transcription},
                "output": {"format": pcm, "voice": self._bridge.voice, "speed": min(speed, FASTEST)},
            },
            "tools": [_tool(one) for one in (*ours, *theirs)],
            "tool_choice": "auto",
        }

    async def _bring_up(self, upstream: Upstream, context: Context) -> None:
        missing = self._told.missing(context.entries)
        latest = missing[-1].item_id if missing else ""
        is_heard = bool(missing and self._spoken.text and text_of(missing[-1]) == self._spoken.text)
        if self._spoken.theirs and not is_heard:
            self._take(Spoken())
        for theirs in (*self._told.taken_back(context.entries), *self._unused):
            await upstream.send("conversation.item.delete", item_id=theirs)
        self._unused.clear()
        asked = {entry.item_id for entry in question(context)}  # which was let through already
        for entry in missing:
            if entry.item_id not in asked and not await self._passes([text_of(entry)]):
                self._told.private.add(entry.item_id)
                continue
            heard = self._spoken if is_heard and entry.item_id == latest else None
            theirs = heard.theirs if heard else ""
            if not theirs:
                await upstream.send("conversation.item.create", item=item_of(entry, heard))
            self._told.add(entry.item_id, theirs or entry.item_id)
        self._spoken = Spoken()

    async def _passes(self, texts: Any) -> bool:
        """Whether each of them may go up as it is."""
        said = [text for text in texts if text]
        gate = self._bridge.local.gate
        if not said or gate is None:
            return not said
        try:
            return list((await gate.outgoing("cloud_llm", said)).texts) == said
        except (ForbiddenError, UnavailableError):
            return False

    # Coming down

    async def _rounds(self, upstream: Upstream, context: Context, *, spoken: bool) -> AsyncIterator[Piece]:
        check = Check(stated(context), self._bridge.local.is_drug)
        transcript = ""
        for left in range(MOST_ROUNDS, -1, -1):
            choice = "none" if not left else _choice(context.choice) if left == MOST_ROUNDS else "auto"
            asked = {"output_modalities": ["audio" if spoken else "text"], "tool_choice": choice}
            calls: list[FunctionCall] = []
            async with aclosing(self._pieces(upstream, asked, context.item_id, calls, spoken=spoken)) as pieces:
                async for words in pieces:
                    transcript += words.text
                    yield words
            declared = {one.name for one in context.functions}
            theirs = [call for call in calls if call.name in declared and not self._desk.has(call.name)]
            for call in theirs:
                yield call
            if theirs or not calls:
                break
            for call in calls:
                yield ToolUse(call.name, "started")
                result = await self._desk.call(call, Case(check.said))
                yield ToolUse(call.name, "finished")
                for fact in result.pieces:
                    yield fact
                check.add(result.sources)
                await self._report(upstream, call, result)
        if transcript:
            yield _judged(check, transcript)
            self.dialogue.answered(Reply(transcript, tuple(check.citations)))

    async def _report(self, upstream: Upstream, call: FunctionCall, result: Result) -> None:
        """What is public may be told; what came of the speaker's values passes the gate as they did, or is withheld."""
        output = json.dumps(result.output, ensure_ascii=False)
        if not result.public and not await self._passes([output]):
            output = '{"error": "This result stays in the house."}'
        item = {"type": "function_call_output", "call_id": call.call_id, "output": output}
        await upstream.send("conversation.item.create", item=item)

    async def _pieces(
        self, upstream: Upstream, asked: Event, item_id: str, calls: list[FunctionCall], *, spoken: bool
    ) -> AsyncGenerator[Words, None]:
        """The words of one of their answers; calls go to `calls`."""
        coming = Coming(self._told, item_id, calls)
        async with aclosing(upstream.answer(asked)) as events:
            async for event in events:
                coming.take(event)
                if coming.is_enough or not upstream.has_more:
                    for words in coming.words(spoken=spoken):
                        yield words
        for words in coming.words(spoken=spoken, rest=True):
            yield words

    async def cut(self, item_id: str, audio_ms: int) -> None:
        upstream = self._upstream
        for theirs, heard_ms in self._told.cut(item_id, audio_ms):
            if upstream and upstream.is_open:
                if heard_ms:
                    await upstream.send(
                        "conversation.item.truncate", item_id=theirs, content_index=0, audio_end_ms=heard_ms
                    )
                else:  # they refuse an item without sound afterwards
                    await upstream.send("conversation.item.delete", item_id=theirs)

    async def close(self) -> None:
        if self._flow:
            await self._flow.close()
        await asyncio.gather(self._leave(), super().close())


def _judged(check: Check, transcript: str) -> Sources:
    """What of the words a source says; they were spoken already."""
    said = sentences(transcript)
    passed = [one for one in said if check.passed(one)]
    whole = len(passed) == len(said)
    return Sources(tuple(check.citations), "supported" if whole else "partial", NOTICE if whole else UNCHECKED)


def _lets_everything_out(local: LocalEngine, principal: Principal) -> bool:
    """Whether nothing that may be said is kept here: then nobody has to read it first."""
    if local.gate is None:
        return False
    row = local.gate.policy.of(principal.tenant_id).table["cloud_llm"]
    return set(row.values()) == {"allow"} and EVERY in row


def _tool(function: Function) -> Event:
    return {
        "type": "function",
        "name": function.name,
        "description": function.description,
        "parameters": dict(function.parameters),
    }


def _choice(choice: str) -> Any:
    return choice if choice in {"auto", "none", "required"} else {"type": "function", "name": choice}
