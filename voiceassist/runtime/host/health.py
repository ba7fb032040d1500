"""Is the installation ready? Each dependency by name, so that a person sees what is down (SPEC P3.9)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from voiceassist.runtime import logging, providers
from voiceassist.runtime.host.rooms import Runner
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.wiring import Wiring

if TYPE_CHECKING:
    import httpx
    from starlette.types import Receive, Scope, Send

log = logging.get_logger(__name__)

CHECK_SECONDS = 2.0
REMEMBERED_SECONDS = 2.0  # a probe from outside must not become load on the engines

Check = Callable[[], Awaitable[object]]


class Readiness:
    """Asks every engine that some room needs, the broker and the realtime service, side by side."""

    def __init__(self, checks: dict[str, Check], runner: Runner) -> None:
        self._checks = checks
        self._runner = runner
        self._states: dict[str, str] = {}
        self._asked = -REMEMBERED_SECONDS
        self._asking = asyncio.Lock()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        ready, body = await self.report()
        answer = Response(msgspec.json.encode(body), 200 if ready else 503, media_type="application/json")
        await answer(scope, receive, send)

    async def report(self) -> tuple[bool, dict[str, Any]]:
        async with self._asking:
            if time.monotonic() - self._asked >= REMEMBERED_SECONDS:
                results = await asyncio.gather(*(self._state(name) for name in self._checks))
                self._states = dict(zip(self._checks, results, strict=True))
                self._asked = time.monotonic()
        rooms = self._runner.states()
        ready = "down" not in self._states.values() and "failed" not in rooms.values()
        return ready, {"status": "ready" if ready else "down", "dependencies": self._states, "rooms": rooms}

    async def _state(self, name: str) -> str:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._checks[name]()
        except Exception as error:  # noqa: BLE001 - any failure of a check means down
            log.warning("dependency.down", engine=name, **logging.error_fields(error))
            return "down"
        return "healthy"


def checks(settings: Settings, wiring: Wiring, http: "httpx.AsyncClient") -> dict[str, Check]:
    """A check for every dependency that the wiring names, plus broker and realtime where configured."""
    needed = {need for room in wiring.rooms.values() for need in room.needs}
    # Where rooms run elsewhere (Compose), this process is told of the engines it uses itself only.
    known: dict[str, tuple[str, Check]] = {
        "postgres": (settings.postgres.dsn, lambda: providers.database().ping()),
        "redis": (settings.redis.url, lambda: providers.redis().ping()),
        "qdrant": (
            settings.qdrant.url,
            lambda: _answers(http, f"{settings.qdrant.url}/readyz", {"api-key": settings.qdrant.api_key}),
        ),
        "s3": (settings.s3.endpoint, lambda: _answers(http, settings.s3.endpoint, {}, any_status=True)),
    }
    chosen = {name: check for name, (address, check) in known.items() if name in needed and address}
    if settings.broker_url:
        root = "/".join(settings.broker_url.split("/")[:3])
        chosen["broker"] = lambda: _answers(http, f"{root}/health", {})
    if settings.realtime.url:
        chosen["realtime"] = lambda: _answers(http, f"{settings.realtime.url}/health", {})
    return chosen


async def _answers(http: "httpx.AsyncClient", url: str, headers: dict[str, str], *, any_status: bool = False) -> None:
    answer = await http.get(url, headers=headers)
    if not any_status:
        answer.raise_for_status()
