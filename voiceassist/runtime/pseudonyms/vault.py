"""Where the stand-ins of a conversation are kept: sealed, for a time, and gone with the conversation.

AES-256-GCM under the tenant's data key, bound to the conversation: the store sees neither values nor
how many there are of which kind. It is a cache's store and no archive: what is lost with it can no longer be put back.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import UUID

import msgspec

from voiceassist.adapters import crypto
from voiceassist.adapters.redis import PREFIX
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.runtime.encryption import KeysOfTenants
from voiceassist.runtime.pseudonyms.book import Book

if TYPE_CHECKING:
    from redis.asyncio import Redis

PURPOSE = "pseudonyms"
LIFETIME_SECONDS = 1_800  # after the last use; SPEC P4.10: a conversation that rests for 30 minutes has ended
TRIES = 8

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Conversation:
    """`patient`: an internal id by which dates are moved together; empty: of the conversation. `owner`: whose it is."""

    tenant_id: UUID
    id: str
    patient: str = ""
    owner: str = ""


def of_caller(caller: Principal, conversation: str) -> Conversation:
    """A conversation is its owner's: whoever names the id of somebody else's has one of their own."""
    owner = str(caller.user_id or caller.subject)
    return Conversation(caller.tenant_id, f"{owner}/{conversation}", owner=owner)


class Vault(Protocol):
    """`work` gets the book and may write into it; it may be called again and must do nothing else."""

    async def use(self, conversation: Conversation, work: Callable[[Book], T]) -> T: ...

    async def forget(self, conversation: Conversation) -> None: ...

    async def forget_owner(self, tenant_id: UUID, owner: str) -> None:
        """Every conversation of somebody who signs out."""
        ...


class SealedVault:
    """In Redis. Raises UnavailableError when the store is away, busy, or holds what does not open."""

    def __init__(self, redis: "Redis", keyring: KeysOfTenants, *, seconds: int = LIFETIME_SECONDS) -> None:
        self._redis = redis
        self._keyring = keyring
        self._seconds = seconds

    async def use(self, conversation: Conversation, work: Callable[[Book], T]) -> T:
        """Two processes that write at once do so one after the other."""
        from redis.exceptions import RedisError, WatchError

        name, place = self._name(conversation), f"{PURPOSE}|{conversation.id}"
        box = (await self._keyring.of(conversation.tenant_id)).box(PURPOSE)
        try:
            for _ in range(TRIES):
                async with self._redis.pipeline(transaction=True) as steps:
                    await steps.watch(name)
                    sealed: Any = await steps.get(name)
                    book = _opened(box.unseal(sealed, place=place)) if sealed else Book()
                    result = work(book)
                    steps.multi()  # type: ignore[no-untyped-call]
                    steps.set(name, box.seal(msgspec.json.encode(book), place=place), ex=self._seconds)
                    if conversation.owner:
                        index = _index(conversation.tenant_id, conversation.owner)
                        steps.sadd(index, name)
                        steps.expire(index, self._seconds)
                    try:
                        await steps.execute()
                    except WatchError:
                        continue
                    return result
        except (RedisError, OSError, crypto.SealBrokenError):
            pass
        raise UnavailableError("Pseudonyms cannot be kept at the moment.", code="PSEUDONYMS_UNAVAILABLE") from None

    async def forget(self, conversation: Conversation) -> None:
        from redis.exceptions import RedisError

        try:
            await self._redis.delete(self._name(conversation))
        except (RedisError, OSError):
            raise UnavailableError("Pseudonyms cannot be removed.", code="PSEUDONYMS_UNAVAILABLE") from None

    async def forget_owner(self, tenant_id: UUID, owner: str) -> None:
        from redis.exceptions import RedisError

        index = _index(tenant_id, owner)
        try:
            names = await self._redis.smembers(index)
            await self._redis.delete(index, *names)
        except (RedisError, OSError):
            raise UnavailableError("Pseudonyms cannot be removed.", code="PSEUDONYMS_UNAVAILABLE") from None

    @staticmethod
    def _name(conversation: Conversation) -> str:
        return f"{PREFIX}pseudonyms:{conversation.tenant_id}:{conversation.id}"


def _index(tenant_id: UUID, owner: str) -> str:
    return f"{PREFIX}pseudonyms-of:{tenant_id}:{owner}"


class MemoryVault:
    """Of one process, for what needs no other to read it; `clock` gives seconds that only grow."""

    def __init__(self, *, seconds: float = LIFETIME_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._books: dict[tuple[UUID, str], tuple[float, bytes]] = {}
        self._seconds = seconds
        self._clock = clock
        self._lock = asyncio.Lock()

    async def use(self, conversation: Conversation, work: Callable[[Book], T]) -> T:
        name = conversation.tenant_id, conversation.id
        async with self._lock:
            now = self._clock()
            self._books = {key: kept for key, kept in self._books.items() if kept[0] > now}
            book = _opened(self._books[name][1]) if name in self._books else Book()
            result = work(book)
            self._books[name] = (now + self._seconds, msgspec.json.encode(book))
        return result

    async def forget(self, conversation: Conversation) -> None:
        self._books.pop((conversation.tenant_id, conversation.id), None)

    async def forget_owner(self, tenant_id: UUID, owner: str) -> None:
        for key in [key for key in self._books if key[0] == tenant_id and key[1].startswith(f"{owner}/")]:
            del self._books[key]


def _opened(told: bytes) -> Book:
    return msgspec.json.decode(told, type=Book)
