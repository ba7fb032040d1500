"""uvicorn's WebSocket with a short way for what comes most: a frame of sound, fifty times a second of every session.

A text message that came whole, in one frame of medium size, is taken as it is; everything else (short and long
messages, pieces, pings, what breaks the protocol) goes the long way through the parser of websockets.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import apply_mask  # type: ignore[attr-defined] # of C where there is one
from websockets.protocol import OPEN

# RFC 6455, section 5.2: a final text frame; masked, with a length of 16 bits; that length and the mask.
TEXT, MEDIUM, HEAD = 0x81, 0x80 | 126, 8
MOST_WAITING = 8  # messages that nobody has read yet, before the client is not read any more


class Protocol(WebSocketsSansIOProtocol):
    def data_received(self, data: bytes) -> None:
        while (end := self._end_of_text(data)) and (text := _text(data[:end])) is not None:
            self._take(text)
            data = data[end:]
        if data:
            super().data_received(data)

    def _end_of_text(self, data: bytes) -> int:
        """Where the text message ends that `data` begins with; 0 if the parser has to see it."""
        conn = self.conn
        if len(data) < HEAD or data[0] != TEXT or data[1] != MEDIUM:
            return 0
        if conn.state is not OPEN or self.close_sent or conn.reader.buffer or conn.cur_size is not None:
            return 0
        length = int.from_bytes(data[2:4], "big")
        if HEAD + length > len(data) or (conn.max_size is not None and length > conn.max_size):
            return 0
        return HEAD + length

    def _take(self, text: str) -> None:
        self.queue.put_nowait({"type": "websocket.receive", "text": text})
        if not self.read_paused and self.queue.qsize() >= MOST_WAITING:
            self.read_paused = True
            self.transport.pause_reading()


def _text(frame: bytes) -> str | None:
    """None where it is no UTF-8: the parser knows what is to be done then."""
    try:
        return apply_mask(frame[HEAD:], frame[4:HEAD]).decode()
    except UnicodeDecodeError:
        return None
