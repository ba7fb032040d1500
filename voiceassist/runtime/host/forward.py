"""Pass a request on to another process over HTTP without holding either body in memory."""

import asyncio

from starlette.types import Receive, Scope, Send

from voiceassist.core.errors import DependencyTimeoutError, UnavailableError
from voiceassist.runtime.host.headers import end_to_end
from voiceassist.runtime.host.wire import Address, BrokenError, Connection, NotReachedError, Wire


async def forward(
    wire: Wire,
    url: str,
    scope: Scope,
    body: "Body",
    send: Send,
    *,
    seconds: float,
    path: str = "",
    part: str = "ROOM",
) -> None:
    """Answer `scope` with what `url` + `path` answers within `seconds`; a client that leaves ends the call.

    Raises UnavailableError or DependencyTimeoutError, whose codes begin with `part`; NotReachedError, of the first
    family, means that nothing was sent: another may be asked with the same body.
    """
    address = Address.of(url)
    try:
        async with asyncio.timeout(seconds):
            await body.begin()  # before the connection, which would grow old while a slow caller begins
            connection = await wire.connection(address)
            await _exchange(connection, head(address, path, scope, body), scope, body, send)
    except TimeoutError:
        raise DependencyTimeoutError("The answer did not come in time.", code=f"{part}_TIMEOUT") from None
    except NotReachedError:
        raise NotReachedError("This is not available now.", code=f"{part}_UNAVAILABLE") from None
    except BrokenError:
        if not body.left:
            raise UnavailableError("This is not available now.", code=f"{part}_UNAVAILABLE") from None
    else:
        wire.give_back(address, connection)


async def _exchange(connection: Connection, head: bytes, scope: Scope, body: "Body", send: Send) -> None:
    inbound: asyncio.Task[None] | None = None
    try:
        connection.begin(head + body.first, headers_only=scope["method"] == "HEAD")
        inbound = asyncio.create_task(_inbound(connection, body))
        status, headers = await connection.answer()
        await send({"type": "http.response.start", "status": status, "headers": end_to_end(headers)})
        async for piece in connection.pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        if not body.ended:
            connection.close()  # it answered before it had heard everything
    except BaseException:
        connection.close()
        raise
    finally:
        if inbound is not None:
            inbound.cancel()


async def _inbound(connection: Connection, body: "Body") -> None:
    """Send the rest of the body, then wait for the client to leave; either way of leaving ends the exchange."""
    try:
        while not body.ended:
            await connection.send(await body.next())
        await body.departure()
    except BrokenError:
        pass
    connection.close()


class Body:
    """The request's body as it arrives, framed as announced, and afterwards the news that the client has left."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        names = {name for name, _ in scope["headers"]}
        # RFC 9112, section 6: a request has a body when it says how long it is or that it comes in chunks.
        self.chunked = b"transfer-encoding" in names and b"content-length" not in names
        self.ended = not (self.chunked or b"content-length" in names)
        self.left = False
        self.first = b""
        self._begun = self.ended
        self._receive = receive

    async def begin(self) -> None:
        """Read what comes first, once."""
        if not self._begun:
            self.first = await self.next()
            self._begun = True

    async def next(self) -> bytes:
        """More bytes to send; BrokenError when the client has left."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.left = True
            raise BrokenError
        data: bytes = message.get("body", b"")
        self.ended = not message.get("more_body")
        if not self.chunked:
            return data
        return (b"%x\r\n%b\r\n" % (len(data), data) if data else b"") + (b"0\r\n\r\n" if self.ended else b"")

    async def departure(self) -> None:
        while not self.left:
            self.left = (await self._receive())["type"] == "http.disconnect"


def head(address: Address, path: str, scope: Scope, body: Body) -> bytes:
    """The request line and the caller's own headers, which the server in front has checked."""
    target = address.path + path.encode("latin-1")
    lines = [b"%b %b HTTP/1.1\r\nhost: %b\r\n" % (scope["method"].encode("ascii"), target or b"/", address.host)]
    lines += [b"%b: %b\r\n" % header for header in end_to_end(scope["headers"]) if header[0] != b"host"]
    if body.chunked:
        lines.append(b"transfer-encoding: chunked\r\n")
    return b"".join(lines) + b"\r\n"
