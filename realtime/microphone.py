"""The audio that arrived and belongs to no item yet, addressed by the milliseconds of the session."""

from dataclasses import dataclass

from realtime.protocol.settings import Format, Pcm
from realtime.speech import audio

# SPEC P4.8: nothing a client sends may grow without bound; a turn longer than this is refused.
MAX_MS = 120_000
FRESH = 24_000  # bytes: half a second


@dataclass(frozen=True, slots=True)
class Reserve:
    """pcm16 that is held as codes of G.711, at its own rate: half the memory, for sound that is hardly ever needed."""


class Microphone:
    """Takes bytes in the wire format, gives them in `wire`; positions are ms since the session's first sample."""

    def __init__(self, wire: Format) -> None:
        self.wire: Format | Reserve = wire
        self._told = wire
        self._bytes_per_ms = 48 if isinstance(wire, Pcm) else 8  # as they are held
        self._data = bytearray()
        self._fresh = bytearray()  # of a reserve what is not made into codes yet
        self._before = 0  # bytes of the session that were given away or dropped

    def compact(self, wanted: bool) -> None:
        """Whether pcm16 is held as a reserve, from now on."""
        if not isinstance(self._told, Pcm) or wanted == self._is_compact:
            return
        if wanted:
            self._fresh, self._data, self._before = self._data, bytearray(), self._before // 2
        else:
            self._data, self._before = bytearray(audio.from_mulaw(bytes(self._data)) + self._fresh), self._before * 2
            self._fresh = bytearray()
        self.wire, self._bytes_per_ms = (Reserve(), 24) if wanted else (self._told, 48)

    @property
    def _is_compact(self) -> bool:
        return isinstance(self.wire, Reserve)

    @property
    def start_ms(self) -> int:
        return self._before // self._bytes_per_ms

    @property
    def end_ms(self) -> int:
        return (self._before + self._size) // self._bytes_per_ms

    @property
    def duration_ms(self) -> int:
        return self._size // self._bytes_per_ms

    @property
    def _size(self) -> int:
        return len(self._data) + len(self._fresh) // 2

    def append(self, data: bytes) -> bytes:
        """What this makes a part of the reserve, as it came: nothing most of the time, since each time has its cost."""
        if not self._is_compact:
            self._data += data
            return b""
        self._fresh += data
        return self.settle() if len(self._fresh) >= FRESH else b""

    def settle(self) -> bytes:
        """What was not a part of the reserve yet, as it came."""
        with memoryview(self._fresh) as fresh:
            whole = bytes(fresh[: len(fresh) & ~1])
        if whole:
            del self._fresh[: len(whole)]
            self._data += audio.to_mulaw(whole)
        return whole

    def keep_from(self, position_ms: int) -> None:
        """Forget what is older."""
        self.settle()
        surplus = min(len(self._data), max(0, position_ms * self._bytes_per_ms - self._before))
        del self._data[:surplus]
        self._before += surplus

    def peek(self, until_ms: int) -> bytes:
        """What was said until then; a fast client may be ahead of the ears."""
        self.settle()
        with memoryview(self._data) as held:
            return bytes(held[: max(0, until_ms * self._bytes_per_ms - self._before)])

    def take(self, until_ms: int) -> bytes:
        """The same, which then belongs to the caller."""
        data = self.peek(until_ms)
        self.keep_from(until_ms)
        return data

    def clear(self) -> None:
        self._before += self._size
        self._data.clear()
        self._fresh.clear()
