"""NDJSON in and out: a line is answered before the next is read, so memory holds one line however long the text is.

Whoever sends must read meanwhile, as with any stream in both directions: the answer to a line waits until the caller
takes it, and the next line is not read before.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from voiceassist.core.errors import PayloadTooLargeError, VoiceAssistError
from voiceassist.runtime import logging

log = logging.get_logger(__name__)

MEDIA_TYPE = "application/x-ndjson"
LONGEST_LINE = 1_048_576  # bytes

Line = bytes | PayloadTooLargeError


async def lines(chunks: AsyncIterator[bytes], longest: int = LONGEST_LINE) -> AsyncIterator[Line]:
    """The lines of a body without their ends, blank ones left out; one that is too long is an error in its place."""
    buffer = bytearray()
    skipping = False
    async for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            if skipping:
                skipping = False
                continue
            if len(buffer) + len(part) > longest:
                yield PayloadTooLargeError("The line is longer than allowed.")
            elif (line := bytes(buffer) + part).strip():
                yield line
            buffer.clear()
        if skipping:
            continue
        buffer += rest
        if len(buffer) > longest:
            buffer.clear()
            skipping = True
            yield PayloadTooLargeError("The line is longer than allowed.")
    if buffer.strip():
        yield bytes(buffer)


class Lines(Response):
    """The answers to lines, each sent as it is made. Status 200 is sent with the first: later faults are lines."""

    media_type = MEDIA_TYPE

    def __init__(self, read: AsyncIterator[Line], answer: Callable[[bytes], Awaitable[bytes]], fault: "Fault") -> None:
        super().__init__(headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self._read = read
        self._answer = answer
        self._fault = fault

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async for line in self._read:
                await send({"type": "http.response.body", "body": await self._told(line) + b"\n", "more_body": True})
        except ClientDisconnect:
            return
        except VoiceAssistError as error:  # there is no more to read
            await send({"type": "http.response.body", "body": self._fault(error) + b"\n", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _told(self, line: Line) -> bytes:
        if isinstance(line, VoiceAssistError):
            return self._fault(line)
        try:
            return await self._answer(line)
        except VoiceAssistError as error:
            return self._fault(error)
        except Exception as error:  # noqa: BLE001 - the status is sent: what is unexpected ends here, as at the door
            log.error("line.failed", **logging.error_fields(error))
            return self._fault(VoiceAssistError())


Fault = Callable[[VoiceAssistError], bytes]
