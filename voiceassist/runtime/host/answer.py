"""The way back to the caller: security headers on everything, one problem document at most."""

import asyncio

from starlette.types import Message, Receive, Scope, Send

from voiceassist.core.errors import VoiceAssistError
from voiceassist.runtime import problem
from voiceassist.runtime.host import headers


class Answer:
    """Wraps `send`: remembers what was said and adds what the front door always says."""

    def __init__(self, send: Send, *, secure: bool) -> None:
        self._send = send
        self._secure = secure
        self.status = 0
        self.complete = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            said = headers.outward(message.get("headers", ()), secure=self._secure)
            message = {**message, "headers": said}
        elif message["type"] == "http.response.body" and not message.get("more_body"):
            self.complete = True
        await self._send(message)

    async def refuse(self, error: VoiceAssistError, scope: Scope, receive: Receive) -> None:
        """The error as a problem document; a begun answer can only be cut off."""
        if not self.status:
            await problem.response(error)(scope, receive, self)
        elif not self.complete:
            raise CutOffError


class CutOffError(Exception):
    """Raised to the server so that it closes the connection: half an answer must not look like a whole one."""


class Bounded:
    """`receive` and `send` of a request whose body may not exceed `limit` bytes.

    A room reads its own stream, so the excess is shown to it as a client that left, and whatever it
    answers to that is dropped; the caller gets 413 instead (`exceeded`).
    """

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._left = limit
        self.exceeded = False

    async def receive(self) -> Message:
        if self.exceeded:
            # As a real disconnect: it is told once, then there is nothing more to hear.
            await asyncio.sleep(0)
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.exceeded = True
                return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if not self.exceeded:
            await self._send(message)
