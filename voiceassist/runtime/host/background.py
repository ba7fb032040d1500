"""What runs beside the requests in the always-on host: the outbox relay and the first warming of rooms."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from voiceassist.runtime import logging
from voiceassist.runtime.host.rooms import Runner
from voiceassist.runtime.wiring import Wiring

log = logging.get_logger(__name__)

AGAIN_SECONDS = 5.0


async def kept_running(step: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run for ever; an unexpected error is logged and the work begins again."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - a background loop must not end unnoticed
            log.error("background.failed", step=step, **logging.error_fields(error))
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            return


async def warm(wiring: Wiring, runner: Runner) -> None:
    """Ask the rooms that a voice session needs whether they are ready, which loads what they load late."""
    import httpx

    for room in wiring.rooms.values():
        if not room.warm_for_voice:
            continue
        transport = httpx.ASGITransport(partial(runner.serve, room))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{room.name}") as client:
            answer = await client.get("/health/ready")
        log.info("room.warmed", room=room.name, status=answer.status_code)
