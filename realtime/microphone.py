"""The audio that arrived and belongs to no item yet, addressed by the milliseconds of the session."""

from realtime.protocol.settings import Format, Pcm

# SPEC P4.8: nothing a client sends may grow without bound; a turn longer than this is refused.
MAX_MS = 120_000


class Microphone:
    """Bytes in the wire format; positions are ms since the session's first sample."""

    def __init__(self, wire: Format) -> None:
        self._bytes_per_ms = 48 if isinstance(wire, Pcm) else 8
        self._data = bytearray()
        self._before = 0  # bytes of the session that were given away or dropped

    @property
    def start_ms(self) -> int:
        return self._before // self._bytes_per_ms

    @property
    def end_ms(self) -> int:
        return (self._before + len(self._data)) // self._bytes_per_ms

    @property
    def duration_ms(self) -> int:
        return len(self._data) // self._bytes_per_ms

    def append(self, data: bytes) -> None:
        self._data += data

    def keep_from(self, position_ms: int) -> None:
        """Forget what is older."""
        surplus = min(len(self._data), max(0, position_ms * self._bytes_per_ms - self._before))
        del self._data[:surplus]
        self._before += surplus

    def peek(self, until_ms: int) -> bytes:
        """What was said until then; a fast client may be ahead of the ears."""
        return bytes(self._data[: max(0, until_ms * self._bytes_per_ms - self._before)])

    def take(self, until_ms: int) -> bytes:
        """The same, which then belongs to the caller."""
        data = self.peek(until_ms)
        self.keep_from(until_ms)
        return data

    def clear(self) -> None:
        self._before += len(self._data)
        self._data.clear()
