"""What runs beside the requests in the always-on host: the outbox relay and the first warming of rooms."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from voiceassist.runtime import logging
from voiceassist.runtime.host.rooms import Runner
from voiceassist.runtime.wiring import Room, Wiring

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
    for room in wiring.rooms.values():
        if room.warm_for_voice:
            try:
                status = await _ready_status(runner, room)
            except Exception as error:  # noqa: BLE001 - a cold room is slow, not wrong
                log.warning("room.not_warmed", room=room.name, **logging.error_fields(error))
            else:
                log.info("room.warmed", room=room.name, status=status)


async def _ready_status(runner: Runner, room: Room) -> int:
    import httpx

    transport = httpx.ASGITransport(partial(runner.serve, room))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{room.name}") as client:
        return (await client.get("/health/ready")).status_code
