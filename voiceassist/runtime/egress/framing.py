"""The connection of websockets with a short way for what comes most: a text message that is one frame.

The stream is cut at the ends of frames, so that the parser of websockets, which sees everything else, always stands at
the beginning of one. What it would refuse (a mask, reserved bits, too long a message) is left to it from there on.
"""

import sys
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN

# RFC 6455, section 5.2: a final text frame; reserved bits; lengths of 16 and of 64 bits, and what a mask begins at.
TEXT, RESERVED, MEDIUM, LONG, MASKED = 0x81, 0x70, 126, 127, 128


class Connection(ClientConnection):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head = b""
        self._is_open = self._is_refused = False
        self._longest = sys.maxsize if self.protocol.max_size is None else self.protocol.max_size
        self._rest = b""  # of a frame that has not come whole

    def data_received(self, data: bytes) -> None:
        if not self._is_open:
            data = self._opening(data)
        if self._is_refused:
            super().data_received(data)
        elif data:
            self._frames(self._rest + data if self._rest else data)

    def _opening(self, data: bytes) -> bytes:
        """The answer to the handshake ends with an empty line; what comes behind it."""
        before, self._head = len(self._head), self._head + data
        end = self._head.find(b"\r\n\r\n")
        cut = len(data) if end < 0 else end + 4 - before
        super().data_received(data[:cut])
        if end >= 0:
            self._head, self._is_open = b"", True
        return data[cut:]

    def _frames(self, data: bytes) -> None:
        place = 0
        while (found := _frame(data, place)) is not None:
            start, end = found
            if data[place] & RESERVED or start > end or end - start > self._longest:
                self._is_refused, self._rest = True, b""
                super().data_received(data[place:])
                return
            if end > len(data):
                break
            if data[place] == TEXT and self.protocol.state is OPEN and self.protocol.cur_size is None:
                self.recv_messages.put(Frame(Opcode.TEXT, data[start:end]))
            else:
                super().data_received(data[place:end])
            place = end
        self._rest = data[place:]


def _frame(data: bytes, place: int) -> tuple[int, int] | None:
    """Where what it carries starts and ends, which may not have come yet; an end before the start: of no server.

    None where not even its length has come.
    """
    if len(data) < place + 2:
        return None
    length, start = data[place + 1], place + 2
    if length >= MASKED:
        return start, 0
    wide = 2 if length == MEDIUM else 8 if length == LONG else 0
    if len(data) < start + wide:
        return None
    if wide:
        length = int.from_bytes(data[start : start + wide], "big")
    return start + wide, start + wide + length
