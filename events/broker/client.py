"""A small HTTP/1.1 client with kept connections: POST, no redirects, no proxies, bounded answers.

A general client costs about ten times more CPU per request, and deliveries are what a broker does all day.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httptools

# What a subscriber may answer: a reply event of 1 MiB and some headers.
LARGEST_ANSWER = 1_114_112
IDLE_PER_ORIGIN = 64


class NoAnswerError(Exception):
    """Refused, reset, timed out, TLS failure, or not HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.reusable = True
        self._answer: asyncio.Future[Answer] | None = None
        self._reset()

    def _reset(self) -> None:
        self._parser: Any = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._received = False
        self._headers_done = False

    async def send(self, head: bytes, body: bytes) -> Answer:
        assert self.transport  # noqa: S101 - set by connection_made before anybody holds the connection
        self._reset()
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(head + body)
        return await self._answer

    @property
    def silent(self) -> bool:
        """Nothing has come back: the request may be sent again on another connection."""
        return not self._received

    def close(self) -> None:
        self.reusable = False
        if self.transport:
            self.transport.abort()

    # asyncio
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._received = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail()

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        framed = {"content-length", "transfer-encoding"} & self._headers.keys()
        if exc is None and self._headers_done and not framed:
            self.on_message_complete()  # a body that ends where the connection ends
        else:
            self._fail()

    def _fail(self) -> None:
        self.close()
        if self._answer and not self._answer.done():
            self._answer.set_exception(NoAnswerError())

    # httptools
    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._headers_done = True

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > LARGEST_ANSWER:
            self._fail()

    def on_message_complete(self) -> None:
        # After an interim answer (1xx) the real one still comes, for nobody.
        if not self._parser.should_keep_alive() or self._parser.get_status_code() < 200:
            self.reusable = False
        if self._answer and not self._answer.done():
            self._answer.set_result(Answer(self._parser.get_status_code(), self._headers, bytes(self._body)))


class Client:
    """`ca_file` is trusted beside the system's certificates when it is set."""

    def __init__(self, ca_file: str = "") -> None:
        self._ca_file = ca_file
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[tuple[str, str, int], list[_Connection]] = {}

    async def post(self, url: str, headers: dict[str, str], body: bytes, *, limit: float) -> Answer:
        """Send and wait at most `limit` seconds; NoAnswerError for whatever is not an answer."""
        try:
            async with asyncio.timeout(limit):
                return await self._post(url, headers, body)
        except (TimeoutError, OSError):
            raise NoAnswerError from None

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        parts = urlsplit(url)
        host = parts.hostname or ""
        origin = (parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"host: {parts.netloc.rpartition('@')[2]}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        while kept := self._kept(origin):
            try:
                return await self._exchange(kept, origin, head, body)
            except NoAnswerError:
                if not kept.silent:
                    raise
                # The other side had closed the idle connection just then: that is no answer about the event.
        return await self._exchange(await self._connect(origin), origin, head, body)

    def _kept(self, origin: tuple[str, str, int]) -> _Connection | None:
        idle = self._idle.get(origin, [])
        while idle:
            connection = idle.pop()
            if connection.reusable:
                return connection
        return None

    async def _exchange(
        self, connection: _Connection, origin: tuple[str, str, int], head: bytes, body: bytes
    ) -> Answer:
        try:
            answer = await connection.send(head, body)
        except BaseException:
            connection.close()  # also when we gave up waiting: a late answer must not meet the next request
            raise
        idle = self._idle.setdefault(origin, [])
        if connection.reusable and len(idle) < IDLE_PER_ORIGIN:
            idle.append(connection)
        else:
            connection.close()
        return answer

    async def _connect(self, origin: tuple[str, str, int]) -> _Connection:
        scheme, host, port = origin
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            _Connection, host, port, ssl=self._context() if scheme == "https" else None
        )
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            if self._ca_file:
                self._tls.load_verify_locations(self._ca_file)
        return self._tls

    def close(self) -> None:
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()
