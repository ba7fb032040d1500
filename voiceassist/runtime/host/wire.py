"""HTTP/1.1 to the processes behind the host, streaming both ways over kept connections.

A general client took a third of the host's time. This one does what forwarding needs: no redirects, no cookies, no
proxies, no header of its own but `host`. Bodies pass in pieces; what comes faster than it is taken waits in the socket.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httptools

from voiceassist.core.errors import UnavailableError

Header = tuple[bytes, bytes]

CONNECT_SECONDS = 2.0
# Below the 5 seconds after which uvicorn closes an idle connection, so that we never send into a closing one.
KEEP_SECONDS = 3.0
KEPT_CONNECTIONS = 100  # per origin
WAITING_BYTES = 262_144
HEAD_BYTES = 65_536


class NotReachedError(UnavailableError):
    """Nobody took the connection, so nothing was sent: whoever else can answer may be asked."""


class BrokenError(Exception):
    """The connection ended, or what came was not HTTP, before the answer was whole."""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL taken apart once: `origin` is (TLS, host, port)."""

    origin: tuple[bool, str, int]
    host: bytes
    path: bytes

    @classmethod
    @lru_cache(maxsize=1024)
    def of(cls, url: str) -> "Address":
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        origin = (tls, parts.hostname or "", parts.port or (443 if tls else 80))
        return cls(origin, parts.netloc.rpartition("@")[2].encode("latin-1"), path.encode("latin-1"))


class Wire:
    """The kept connections. `verify` says whom to trust where the address is https."""

    def __init__(self, verify: ssl.SSLContext | None = None) -> None:
        self._verify = verify
        self._idle: dict[tuple[bool, str, int], list[Connection]] = {}

    async def connection(self, address: Address) -> "Connection":
        """A kept connection, or a new one; NotReachedError when nobody takes it."""
        now = asyncio.get_running_loop().time()
        idle = self._idle.get(address.origin, [])
        while idle:
            kept = idle.pop()
            if kept.usable and now - kept.kept_since < KEEP_SECONDS:
                return kept
            kept.close()
        return await self._connect(address.origin)

    async def _connect(self, origin: tuple[bool, str, int]) -> "Connection":
        tls, host, port = origin
        context = (self._verify or ssl.create_default_context()) if tls else None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, made = await asyncio.get_running_loop().create_connection(Connection, host, port, ssl=context)
        except (TimeoutError, OSError):
            raise NotReachedError("This is not available now.") from None
        return made

    def give_back(self, address: Address, connection: "Connection") -> None:
        """Keep it for the next request where its answer was taken whole; otherwise it is closed."""
        idle = self._idle.setdefault(address.origin, [])
        if connection.usable and len(idle) < KEPT_CONNECTIONS:
            connection.kept_since = asyncio.get_running_loop().time()
            idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()


class Connection(asyncio.Protocol):
    """One exchange at a time: `send`, perhaps more `send`, `answer`, all `pieces`."""

    def __init__(self) -> None:
        self.kept_since = 0.0
        self._transport: Any = None
        self._parser: Any = None
        self._may_write: asyncio.Future[None] | None = None
        self._news: asyncio.Future[None] | None = None
        self._headers: list[Header] = []
        self._pieces: deque[bytes] = deque()
        self._status = self._head_bytes = self._waiting = 0
        self._headers_only = self._headed = self._paused = self._lost = self._broken = False
        self._whole = self._keep = True  # nothing of an exchange is left to come, and another one may begin

    @property
    def usable(self) -> bool:
        return self._whole and self._keep and not self._lost and not self._transport.is_closing()

    def begin(self, head: bytes, *, headers_only: bool) -> None:
        """Send a request's head (with the body's first bytes); `headers_only`: the answer to HEAD has no body."""
        self._parser = httptools.HttpResponseParser(self)
        self._headers_only = headers_only
        self._headers = []
        self._head_bytes = 0
        self._headed = self._whole = self._keep = False
        self._transport.write(head)

    async def send(self, data: bytes) -> None:
        """More of the request's body, at the other side's pace."""
        if self._lost:
            raise BrokenError
        self._transport.write(data)
        if self._may_write is not None:
            await asyncio.shield(self._may_write)

    async def answer(self) -> tuple[int, list[Header]]:
        """Status and headers, their names in lower case."""
        while self._broken or not self._headed:
            await self._more()
        return self._status, self._headers

    async def pieces(self) -> AsyncIterator[bytes]:
        while True:
            while self._pieces and not self._broken:
                piece = self._pieces.popleft()
                self._waiting -= len(piece)
                yield piece
            if self._whole and not self._broken:
                return
            if self._paused and not self._lost:
                self._paused = False
                self._transport.resume_reading()
            await self._more()

    def close(self) -> None:
        """End it at once; whoever waits for an answer that is not whole gets BrokenError."""
        self._broken = self._broken or not self._whole
        self._lost = True
        if self._transport is not None:
            self._transport.abort()
        self._tell()

    async def _more(self) -> None:
        """Wait until something has happened."""
        if self._lost or self._broken:
            raise BrokenError
        self._news = asyncio.get_running_loop().create_future()
        try:
            await self._news
        finally:
            self._news = None

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
        if self._lost and self._may_write is not None and not self._may_write.done():
            self._may_write.set_exception(BrokenError())
            self._may_write.exception()  # perhaps nobody waits

    # --- asyncio ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._whole:
            self._keep = False  # an answer that nobody asked for
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.close()
            return
        if self._waiting > WAITING_BYTES and not self._paused and not self._lost:
            self._paused = True
            self._transport.pause_reading()
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        framed = {b"content-length", b"transfer-encoding"} & {name for name, _ in self._headers}
        if exc is None and self._headed and not self._broken and not framed:
            self._whole = True  # a body that ends where the connection ends
        self._lost = True
        self._tell()

    def pause_writing(self) -> None:
        self._may_write = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._may_write is not None and not self._may_write.done():
            self._may_write.set_result(None)
        self._may_write = None

    # --- httptools ---

    def on_message_begin(self) -> None:
        if self._whole:
            self._keep = False  # a second answer to one request: nothing more of this connection is believed

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_BYTES:
            self.close()
        elif not self._headed:  # trailers end here
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if not self._whole and self._parser.get_status_code() >= 200:
            self._status = self._parser.get_status_code()
            self._headed = True
            self._whole = self._headers_only

    def on_body(self, body: bytes) -> None:
        if not self._whole:
            self._pieces.append(body)
            self._waiting += len(body)

    def on_message_complete(self) -> None:
        if not self._headed:
            self._headers = []  # an interim answer (1xx): the real one follows
        elif not self._whole:
            self._whole = True
            self._keep = self._parser.should_keep_alive()
