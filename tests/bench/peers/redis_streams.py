"""A peer for the broker: the same durable job by a Redis stream with one consumer group for each subscriber.

    python redis_streams.py PORT SOCKET SUBSCRIBER...

POST anything: it is in the stream (server with appendfsync always) before the 202; every group posts it to its
subscriber and acknowledges it. No filters, retries, dead letters, encryption or order: what the broker does besides
comes on top of this.
"""

import asyncio
import sys

import redis.asyncio
import uvicorn

from voiceassist.runtime.posting import Client, Target

STREAM = "events"
PARALLEL = 32


class Peer:
    def __init__(self, socket: str, subscribers: list[str]) -> None:
        self.redis = redis.asyncio.Redis(unix_socket_path=socket, max_connections=512)
        self.client = Client()
        self.subscribers = subscribers
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        for number, url in enumerate(self.subscribers):
            await self.redis.xgroup_create(STREAM, f"g{number}", id="0", mkstream=True)
            self.tasks.append(asyncio.create_task(self.consume(f"g{number}", Target.of(url))))

    async def consume(self, group: str, target: Target) -> None:
        slots = asyncio.Semaphore(PARALLEL)

        async def deliver(key: bytes, fields: dict[bytes, bytes]) -> None:
            try:
                answer = await self.client.send(target, b"ce-id: x\r\n", fields[b"body"], limit=30)
                assert answer.status == 204
                await self.redis.xack(STREAM, group, key)
            finally:
                slots.release()

        while True:
            found = await self.redis.xreadgroup(group, "c", {STREAM: ">"}, count=PARALLEL, block=1000)
            for _, entries in found:
                for key, fields in entries:
                    await slots.acquire()
                    self.tasks.append(asyncio.create_task(deliver(key, fields)))
            self.tasks = [task for task in self.tasks if not task.done()]

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if not self.tasks:
            await self.start()
        if scope["method"] == "GET":
            groups = await self.redis.xinfo_groups(STREAM)
            left = sum((group["lag"] or 0) + group["pending"] for group in groups)
            await self._answer(send, 200, str(left).encode())
            return
        await self.redis.xadd(STREAM, {"body": body})
        await self._answer(send, 202, b"")

    async def _answer(self, send, status: int, body: bytes) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    port, socket_path, *targets = sys.argv[1:]
    uvicorn.run(
        Peer(socket_path, targets),
        port=int(port),
        log_level="critical",
        access_log=False,
        lifespan="off",
        loop="uvloop",
        http="httptools",
    )
