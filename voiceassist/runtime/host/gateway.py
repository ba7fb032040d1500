"""The front door: one address for the API, the voice socket, sign-in and the web page (SPEC P3.1)."""

import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from voiceassist.core.errors import NotFoundError, PayloadTooLargeError, VoiceAssistError
from voiceassist.runtime import logging, metrics, sessions, tracing
from voiceassist.runtime.host import headers
from voiceassist.runtime.host.admission import Admission
from voiceassist.runtime.host.answer import Answer, Bounded, CutOffError
from voiceassist.runtime.host.api import Api
from voiceassist.runtime.host.callers import address
from voiceassist.runtime.host.catalog import Catalog
from voiceassist.runtime.host.pages import LOOPBACK, Pages
from voiceassist.runtime.host.proxies import Proxies
from voiceassist.runtime.host.rooms import fresh
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.wiring import Wiring

log = logging.get_logger(__name__)

ISSUER_PATHS = frozenset(
    {"/.well-known/openid-configuration", "/jwks.json", "/style.css", "/authorize", "/login", "/token", "/userinfo"}
)

EVENT_LOG = "/api/v1/events"

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


class Gateway:
    """ASGI app of the public port. `issuer` is the embedded provider, None where another one is configured."""

    def __init__(
        self,
        *,
        settings: Settings,
        wiring: Wiring,
        api: Api,
        admission: Admission,
        realtime: ASGIApp,
        pages: Pages,
        readiness: Handler,
        openapi: Handler,
        catalog: Catalog,
        issuer: ASGIApp | None = None,
    ) -> None:
        self._wiring = wiring
        self._proxies = Proxies(settings.host.trusted_proxies)
        self._api = api
        self._admission = admission
        self._realtime = realtime
        self._pages = pages
        self._catalog = catalog
        self._issuer = issuer
        self._issuer_path = urlsplit(settings.oidc.issuer).path if issuer else ""
        self._secure = sessions.is_secure(settings)
        self._exact: dict[str, Handler] = {
            "/health": alive,
            "/ready": readiness,
            "/metrics": exposition,
            "/events": api.events,
            "/v1/realtime/client_secrets": api.client_secrets,
            "/api/v1/openapi.json": self._described(openapi),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            return
        scope = self._proxies.seen(scope)
        with (
            tracing.scope(tracing.start(headers.value(scope["headers"], b"traceparent"))),
            tracing.span("gateway.request"),
        ):
            if scope["type"] == "websocket":
                await self._socket(scope, receive, send)
            else:
                await self._request(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/v1/realtime":
            await self._realtime(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        answer = Answer(send, secure=self._secure)
        route, handler = self.route(scope["path"])
        try:
            await handler(scope, receive, answer)
        except VoiceAssistError as error:
            await answer.refuse(error, scope, receive)
        except CutOffError:
            raise
        except Exception as error:  # noqa: BLE001 - the door is where unexpected errors end
            log.error("gateway.failed", route=route, **logging.error_fields(error))
            await answer.refuse(VoiceAssistError(), scope, receive)
        finally:
            metrics.HTTP_REQUESTS.labels("gateway", route, str(answer.status)).inc()
            metrics.HTTP_DURATION.labels("gateway", route).observe(time.perf_counter() - started)

    def route(self, path: str) -> tuple[str, Handler]:
        """A name for the metrics (never the path itself, which may hold an id) and who answers."""
        if ambiguous(path):
            return "other", nowhere
        if path in self._exact:
            return path, self._exact[path]
        room = self._wiring.room_for(path)
        if room is not None:
            return room.name, lambda scope, receive, send: self._api.room(room, scope, receive, send)
        return self._otherwise(path)

    def _otherwise(self, path: str) -> tuple[str, Handler]:
        """What is neither an exact address nor a room's."""
        if self._catalog.owns(path):  # some of it lies under the address of the event log
            return "catalog", self._catalog
        if path == EVENT_LOG or path.startswith(EVENT_LOG + "/"):
            return "event_log", self._api.event_log
        if self._issuer and path.startswith(self._issuer_path) and path.removeprefix(self._issuer_path) in ISSUER_PATHS:
            return "issuer", self._sign_in
        if self._pages.owns(path):
            return "page", self._pages
        return "other", nowhere

    async def _sign_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The embedded issuer. Its form is limited like every step of a sign-in; the rest is for our own parts."""
        assert self._issuer is not None  # noqa: S101 - routed here only then
        inside = scope["path"].removeprefix(self._issuer_path)
        if inside == "/login":
            await self._admission.sign_in(scope, "password")
        elif inside == "/authorize":
            await self._admission.anonymous(scope)
        bounded = Bounded(receive, send, self._admission.body_limit(scope, "issuer"))
        mounted: Scope = {**fresh(scope), "path": inside, "raw_path": inside.encode()}
        await self._issuer(mounted, bounded.receive, bounded.send)
        if bounded.exceeded:
            raise PayloadTooLargeError

    def _described(self, openapi: Handler) -> Handler:
        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            await self._admission.admit(scope, "auth")
            await openapi(scope, receive, send)

        return limited


def ambiguous(path: str) -> bool:
    """Paths that somebody behind us could tidy up into another one than we admitted: empty or dot segments."""
    return "//" in path or "\\" in path or not {".", ".."}.isdisjoint(path.split("/"))


async def alive(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(b'{"status":"alive"}', media_type="application/json")(scope, receive, send)


async def exposition(scope: Scope, receive: Receive, send: Send) -> None:
    """For a collector on this machine; others scrape the internal port."""
    if address(scope) not in LOOPBACK:
        raise NotFoundError("There is nothing at this address.")
    body, media_type = metrics.exposition()
    await Response(body, media_type=media_type)(scope, receive, send)


async def nowhere(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise NotFoundError("There is nothing at this address.")
