"""The subscriber of the broker's benchmarks: answers 204 to every POST, with as little work as Python allows."""

import asyncio
import sys

import uvloop

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Subscriber(asyncio.Protocol):
    """HTTP/1.1 with Content-Length only, one request at a time: what the broker and its peer send."""

    def __init__(self) -> None:
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            place = head.index(b"content-length:") + 15
            line_end = head.find(b"\r\n", place)
            whole = end + 4 + int(head[place : line_end if line_end > 0 else end])
            if len(self.buffer) < whole:
                return
            self.buffer = self.buffer[whole:]
            self.transport.write(ANSWER)  # type: ignore[attr-defined]


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Subscriber, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


uvloop.run(main())
