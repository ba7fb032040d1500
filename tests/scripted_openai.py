"""A scripted server of the OpenAI chat API on 127.0.0.1: streams what a test tells it, well or badly."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any, Self

# A script gets the passages of the request ({number: text}) and the request, and gives what to send: pieces of content,
# `call(…)`s of tools, one of these, or something to wait for.
HANG, BREAK, ENDLESS = object(), object(), object()
Script = Callable[[dict[int, str], dict[str, Any]], list[Any]]


def sentences(*said: tuple[str, list[int]]) -> str:
    """Well-formed output."""
    return json.dumps({"sentences": [{"text": text, "citations": numbers} for text, numbers in said]})


def call(name: str, _id: str = "call_1", **arguments: Any) -> dict[str, Any]:
    return {"id": _id, "name": name, "arguments": json.dumps(arguments)}


class FakeOpenAi:
    def __init__(self, script: Script, *, status: int = 200, raw: bytes | None = None) -> None:
        self.script, self.status, self.raw = script, status, raw
        self.requests: list[dict[str, Any]] = []
        self.left = asyncio.Event()  # the client closed the connection before the end

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(re.search(r"(?i)content-length: (\d+)", head)[1])
            request = json.loads(await reader.readexactly(length))
            assert head.startswith("POST /v1/chat/completions ")
            self.requests.append(request)
            await self._answer(writer, request)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            self.left.set()
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, request: dict[str, Any]) -> None:
        if self.raw is not None or self.status != 200:
            body = self.raw if self.raw is not None else b'{"error": {"message": "no"}}'
            kind = b"text/event-stream" if self.status == 200 else b"application/json"
            location = b"location: http://127.0.0.1:1/v1\r\n" if self.status == 307 else b""
            writer.write(
                b"HTTP/1.1 %d X\r\ncontent-type: %s\r\n%scontent-length: %d\r\nconnection: close\r\n\r\n"
                % (self.status, kind, location, len(body))
            )
            writer.write(body)
            return await writer.drain()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        user = request["messages"][1]["content"] or ""
        passages = {
            int(number): text
            for number, text in re.findall(r"(?s)\[(\d+)\] [^\n]*:\n(.*?)(?=\n\n\[|\n\nQuestion: )", user)
        }
        for piece in self.script(passages, request):
            if piece is HANG:
                await asyncio.sleep(60)
            elif piece is BREAK:
                writer.transport.abort()
                return None
            elif piece is ENDLESS:
                while True:
                    await self._piece(writer, "and so on and so on ")
            elif isinstance(piece, dict):
                await self._called(writer, piece)
            elif callable(piece):
                await piece()
            else:
                for start in range(0, len(piece), 7):
                    await self._piece(writer, piece[start : start + 7])
        await self._piece(writer, "", "stop")
        writer.write(b"data: [DONE]\n\n")
        return await writer.drain()

    async def _called(self, writer: asyncio.StreamWriter, made: dict[str, Any]) -> None:
        """The name first, then the arguments in pieces."""
        function = {"name": made["name"], "arguments": ""}
        parts: list[dict[str, Any]] = [{"index": 0, "id": made["id"], "type": "function", "function": function}]
        pieces = (made["arguments"][start : start + 7] for start in range(0, len(made["arguments"]), 7))
        parts += [{"index": 0, "function": {"arguments": piece}} for piece in pieces]
        for part in parts:
            await self._delta(writer, {"tool_calls": [part]}, None)

    async def _piece(self, writer: asyncio.StreamWriter, text: str, reason: str | None = None) -> None:
        await self._delta(writer, {"content": text}, reason)

    async def _delta(self, writer: asyncio.StreamWriter, delta: dict[str, Any], reason: str | None) -> None:
        chunk = {
            "id": "x",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        }
        writer.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        await writer.drain()
