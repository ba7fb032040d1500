"""A small HTTP/1.1 client with kept connections: POST, no redirects, no proxies, bounded answers.

A general client costs about ten times more CPU per request, and events are what broker and outbox post all day.
Who answers may mean us harm: what is too long, never ends or comes unasked is no answer, and all answers together
may hold only so much memory, all connections only so many files.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httptools

# What a subscriber may answer: a reply event of 1 MiB and some headers; on the wire twice that, for its framing.
LARGEST_ANSWER = 1_114_112
LARGEST_HEAD = 65_536
# All answers in memory; beyond it each may still have its first part, so that a flood silences nobody else.
MOST_ANSWERED = 67_108_864
FIRST_PART = 16_384
IDLE_PER_ORIGIN = 64


class NoAnswerError(Exception):
    """Refused, reset, timed out, TLS failure, too much, or not HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


Origin = tuple[str, str, int]
"""Scheme, host, port."""


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, client: "Client", origin: Origin) -> None:
        self.origin = origin
        self.transport: asyncio.Transport | None = None
        self.reusable = True
        self._client = client
        self._answer: asyncio.Future[Answer] | None = None
        self._reset()

    def _reset(self) -> None:
        self._parser: Any = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._received = 0
        self._headers_done = False

    async def send(self, request: bytes) -> Answer:
        if not self.reusable:
            raise NoAnswerError  # closed again, or spoken to before we said anything
        assert self.transport  # noqa: S101 - set by connection_made before anybody holds the connection
        self._reset()
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer

    def give_up(self) -> None:
        """The time is over: whoever waits gets no answer, and a silent connection is not tried again."""
        self._received += 1
        self._fail()

    @property
    def silent(self) -> bool:
        """Nothing has come back: the request may be sent again on another connection."""
        return not self._received

    def close(self) -> None:
        self.reusable = False
        self._client.answered -= len(self._body)
        self._body = bytearray()
        if self.transport:
            self.transport.abort()

    @property
    def _over(self) -> bool:
        return self._answer is None or self._answer.done()

    # asyncio
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self._client.open += 1

    def data_received(self, data: bytes) -> None:
        if self._over:
            self.close()  # nobody asked: whatever it is, it must not answer the next request
            return
        so_far, self._received = self._received, self._received + len(data)
        if so_far > (2 * LARGEST_ANSWER if self._headers_done else LARGEST_HEAD):
            self._fail()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail()

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        if self.transport:
            self._client.forget(self)
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
    def on_message_begin(self) -> None:
        if self._over:
            self.close()  # a second answer, or the real one after an interim one (1xx): for nobody

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._over:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._headers_done = True

    def on_body(self, body: bytes) -> None:
        if self._over:
            return
        self._body += body
        self._client.answered += len(body)
        flooded = self._client.answered > MOST_ANSWERED and len(self._body) > FIRST_PART
        if flooded or len(self._body) > LARGEST_ANSWER:
            self._fail()

    def on_message_complete(self) -> None:
        if self._over:
            return
        if not self._parser.should_keep_alive() or self._parser.get_status_code() < 200:
            self.reusable = False
        assert self._answer  # noqa: S101 - or it were over
        self._answer.set_result(Answer(self._parser.get_status_code(), self._headers, bytes(self._body)))
        self._body = bytearray()  # it is the Answer's now, see Client.release


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post, taken apart once: `head` is the request line and the host."""

    origin: Origin
    head: bytes

    @classmethod
    def of(cls, url: str) -> "Target":
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = f"POST {path} HTTP/1.1\r\nhost: {parts.netloc.rpartition('@')[2]}\r\n"
        return cls((parts.scheme, parts.hostname or "", port), head.encode("latin-1"))


class Client:
    """`ca_file` is trusted beside the system's certificates when it is set; above `most_open` connections idle ones
    are closed before another is opened."""

    def __init__(self, ca_file: str = "", *, most_open: int = 1024) -> None:
        self.open = 0
        self.answered = 0  # bytes of answers in memory
        self._most_open = most_open
        self._ca_file = ca_file
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[Origin, list[_Connection]] = {}

    async def post(self, url: str, headers: dict[str, str], body: bytes, *, limit: float) -> Answer:
        """Send and wait at most `limit` seconds; NoAnswerError for whatever is not an answer."""
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        answer = await self.send(Target.of(url), lines.encode("latin-1"), body, limit=limit)
        self.release(answer)
        return answer

    async def send(self, target: Target, lines: bytes, body: bytes, *, limit: float) -> Answer:
        """As `post`, with the headers as lines that each end with CRLF; who keeps the answer says so to the end, by
        `release`."""
        request = b"".join((target.head, b"content-length: %d\r\n" % len(body), lines, b"\r\n", body))
        loop = asyncio.get_running_loop()
        until = loop.time() + limit
        while kept := self._kept(target.origin):
            try:
                return await self._exchange(kept, request, until)
            except NoAnswerError:
                if not kept.silent or loop.time() >= until:
                    raise
                # The other side had closed the idle connection just then: that is no answer about the event.
        try:
            async with asyncio.timeout_at(until):
                fresh = await self._connect(target.origin)
        except (TimeoutError, OSError, UnicodeError):  # UnicodeError: a name that no DNS can hold
            raise NoAnswerError from None
        return await self._exchange(fresh, request, until)

    def release(self, answer: Answer) -> None:
        """Nobody needs its body any more."""
        self.answered -= len(answer.body)

    def forget(self, connection: _Connection) -> None:
        """It is closed."""
        self.open -= 1
        idle = self._idle.get(connection.origin, [])
        if connection in idle:
            idle.remove(connection)
        if not idle:
            self._idle.pop(connection.origin, None)

    def _kept(self, origin: Origin) -> _Connection | None:
        idle = self._idle.get(origin, [])
        while idle:
            connection = idle.pop()
            if connection.reusable:
                return connection
        return None

    async def _exchange(self, connection: _Connection, request: bytes, until: float) -> Answer:
        # One timer that cuts the connection is a third of the price of asyncio.timeout().
        timer = asyncio.get_running_loop().call_at(until, connection.give_up)
        try:
            answer = await connection.send(request)
        except BaseException:
            connection.close()  # also when we gave up waiting: a late answer must not meet the next request
            raise
        finally:
            timer.cancel()
        idle = self._idle.setdefault(connection.origin, [])
        if connection.reusable and len(idle) < IDLE_PER_ORIGIN:
            idle.append(connection)
        else:
            connection.close()
        return answer

    async def _connect(self, origin: Origin) -> _Connection:
        scheme, host, port = origin
        if self.open >= self._most_open:
            self._close_idle()
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: _Connection(self, origin), host, port, ssl=self._context() if scheme == "https" else None
        )
        return connection

    def _close_idle(self) -> None:
        """The one that has waited longest, of the origin that was first used longest ago."""
        for idle in self._idle.values():
            if idle:
                idle.pop(0).close()
                return

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            if self._ca_file:
                self._tls.load_verify_locations(self._ca_file)
        return self._tls

    def close(self) -> None:
        for connection in [connection for idle in self._idle.values() for connection in idle]:
            connection.close()
        self._idle.clear()
