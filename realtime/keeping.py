"""Writes what is said into the store, beside the session: in order, tried again, and told when it lies there.

Nothing waits for it but the end of the session, and that only shortly. An item counts as kept once `saved` was called.
"""

import asyncio
from collections.abc import Callable, Iterable
from uuid import UUID

from realtime.effects import Keep, Unkeep
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.postgres import Database
from voiceassist.core.errors import ErasedError, UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.runtime import logging, memory, metrics
from voiceassist.runtime.encryption import KeysOfTenants

log = logging.get_logger(__name__)

PAUSES = (0.1, 0.3, 1.0, 2.0, 5.0)  # seconds between tries; the last one again and again while the session lives
FLUSH_SECONDS = 3.0
RECENT_CONVERSATIONS, RECENT_ITEMS = 3, 40  # that are read for words a speaker may say again

Saved = Callable[[str, int], None]


class Keeper:
    """Of one session. `saved(item_id, seq)` is called in the order in which things happened."""

    def __init__(
        self,
        database: Database,
        keyring: KeysOfTenants,
        owner: Principal,
        conversation_id: UUID,
        *,
        days: int,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self._database, self._keyring, self._owner = database, keyring, owner
        self.conversation_id = conversation_id
        self._days, self._pauses = days, pauses
        self._queue: asyncio.Queue[Keep | Unkeep] = asyncio.Queue()
        self._stored: set[str] = set()
        self._given_up = False
        self._case_id: UUID | None = None

    def about(self, case_id: UUID) -> None:
        """What is stored from now on belongs to this case."""
        self._case_id = case_id

    def take(self, change: Keep | Unkeep) -> None:
        if not self._given_up:
            self._queue.put_nowait(change)

    def adopt(self, conversation_id: UUID, stored: Iterable[str]) -> None:
        """Go on with a conversation that has these items already; before anything of another was taken."""
        self.conversation_id = conversation_id
        self._stored = set(stored)

    async def work(self, saved: Saved) -> None:
        """Until it is cancelled."""
        while True:
            change = await self._queue.get()
            try:
                seq = await self._patiently(change)
            finally:
                self._queue.task_done()
            if seq is not None:
                item_id = change.item.item_id if isinstance(change, Keep) else change.item_id
                saved(item_id, seq)

    async def recent(self) -> list[str]:
        """What was said in the last conversations, newest first; nothing where it cannot be read."""
        try:
            keys = await self._keyring.of(self._owner.tenant_id)
            async with self._database.transaction(self._owner) as connection:
                return await memory.recent_texts(
                    connection, keys, self._owner, conversations=RECENT_CONVERSATIONS, most=RECENT_ITEMS
                )
        except (UnavailableError, ErasedError) as error:
            log.warning("conversation.recent_unreadable", code=error.code)
        except SealBrokenError:
            log.warning("conversation.recent_unreadable", code="SEAL_BROKEN")
        return []

    async def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Whether everything lies in the store; waits for it shortly."""
        try:
            await asyncio.wait_for(self._queue.join(), seconds)
        except TimeoutError:
            log.error("conversation.not_saved", count=self._queue.qsize() + 1)
            metrics.CONVERSATION_WRITES.labels("lost").inc(self._queue.qsize() + 1)
            return False
        return True

    async def _patiently(self, change: Keep | Unkeep) -> int | None:
        """None where it cannot be stored and never will, or need not be."""
        from sqlalchemy.exc import IntegrityError

        tries = 0
        while not self._given_up:
            try:
                seq = await self._write(change)
            except UnavailableError as error:
                log.warning("conversation.not_saved_yet", code=error.code)
                metrics.CONVERSATION_WRITES.labels("retried").inc()
                await asyncio.sleep(self._pauses[min(tries, len(self._pauses) - 1)])
                tries += 1
            except ErasedError as error:
                self._give_up(error.code)
            except IntegrityError:  # whose account is gone; the words of the error quote the row
                self._give_up("OWNER_GONE")
            else:
                metrics.CONVERSATION_WRITES.labels("stored").inc()
                return seq
        return None

    async def _write(self, change: Keep | Unkeep) -> int | None:
        if isinstance(change, Unkeep) and change.item_id not in self._stored:
            return None
        keys = await self._keyring.of(self._owner.tenant_id)
        async with self._database.transaction(self._owner) as connection:
            if isinstance(change, Keep):
                seq = await memory.keep(
                    connection,
                    keys,
                    self._owner,
                    self.conversation_id,
                    change.item,
                    days=self._days,
                    case_id=self._case_id,
                )
            else:
                seq = await memory.remove(
                    connection, self._owner, self.conversation_id, change.item_id, days=self._days
                )
        if isinstance(change, Keep):
            self._stored.add(change.item.item_id)
        return seq

    def _give_up(self, code: str) -> None:
        self._given_up = True
        log.error("conversation.cannot_be_saved", code=code)
        metrics.CONVERSATION_WRITES.labels("refused").inc()
