"""Pass a request on to another process over HTTP without holding either body in memory."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from voiceassist.core.errors import DependencyTimeoutError, UnavailableError
from voiceassist.runtime.host.headers import end_to_end

if TYPE_CHECKING:
    import httpx


CONNECT_SECONDS = 2.0


class NotReachedError(UnavailableError):
    """Nobody took the connection, so nothing was sent: whoever else can answer may be asked."""


def client(*, verify: object = True) -> "httpx.AsyncClient":
    """A pool for the processes behind the host; each call brings its own deadline.

    It never keeps a cookie: one person's session cookie would go along with the next person's request.
    """
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx

    return httpx.AsyncClient(
        verify=verify,  # type: ignore[arg-type]
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        # Below the 5 seconds after which uvicorn closes an idle connection, so that we never send into a closing one.
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=3.0),
        trust_env=False,
    )


async def forward(
    http: "httpx.AsyncClient",
    url: str,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    seconds: float,
    part: str = "ROOM",
) -> None:
    """Answer `scope` with what `url` answers within `seconds`; a client that leaves ends the call.

    Raises UnavailableError or DependencyTimeoutError, whose codes begin with `part`.
    """
    import httpx

    body = Body(receive)
    # Not `http.build_request`, which would add headers that the caller did not send.
    request = httpx.Request(
        scope["method"],
        url,
        headers=[(name, value) for name, value in end_to_end(scope["headers"]) if name != b"host"],
        content=body.chunks() if has_body(scope) else None,
        extensions={"timeout": {"connect": CONNECT_SECONDS, "read": None, "write": None, "pool": None}},
    )
    if not has_body(scope):
        body.ended.set()
    exchange = asyncio.ensure_future(_exchange(http, request, send))
    watch = asyncio.ensure_future(body.disconnected())
    try:
        async with asyncio.timeout(seconds):
            await asyncio.wait({exchange, watch}, return_when=asyncio.FIRST_COMPLETED)
        if exchange.done():
            exchange.result()
    except TimeoutError:
        raise DependencyTimeoutError("The answer did not come in time.", code=f"{part}_TIMEOUT") from None
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise NotReachedError("This is not available now.", code=f"{part}_UNAVAILABLE") from None
    except httpx.TransportError:
        raise UnavailableError("This is not available now.", code=f"{part}_UNAVAILABLE") from None
    finally:
        for task in (exchange, watch):
            task.cancel()
        await asyncio.gather(exchange, watch, return_exceptions=True)


class Body:
    """The request's body as it arrives, and afterwards the news that the client has left."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = asyncio.Event()
        self._left = asyncio.Event()

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._left.set()
                self.ended.set()
                raise _ClientLeftError
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                self.ended.set()
                return

    async def disconnected(self) -> None:
        await self.ended.wait()
        while not self._left.is_set():
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._left.set()


class _ClientLeftError(Exception):
    """Ends the upload to the room when the caller's upload broke off."""


async def _exchange(http: "httpx.AsyncClient", request: "httpx.Request", send: Send) -> None:
    try:
        answer = await http.send(request, stream=True)
    except _ClientLeftError:
        return
    try:
        headers = [(name.lower(), value) for name, value in end_to_end(answer.headers.raw)]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        async for chunk in answer.aiter_raw():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        await answer.aclose()


def has_body(scope: Scope) -> bool:
    """RFC 9112, section 6: a request has a body when it says how long it is or that it comes in chunks."""
    names = {name for name, _ in scope["headers"]}
    return b"content-length" in names or b"transfer-encoding" in names
