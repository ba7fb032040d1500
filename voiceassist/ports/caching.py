"""Values that are kept for a while and may be lost at any time."""

from collections.abc import Sequence
from typing import Protocol

# A larger value is not kept.
LARGEST = 65_536


class Cache(Protocol):
    """Nobody fails for a cache: one that is away or slow holds nothing and keeps nothing.

    Names must not tell what they stand for, and a value that is not for all eyes is sealed before it comes here.
    """

    async def first(self, names: Sequence[str]) -> tuple[str, bytes] | None:
        """The first of `names` under which something is kept, and what."""
        ...

    async def put(self, name: str, value: bytes, *, seconds: int) -> None: ...
