"""The API behind the front door: rooms by route, events to the broker, client secrets to realtime."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from voiceassist.core.errors import (
    MethodNotAllowedError,
    NotFoundError,
    PayloadTooLargeError,
    UnauthenticatedError,
    UnavailableError,
)
from voiceassist.core.identity import Principal, service
from voiceassist.runtime.host import headers, publishing
from voiceassist.runtime.host.admission import Admission
from voiceassist.runtime.host.answer import Bounded
from voiceassist.runtime.host.callers import INTROSPECT, Caller, address
from voiceassist.runtime.host.forward import Body, forward
from voiceassist.runtime.host.rooms import Runner, target
from voiceassist.runtime.host.wire import Wire
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.wiring import Room

SERVICE_SECONDS = 15.0


class Api:
    def __init__(self, *, settings: Settings, admission: Admission, runner: Runner, wire: Wire) -> None:
        self._settings = settings
        self._admission = admission
        self._runner = runner
        self._wire = wire

    async def room(self, room: Room, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward to a room with the caller's identity. The auth room reads the cookies itself."""
        if scope["path"] == INTROSPECT:
            raise NotFoundError  # for parts of the installation only
        caller = await self._admission.admit(scope, room.name)
        bounded = Bounded(receive, send, self._admission.body_limit(scope, room.name))
        inside = self._inside(scope, self._principal(room, caller), cookies=room.name == "auth")
        await self._runner.serve(room, inside, bounded.receive, bounded.send)
        if bounded.exceeded:
            raise PayloadTooLargeError

    async def events(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand an integrator's event to the broker's ingress."""
        if scope["method"] != "POST":
            raise MethodNotAllowedError
        caller = await self._admission.admit(scope, "events")
        if caller is None or caller.by != "key":
            raise UnauthenticatedError("Publishing needs an API key.")
        if self._settings.broker.api_url:
            body = await publishing.read(receive, self._admission.body_limit(scope, "events"))
            await publishing.publish(scope["headers"], body, caller.principal, self._settings)
            await Response(status_code=202)(scope, receive, send)
            return
        await self._service(self._settings.broker_url, "events", caller, scope, receive, send)

    async def event_log(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Operations on events, which the local broker answers; it lets in administrators only."""
        caller = await self._admission.admit(scope, "event_log")
        base = self._settings.broker.operations_url
        if not base:
            raise UnavailableError(
                "Events are not searched here: the cluster's broker keeps them.", code="NO_EVENT_LOG"
            )
        assert caller is not None  # noqa: S101 - nobody is let in here without credentials
        await self._service(base, "event_log", caller, scope, receive, send, path=target(scope))

    async def client_secrets(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A short-lived secret for the realtime socket."""
        if scope["method"] != "POST":
            raise MethodNotAllowedError
        caller = await self._admission.admit(scope, "realtime")
        if caller is None:
            raise UnauthenticatedError("Please sign in.")
        url = self._settings.realtime.url
        await self._service(url, "realtime", caller, scope, receive, send, path=scope["path"])

    async def _service(
        self, url: str, purpose: str, caller: Caller, scope: Scope, receive: Receive, send: Send, *, path: str = ""
    ) -> None:
        if not url:
            raise UnavailableError("This service is not configured.", code="SERVICE_UNAVAILABLE")
        bounded = Bounded(receive, send, self._admission.body_limit(scope, purpose))
        inside = self._inside(scope, caller.principal, events=purpose == "events")
        body = Body(inside, bounded.receive)
        await forward(self._wire, url, inside, body, bounded.send, seconds=SERVICE_SECONDS, path=path, part="SERVICE")
        if bounded.exceeded:
            raise PayloadTooLargeError

    def _principal(self, room: Room, caller: Caller | None) -> Principal:
        """Whom a room hears. Only auth is asked by the gateway itself, which elsewhere would open every row."""
        if room.name == "auth":
            return service("gateway")
        if caller is None:
            raise UnauthenticatedError("Please sign in.")
        return caller.principal

    def _inside(self, scope: Scope, principal: Principal, *, cookies: bool = False, events: bool = False) -> Scope:
        carried = headers.inward(
            scope["headers"],
            principal=principal,
            settings=self._settings,
            address=address(scope),
            keep_cookies=cookies,
            keep_event=events,
        )
        return {**scope, "headers": carried}
