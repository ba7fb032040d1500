"""The API behind the front door: rooms by route, events to the broker, client secrets to realtime."""

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from voiceassist.core.errors import (
    MethodNotAllowedError,
    NotFoundError,
    PayloadTooLargeError,
    UnauthenticatedError,
    UnavailableError,
)
from voiceassist.core.identity import Principal, service
from voiceassist.runtime import access
from voiceassist.runtime.access import notes
from voiceassist.runtime.host import headers, publishing
from voiceassist.runtime.host.admission import Admission
from voiceassist.runtime.host.answer import Bounded
from voiceassist.runtime.host.callers import INTROSPECT, Caller, address
from voiceassist.runtime.host.forward import Body, forward
from voiceassist.runtime.host.rooms import Runner, target
from voiceassist.runtime.host.wire import Wire
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.wiring import Room
from voiceassist.runtime.workloads import BROKER, REALTIME

SERVICE_SECONDS = 15.0


class Api:
    def __init__(
        self,
        *,
        settings: Settings,
        admission: Admission,
        runner: Runner,
        wire: Wire,
        decided: notes.Notes | None = None,
    ) -> None:
        self._settings = settings
        self._admission = admission
        self._runner = runner
        self._wire = wire
        self._notes = decided

    async def room(self, room: Room, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward to a room with the caller's identity. The auth room reads the cookies itself."""
        if scope["path"] == INTROSPECT:
            raise NotFoundError  # for parts of the installation only
        caller = await self._admission.admit(scope, room.name)
        bounded = Bounded(receive, send, self._admission.body_limit(scope, room.name))
        inside = self._inside(scope, self._principal(room, caller), room.name, cookies=room.name == "auth")
        answer = self._noted(caller, scope, bounded.send) if self._notes and caller else bounded.send
        await self._runner.serve(room, inside, bounded.receive, answer)
        if bounded.exceeded:
            raise PayloadTooLargeError

    def _noted(self, caller: Caller, scope: Scope, send: Send) -> Send:
        """Remember, by the room's answer, what the caller asked for; after the answer, so that nobody waits."""
        action = ""

        async def watched(message: Message) -> None:
            nonlocal action
            if message["type"] == "http.response.start":
                action = headers.value(message["headers"], notes.HEADER)
            await send(message)
            if action and self._notes and not message.get("more_body", message["type"] == "http.response.start"):
                purpose = headers.value(scope["headers"], access.PURPOSE.encode())
                await self._notes.note(caller.principal, action, purpose)

        return watched

    async def events(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand an integrator's event to the broker's ingress."""
        if scope["method"] != "POST":
            raise MethodNotAllowedError
        caller = await self._admission.admit(scope, "events")
        if caller is None or caller.by != "key":
            raise UnauthenticatedError("Publishing needs an API key.")
        await access.permit(caller.principal, "event.publish")
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
        await access.permit(caller.principal, "event.replay" if scope["method"] == "POST" else "event.operate")
        await self._service(base, "event_log", caller, scope, receive, send, path=target(scope))

    async def client_secrets(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A short-lived secret for the realtime socket."""
        if scope["method"] != "POST":
            raise MethodNotAllowedError
        caller = await self._admission.admit(scope, "realtime")
        if caller is None:
            raise UnauthenticatedError("Please sign in.")
        await access.permit(caller.principal, "voice.talk")
        url = self._settings.realtime.url
        await self._service(url, "realtime", caller, scope, receive, send, path=scope["path"])

    async def _service(
        self, url: str, purpose: str, caller: Caller, scope: Scope, receive: Receive, send: Send, *, path: str = ""
    ) -> None:
        if not url:
            raise UnavailableError("This service is not configured.", code="SERVICE_UNAVAILABLE")
        bounded = Bounded(receive, send, self._admission.body_limit(scope, purpose))
        asked = REALTIME if purpose == "realtime" else BROKER
        inside = self._inside(scope, caller.principal, asked, events=purpose == "events")
        body = Body(inside, bounded.receive)
        await forward(self._wire, url, inside, body, bounded.send, seconds=SERVICE_SECONDS, path=path, part="SERVICE")
        if bounded.exceeded:
            raise PayloadTooLargeError

    def _principal(self, room: Room, caller: Caller | None) -> Principal:
        """Whom a room hears. Only auth is asked by the gateway itself, for somebody who is not signed in yet."""
        if caller is not None:
            return caller.principal
        if room.name == "auth":
            return service("gateway")
        raise UnauthenticatedError("Please sign in.")

    def _inside(
        self, scope: Scope, principal: Principal, part: str, *, cookies: bool = False, events: bool = False
    ) -> Scope:
        carried = headers.inward(
            scope["headers"],
            principal=principal,
            audience=part,
            settings=self._settings,
            address=address(scope),
            keep_cookies=cookies,
            keep_event=events,
        )
        return {**scope, "headers": carried}
