"""Caches: of this process, and of all processes, in Valkey."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from voiceassist.adapters.redis import PREFIX
from voiceassist.ports.caching import LARGEST

if TYPE_CHECKING:
    from redis.asyncio import Redis

MOST = 512
# What is only to save time must not cost much of it.
WAIT_SECONDS = 0.25
REST_SECONDS = 15.0


@dataclass(slots=True)
class MemoryCache:
    """The value not asked for longest goes when it is full; `clock` gives seconds that only grow."""

    clock: Callable[[], float] = monotonic
    _kept: OrderedDict[str, tuple[float, bytes]] = field(default_factory=OrderedDict)

    async def first(self, names: Sequence[str]) -> tuple[str, bytes] | None:
        for name in names:
            until, value = self._kept.get(name, (0.0, b""))
            if self.clock() < until:
                self._kept.move_to_end(name)
                return name, value
            self._kept.pop(name, None)
        return None

    async def put(self, name: str, value: bytes, *, seconds: int) -> None:
        if len(value) > LARGEST:
            return
        self._kept[name] = (self.clock() + seconds, value)
        self._kept.move_to_end(name)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)


@dataclass(slots=True)
class ValkeyCache:
    """After a failure it is left alone for a while. `space` keeps the names of one purpose apart."""

    redis: "Redis"
    space: str
    clock: Callable[[], float] = monotonic
    _rests_until: float = float("-inf")

    async def first(self, names: Sequence[str]) -> tuple[str, bytes] | None:
        if not names or self._rests:
            return None
        from redis.exceptions import RedisError

        try:
            async with asyncio.timeout(WAIT_SECONDS):
                values: list[Any] = await self.redis.mget([self._name(name) for name in names])
        except (RedisError, OSError, TimeoutError):
            self._failed()
            return None
        return next(((name, value) for name, value in zip(names, values, strict=True) if value is not None), None)

    async def put(self, name: str, value: bytes, *, seconds: int) -> None:
        if len(value) > LARGEST or self._rests:
            return
        from redis.exceptions import RedisError

        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self.redis.set(self._name(name), value, ex=seconds)
        except (RedisError, OSError, TimeoutError):
            self._failed()

    @property
    def _rests(self) -> bool:
        return self.clock() < self._rests_until

    def _failed(self) -> None:
        self._rests_until = self.clock() + REST_SECONDS

    def _name(self, name: str) -> str:
        return f"{PREFIX}cache:{self.space}:{name}"
