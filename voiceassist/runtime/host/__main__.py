"""`python -m voiceassist.runtime.host [--isolated | --remote]`: gateway and rooms of one installation."""

import argparse
import asyncio
import os
import sys
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

from voiceassist.core.errors import SettingsError
from voiceassist.runtime import http, logging, metrics, outbox, providers, tracing, wiring
from voiceassist.runtime.access import notes
from voiceassist.runtime.credentials import ClientSecrets, Tickets
from voiceassist.runtime.host import catalog, event_log, health, pages, servers
from voiceassist.runtime.host.activator import Activator
from voiceassist.runtime.host.admission import CALLBACK, Admission
from voiceassist.runtime.host.api import Api
from voiceassist.runtime.host.background import kept_running, warm
from voiceassist.runtime.host.callers import Callers
from voiceassist.runtime.host.gateway import Gateway
from voiceassist.runtime.host.limits import Limiter
from voiceassist.runtime.host.openapi import OpenApi
from voiceassist.runtime.host.pingsources import readable
from voiceassist.runtime.host.realtime import RealtimeProxy
from voiceassist.runtime.host.rooms import InProcess, Remote, RoomsDoor, Runner
from voiceassist.runtime.host.schedule import Scheduler
from voiceassist.runtime.host.wire import Wire
from voiceassist.runtime.settings import Host, Settings, load_settings
from voiceassist.runtime.wiring import Room, Wiring

if TYPE_CHECKING:
    import ssl

log = logging.get_logger(__name__)

LOGOUT = "/api/v1/auth/backchannel-logout"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m voiceassist.runtime.host", description=__doc__)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--isolated", action="store_true", help="a process per room, started by its first request")
    mode.add_argument("--remote", action="store_true", help="rooms run elsewhere, at VOICEASSIST_ROOM_URL")
    options = parser.parse_args()
    try:
        settings = load_settings()
        logging.configure("host", settings.telemetry.log_level)
        tracing.start_exporter(settings.telemetry.otlp_endpoint, "host")
        chosen = "remote" if options.remote else "isolated" if options.isolated or settings.host.isolated else "one"
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(run(settings, chosen))
    except SettingsError as error:
        print(error.detail, file=sys.stderr)  # noqa: T201 - the one sentence for whoever started us
        return 2
    return 0


def loop_factory() -> asyncio.AbstractEventLoop:
    import uvloop

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


async def run(settings: Settings, mode: str) -> None:
    """Serve until SIGTERM; whatever was started is stopped again, in reverse order."""
    rooms = wiring.load(Path(settings.broker.wiring_dir) if settings.broker.wiring_dir else None)
    # In a container the port must be reachable from outside of it; on a machine of its own it must not.
    address = "127.0.0.1" if settings.data_dir else "0.0.0.0"  # noqa: S104
    public = servers.listen(address, settings.host.port)
    internal = servers.listen(address, settings.host.rooms_port)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(http.client().aclose)
        wire = Wire(trust(settings))
        stack.callback(wire.close)
        runner = make_runner(mode, settings, rooms, wire)
        stack.push_async_callback(runner.stop)
        await runner.start()
        gateway = make_gateway(settings, rooms, runner, wire)
        relay = asyncio.create_task(kept_running("outbox", partial(outbox.relay, providers.database())))
        warming = asyncio.create_task(warm(rooms, runner) if mode == "one" else asyncio.sleep(0))
        scheduler = Scheduler(readable(rooms.ping_sources, settings.broker_url) if settings.host.schedules else ())
        scheduling = asyncio.create_task(kept_running("schedules", scheduler.run))
        stack.push_async_callback(cancelled, relay, warming, scheduling)
        tls = servers.Tls(settings.host.tls_cert, settings.host.tls_key) if settings.host.tls_cert else None
        log.info("host.started", mode=mode, port=settings.host.port, count=len(rooms.rooms))
        await servers.serve_all(
            [(servers.server(gateway, tls=tls), public), (servers.server(RoomsDoor(rooms, runner)), internal)]
        )


async def cancelled(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def trust(settings: Settings) -> "ssl.SSLContext | None":
    """Certificates of the local CA for the services behind us that speak TLS; None: the system's."""
    import ssl

    return ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else None


def make_runner(mode: str, settings: Settings, rooms: Wiring, wire: Wire) -> Runner:
    if mode == "isolated":
        host = settings.host
        cores = os.cpu_count() or 1
        most = host.most_instances or cores
        return Activator(rooms, wire=wire, idle_after=partial(idle_after, host), most_instances=most)
    if mode == "remote":
        return Remote(rooms, url=settings.room, wire=wire)
    return InProcess(rooms)


def idle_after(host: Host, room: Room) -> float:
    """The seconds without need after which an instance is given up: window and delay, by the settings or the YAML."""
    window = host.idle_seconds if room.window_seconds is None else room.window_seconds
    delay = host.scale_down_delay_seconds
    return window + (room.scale_down_delay_seconds if delay is None else delay)


def make_gateway(settings: Settings, rooms: Wiring, runner: Runner, wire: Wire) -> Gateway:
    redis = providers.redis()
    limiter = Limiter(redis, settings.limits)
    callers = Callers(settings=settings, redis=redis, wiring=rooms, runner=runner, limiter=limiter)
    admission = Admission(settings=settings, callers=callers, limiter=limiter, wiring=rooms)
    return Gateway(
        settings=settings,
        wiring=rooms,
        api=Api(settings=settings, admission=admission, runner=runner, wire=wire, decided=notes.Notes(redis)),
        admission=admission,
        realtime=RealtimeProxy(
            settings=settings,
            callers=callers,
            limiter=limiter,
            admission=admission,
            secrets=ClientSecrets(redis),
            tickets=Tickets(redis),
        ),
        pages=pages.Pages(pages.build_folder(settings.host.static_dir), settings.base_url),
        readiness=health.Readiness(health.checks(settings, rooms, http.client()), runner),
        openapi=OpenApi(rooms, runner, own_routes(settings)),
        catalog=catalog.Catalog(admission, settings.base_url),
        issuer=make_issuer(settings),
    )


def own_routes(settings: Settings) -> dict[str, dict[str, Any]]:
    """What no room describes, by tag; a cluster's broker has no log to operate."""
    described = {"catalogue": catalog.openapi()}
    return described | {"events": event_log.description()} if settings.broker.operations_url else described


def make_issuer(settings: Settings) -> ASGIApp | None:
    """The embedded provider where the settings ask for it; it never exists in production (refuse_unsafe)."""
    if not settings.oidc.embedded:
        return None
    from voiceassist.adapters.issuer.app import Issuer
    from voiceassist.adapters.issuer.protocol import Client
    from voiceassist.adapters.issuer.seed import seed

    seed(Path(settings.data_dir))
    oidc = settings.oidc
    return Issuer(
        issuer=oidc.issuer,
        data_dir=Path(settings.data_dir),
        client=Client(oidc.client_id, oidc.client_secret, settings.base_url + CALLBACK),
        report=lambda reason: metrics.AUTH_FAILURES.labels(f"issuer_{reason}").inc(),
        tell=partial(told, settings.base_url + LOGOUT),
    ).app()


async def told(address: str, logout_token: str) -> bool:
    """The embedded provider tells its client that somebody signed out, as any other provider would."""
    import httpx

    try:
        answer = await http.client().post(address, data={"logout_token": logout_token})
    except httpx.HTTPError:
        return False
    return answer.status_code == 200


if __name__ == "__main__":
    sys.exit(main())
