"""Requests at fixed instants over kept TLS or plain connections, whether or not earlier ones were answered.

The time of a request counts from the instant it was due, so a server that stalls is charged for everybody who would
have come meanwhile. One asyncio process with the C parser costs some 5 % of a core at 200 requests a second.
"""

import asyncio
import gc
import ssl
import time
from dataclasses import dataclass, field

import httptools

CONNECTIONS = 32  # as a handful of clients keep them; a request that finds none free waits, and that counts


@dataclass
class Result:
    times: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    def figures(self) -> dict[str, object]:
        ordered = sorted(self.times)
        places = {name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000
                  for name, share in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99))}  # fmt: skip
        return {name: round(value, 2) for name, value in places.items()} | {
            "max_ms": round(ordered[-1] * 1000, 1),
            "requests": len(ordered),
            "not_200": sum(count for status, count in self.statuses.items() if status != 200),
        }


class Connection(asyncio.Protocol):
    """One request at a time; `closed` when the server ended it."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[int] | None = None
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self.answer and not self.answer.done():
            self.answer.set_result(0)

    def on_message_complete(self) -> None:
        self.closed = self.closed or not self.parser.should_keep_alive()
        if self.answer and not self.answer.done():
            self.answer.set_result(self.parser.get_status_code())

    async def send(self, request: bytes) -> int:
        self.parser = httptools.HttpResponseParser(self)
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer


def request(method: str, path: str, host: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def run(port: int, wire: bytes, *, rate: float, seconds: float, tls: ssl.SSLContext | None = None) -> Result:
    """`rate` requests a second for `seconds`; status 0 is a connection that broke."""
    loop = asyncio.get_running_loop()
    result = Result()
    idle: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()

    async def connected() -> Connection:
        name = "localhost" if tls else None
        _, made = await loop.create_connection(Connection, "127.0.0.1", port, ssl=tls, server_hostname=name)
        return made

    for made in await asyncio.gather(*(connected() for _ in range(CONNECTIONS))):
        idle.put_nowait(made)

    async def one(due: float) -> None:
        connection = await idle.get()
        status = await connection.send(wire)
        result.times.append(time.perf_counter() - due)
        result.statuses[status] = result.statuses.get(status, 0) + 1
        idle.put_nowait(await connected() if connection.closed else connection)

    gc.collect()
    gc.freeze()
    tasks: list[asyncio.Task[None]] = []
    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = began + number / rate
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    while not idle.empty():
        idle.get_nowait().transport.close()
    return result
