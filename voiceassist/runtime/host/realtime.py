"""The voice socket: authenticate, then carry messages both ways between caller and realtime service.

Back-pressure is passed on, not stored: each direction reads its next message only after the last one
was taken by the other side. Browsers cannot set headers on a WebSocket, so they bring their secret as
a subprotocol; only `realtime` is ever answered, so the secret is not echoed.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from voiceassist.core.errors import ForbiddenError, UnauthenticatedError, UnavailableError, VoiceAssistError
from voiceassist.core.identity import Principal
from voiceassist.runtime import logging, problem, tokens, tracing
from voiceassist.runtime.credentials import ClientSecrets, Tickets
from voiceassist.runtime.host import headers
from voiceassist.runtime.host.admission import Admission
from voiceassist.runtime.host.callers import Callers, Shown, address, refused, shown_in
from voiceassist.runtime.host.limits import Limiter
from voiceassist.runtime.scopes import SCOPES
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.workloads import GATEWAY, REALTIME

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.http11 import Response as HttpResponse

log = logging.get_logger(__name__)

SUBPROTOCOL = "realtime"
SECRET_SUBPROTOCOL = "openai-insecure-api-key."  # noqa: S105 - the protocol's own prefix
TICKET_SUBPROTOCOL = "voiceassist-ticket."
MESSAGE_BYTES = 16 * 1_048_576
# RFC 6455, section 7.4.1: these stand for the absence of a code and may not be sent.
UNSENDABLE = frozenset({1004, 1005, 1006, 1015})
# What of the realtime service's refusal goes on to the caller besides status and body.
CARRIED = ("content-type", "retry-after", "cache-control")
GOING_AWAY, TRY_AGAIN = 1001, 1013


class RealtimeProxy:
    def __init__(
        self,
        *,
        settings: Settings,
        callers: Callers,
        limiter: Limiter,
        admission: Admission,
        secrets: ClientSecrets,
        tickets: Tickets,
    ) -> None:
        self._settings = settings
        self._callers = callers
        self._limiter = limiter
        self._admission = admission
        self._secrets = secrets
        self._tickets = tickets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        try:
            principal, secret = await self._identify(scope)
            upstream = await self._open(scope, principal, secret)
        except VoiceAssistError as error:
            await _denied(problem.response(error), scope, receive, send)
            return
        except _DeclinedError as declined:
            await _denied(declined.answer, scope, receive, send)
            return
        offered = scope.get("subprotocols", ())
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if SUBPROTOCOL in offered else None})
        try:
            await carry(upstream, receive, send)
        finally:
            await upstream.close(GOING_AWAY)

    async def _identify(self, scope: Scope) -> tuple[Principal, str]:
        """The principal and the `ek_…` that brought it, if one did."""
        shown = shown_in(scope)
        subprotocols = scope.get("subprotocols", ())
        offered = offered_as(SECRET_SUBPROTOCOL, subprotocols)
        if headers.value(scope["headers"], b"origin"):
            self._admission.check_origin({**scope, "method": "POST"})
        if ticket := offered_as(TICKET_SUBPROTOCOL, subprotocols):
            return await self._by_ticket(ticket, scope), ""
        if shown is None and offered:
            shown = Shown("bearer", offered, "", "GET", scope["path"], address(scope))
        if shown is None:
            await self._limiter.admit([self._limiter.address(address(scope))], fail_open=False)
            raise UnauthenticatedError("Please sign in.")
        if shown.credential.startswith("ek_"):
            return await self._by_secret(shown.credential, scope), shown.credential
        caller = await self._callers.by_credential(shown, "realtime")
        if SCOPES["realtime"] not in caller.principal.scopes:
            raise ForbiddenError("This key does not have the scope for that.")
        await self._limiter.admit(self._limiter.user(caller.principal.subject, scope["path"]), fail_open=False)
        return caller.principal, ""

    async def _by_ticket(self, value: str, scope: Scope) -> Principal:
        origin = headers.value(scope["headers"], b"origin")
        ticket = await self._tickets.take(value, origin=origin, purpose="voice")
        if ticket is None:
            await self._limiter.admit([self._limiter.address(address(scope))], fail_open=False)
            raise refused("ticket")
        await self._limiter.admit(self._limiter.user(ticket.user_id, scope["path"]), fail_open=False)
        return ticket.principal()

    async def _by_secret(self, secret: str, scope: Scope) -> Principal:
        record = await self._secrets.read(secret[:256])
        if record is None:
            await self._limiter.admit([self._limiter.address(address(scope))], fail_open=False)
            raise refused("client_secret")
        await self._limiter.admit(self._limiter.user(record.user_id, scope["path"]), fail_open=False)
        return record.principal()

    async def _open(self, scope: Scope, principal: Principal, secret: str) -> "ClientConnection":
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidStatus, WebSocketException

        if not self._settings.realtime.url:
            raise UnavailableError("The voice service is not configured.", code="REALTIME_UNAVAILABLE")
        token = tokens.mint(principal, issuer=GATEWAY, audience=REALTIME, workload=self._settings.workload)
        told = {"Authorization": f"Bearer {token}", "traceparent": tracing.current_traceparent() or ""}
        if secret:
            told["X-Client-Secret"] = secret
        base = self._settings.realtime.url.replace("http", "ws", 1)
        query = scope.get("query_string", b"").decode("latin-1")
        try:
            return await connect(
                f"{base}/v1/realtime" + (f"?{query}" if query else ""),
                additional_headers=told,
                max_size=MESSAGE_BYTES,
                max_queue=4,
                compression=None,  # loopback: it would only cost time
                open_timeout=10,
                ping_interval=None,
                proxy=None,
            )
        except InvalidStatus as error:
            raise _DeclinedError(error.response) from None
        except (OSError, WebSocketException, TimeoutError) as error:
            log.warning("realtime.unreachable", **logging.error_fields(error))
            raise UnavailableError("The voice service is not available.", code="REALTIME_UNAVAILABLE") from None


async def carry(upstream: "ClientConnection", receive: Receive, send: Send) -> None:
    """Until either side ends; the other side is told with the same close code."""
    inward = asyncio.ensure_future(_inward(upstream, receive))
    outward = asyncio.ensure_future(_outward(upstream, send))
    try:
        await asyncio.wait({inward, outward}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (inward, outward):
            task.cancel()
        await asyncio.gather(inward, outward, return_exceptions=True)
    if outward.done() and not outward.cancelled():
        with suppress(Exception):  # the caller may have left in the same moment
            code = outward.result() if outward.exception() is None else GOING_AWAY
            await send({"type": "websocket.close", "code": code})


async def _inward(upstream: "ClientConnection", receive: Receive) -> None:
    from websockets.exceptions import ConnectionClosed

    with suppress(ConnectionClosed):
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                await upstream.close(sendable(message.get("code")))
                return
            await upstream.send(message["text"] if message.get("text") is not None else message["bytes"])


async def _outward(upstream: "ClientConnection", send: Send) -> int:
    from websockets.exceptions import ConnectionClosed

    while True:
        try:
            message = await upstream.recv()
        except ConnectionClosed as closed:
            return sendable(closed.rcvd.code if closed.rcvd else TRY_AGAIN)
        content: dict[str, Any] = {"text": message} if isinstance(message, str) else {"bytes": message}
        await send({"type": "websocket.send", **content})


def sendable(code: int | None) -> int:
    return GOING_AWAY if code is None or code in UNSENDABLE else code


def offered_as(prefix: str, subprotocols: Iterable[str]) -> str:
    """What a browser, which can set no header, brings behind this prefix of a subprotocol."""
    offered = (name for name in subprotocols if name.startswith(prefix))
    return next(offered, "").removeprefix(prefix)


class _DeclinedError(Exception):
    """The realtime service refused the session and said why; `answer` says the same to the caller."""

    def __init__(self, response: "HttpResponse") -> None:
        super().__init__()
        kept = {name: response.headers[name] for name in CARRIED if name in response.headers}
        self.answer = Response(bytes(response.body or b""), response.status_code, kept)


async def _denied(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse the handshake with the problem document (ASGI extension), so that clients can tell why."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    await answer(scope, receive, send)
