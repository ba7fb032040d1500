"""Where a model has tools called: allowed, counted, on record, within a time, and wholly or not at all."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from realtime.dialogue.rooms import Rooms
from realtime.engine import Function, FunctionCall
from realtime.tools.catalogue import Case, Result, Tool
from voiceassist.core.errors import (
    ForbiddenError,
    NeedsInputError,
    RateLimitedError,
    UnavailableError,
    ValidationError,
    VoiceAssistError,
)
from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import Act, Auditor, named
from voiceassist.runtime import logging, metrics

log = logging.get_logger(__name__)

SECONDS = 30.0  # SPEC P4.21
MINUTE = 60.0
# What a model is told; it never reads why in words of another part.
REFUSALS: Mapping[type[VoiceAssistError], str] = {
    RateLimitedError: "This was called too often; it may be called again in a minute.",
    ForbiddenError: "The speaker may not have this done.",
    ValidationError: "The arguments are not as the schema has them.",
    NeedsInputError: "More has to be known first.",
}
FAILED = "This does not answer now."


class Limits:
    """How often each person had each tool called in the last minute, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def count(self, subject: str, tool: Tool) -> None:
        """Raises RateLimitedError."""
        calls, now = self._calls[subject, tool.function.name], self._clock()
        while calls and now - calls[0] >= MINUTE:
            calls.popleft()
        if len(calls) >= tool.per_minute:
            raise RateLimitedError("This tool was called too often.", retry_after=int(MINUTE - (now - calls[0])) + 1)
        calls.append(now)


class Desk:
    """Of one speaker."""

    def __init__(
        self,
        tools: Iterable[Tool],
        rooms: Rooms,
        speaker: Principal,
        *,
        auditor: Auditor,
        limits: Limits,
        seconds: float = SECONDS,
    ) -> None:
        self._tools = {tool.function.name: tool for tool in tools}
        self._rooms, self._speaker = rooms, speaker
        self._auditor, self._limits, self._seconds = auditor, limits, seconds
        self._running: set[asyncio.Task[Result]] = set()

    @property
    def functions(self) -> tuple[Function, ...]:
        return tuple(tool.function for tool in self._tools.values())

    def has(self, name: str) -> bool:
        return name in self._tools

    async def call(self, call: FunctionCall, case: Case) -> Result:
        """What came of it, a refusal, too. Once begun it goes on to its end, whoever interrupts."""
        if not self.has(call.name):
            return Result({"error": "There is no such tool."})
        task = asyncio.create_task(self._called(self._tools[call.name], call.arguments, case))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _called(self, tool: Tool, arguments: str, case: Case) -> Result:
        name = tool.function.name
        try:
            self._limits.count(self._speaker.subject, tool)
            given = _arguments(arguments)
            # What cannot be put on record is not begun.
            await self._auditor.record(Act(self._speaker, "tool.called", objects=named("tool", [name])))
            async with asyncio.timeout(self._seconds):
                result = await tool.run(self._rooms, given, case)
        except VoiceAssistError as error:
            log.warning("tool.refused", action=name, code=error.code)
            return _refused(name, "failed" if isinstance(error, UnavailableError) else "refused", type(error))
        except TimeoutError:
            log.warning("tool.too_slow", action=name)
            return _refused(name, "too_slow", UnavailableError)
        except Exception as error:  # noqa: BLE001 - one tool that fails must not end the answer
            log.error("tool.failed", action=name, **logging.error_fields(error))
            return _refused(name, "failed", UnavailableError)
        metrics.VOICE_TOOLS.labels(name, "done").inc()
        return result


def _arguments(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        raise ValidationError("The arguments are no JSON object.") from None


def _refused(name: str, outcome: str, kind: type[VoiceAssistError]) -> Result:
    metrics.VOICE_TOOLS.labels(name, outcome).inc()
    return Result({"error": next((told for one, told in REFUSALS.items() if issubclass(kind, one)), FAILED)})
