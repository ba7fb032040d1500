"""Handing a session over to whichever process its client comes back to, within five minutes (SPEC N75).

What was said lies in PostgreSQL; what is open lies here, sealed in Redis. A token opens a session once and for its own
user; a process that still holds it, because it has not noticed that the client is gone, lets it go first.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from realtime.resumption import NotResumableError, Resumed, State
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.redis import PREFIX
from voiceassist.core.errors import UnavailableError, VoiceAssistError
from voiceassist.core.identity import Principal
from voiceassist.runtime import logging, memory
from voiceassist.runtime.encryption import KeysOfTenants
from voiceassist.runtime.sessions import digest, store

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.get_logger(__name__)

RESUME_SECONDS = 300  # N75
CONTEXT_SECONDS = 1_800  # N75
LOOK_SECONDS = 1.0  # how often it is looked whether something is to be written anew
REFRESH_SECONDS = 20.0
QUIET_SECONDS = 3.0
LET_GO_SECONDS = 5.0  # for a process that still holds the session; one that was killed does not hear
POLL_SECONDS = 0.05
LISTEN_SECONDS = 1.0
OPENS = "vr_"  # what a token begins with
CHANNEL = f"{PREFIX}voice-let-go"

LetGo = Callable[[], Awaitable[None]]


class _Ticket(msgspec.Struct, frozen=True):
    tenant_id: str
    user_id: str
    session_id: str
    conversation_id: str


class Handovers:
    """Of all sessions of this process; `_held` are those that it holds, with what makes them let go."""

    def __init__(self, redis: "Redis", database: Database, keyring: KeysOfTenants) -> None:
        self._redis, self._database, self._keyring = redis, database, keyring
        self._held: dict[str, LetGo] = {}
        self._listener: asyncio.Task[None] | None = None
        self._letting_go: set[asyncio.Task[None]] = set()

    @contextlib.contextmanager
    def holding(self, session_id: str, let_go: LetGo) -> Iterator[None]:
        """While inside, `let_go` is called when the session goes on elsewhere; it returns when that is possible."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        self._held[session_id] = let_go
        try:
            yield
        finally:
            del self._held[session_id]

    async def offer(self, owner: Principal, session_id: str, conversation_id: UUID) -> str:
        """A token of 256 bits; the store knows its digest alone."""
        token = OPENS + secrets.token_urlsafe(32)
        ticket = _Ticket(str(owner.tenant_id), str(owner.user_id), session_id, str(conversation_id))
        packed = msgspec.json.encode(ticket)
        async with store(), self._redis.pipeline(transaction=False) as together:
            together.set(_ticket_key(token), packed, ex=RESUME_SECONDS)
            together.set(_open_key(str(conversation_id)), packed, ex=RESUME_SECONDS)
            await together.execute()
        return token

    async def write(self, owner: Principal, session_id: str, state: bytes) -> None:
        await self._write(owner, _state_key(session_id), state, RESUME_SECONDS)

    async def write_context(self, owner: Principal, conversation_id: UUID, context: bytes) -> None:
        await self._write(owner, _context_key(conversation_id), context, CONTEXT_SECONDS)

    async def refresh(self, token: str, session_id: str, conversation_id: UUID) -> None:
        """The time to come back begins anew."""
        async with store(), self._redis.pipeline(transaction=False) as together:
            together.expire(_ticket_key(token), RESUME_SECONDS)
            together.expire(_state_key(session_id), RESUME_SECONDS)
            together.expire(_open_key(str(conversation_id)), RESUME_SECONDS)
            together.expire(_context_key(conversation_id), CONTEXT_SECONDS)
            await together.execute()

    async def forget(self, token: str, session_id: str) -> None:
        """Nobody may come back."""
        async with store():
            await self._redis.delete(_ticket_key(token), _state_key(session_id))

    async def take(self, owner: Principal, token: str, after: int) -> Resumed:
        """The session of a token, which is used up, whoever shows it. Raises NotResumableError, UnavailableError."""
        async with store():
            found = await self._redis.getdel(_ticket_key(token))
        ticket = _own(owner, found)
        return await self._resumed(owner, ticket, await self._released(owner, ticket.session_id), after)

    async def take_open(self, owner: Principal, conversation_id: str, after: int) -> Resumed:
        """A conversation of one's own that nobody holds any more, once. Raises NotResumableError, UnavailableError."""
        async with store():
            found = await self._redis.get(_open_key(conversation_id))
        ticket = _own(owner, found)
        until = asyncio.get_running_loop().time() + QUIET_SECONDS  # a page that was just left is being put away
        while not (state := await self._state(owner, ticket.session_id)) or not state.released:
            if state is None or not await self._is_held(ticket.session_id):
                break
            if asyncio.get_running_loop().time() > until:
                raise NotResumableError
            await asyncio.sleep(POLL_SECONDS)
        async with store():
            if not await self._redis.delete(_open_key(conversation_id)):
                raise NotResumableError
        return await self._resumed(owner, ticket, state, after)

    async def _resumed(self, owner: Principal, ticket: _Ticket, state: State | None, after: int) -> Resumed:
        if state is None:
            raise NotResumableError
        conversation_id = UUID(ticket.conversation_id)
        keys = await self._keyring.of(owner.tenant_id)
        async with self._database.transaction(owner) as connection:
            items = await memory.items(connection, keys, conversation_id)
        context = await self._read(owner, _context_key(conversation_id))
        async with store():
            await self._redis.delete(_state_key(ticket.session_id))
        return Resumed(ticket.conversation_id, state, items, after, context)

    async def _released(self, owner: Principal, session_id: str) -> State | None:
        """The state, once who holds the session has let it go; as it was last written where nobody does."""
        state = await self._state(owner, session_id)
        if state is None or state.released:
            return state
        if let_go := self._held.get(session_id):
            await let_go()
            return await self._state(owner, session_id)
        async with store():
            await self._redis.publish(CHANNEL, session_id)
        until = asyncio.get_running_loop().time() + LET_GO_SECONDS
        while not state.released and asyncio.get_running_loop().time() < until:
            if not await self._is_held(session_id):
                break
            await asyncio.sleep(POLL_SECONDS)
            state = await self._state(owner, session_id) or state
        return state

    async def _is_held(self, session_id: str) -> bool:
        """Whether a process says that it has the session; one that was killed stops saying so within seconds."""
        async with store():
            return bool(await self._redis.exists(_holder_key(session_id)))

    async def hold(self, session_id: str) -> None:
        async with store():
            await self._redis.set(_holder_key(session_id), b"1", px=int(LOOK_SECONDS * 3_000))

    async def _state(self, owner: Principal, session_id: str) -> State | None:
        opened = await self._read(owner, _state_key(session_id))
        return msgspec.json.decode(opened, type=State) if opened else None

    async def _read(self, owner: Principal, key: str) -> bytes | None:
        async with store():
            sealed: Any = await self._redis.get(key)
        if sealed is None:
            return None
        try:
            return (await self._keyring.of(owner.tenant_id)).unseal(sealed, place=key)
        except SealBrokenError:
            return None

    async def _write(self, owner: Principal, key: str, value: bytes, seconds: int) -> None:
        keys: TenantKeys = await self._keyring.of(owner.tenant_id)
        async with store():
            await self._redis.set(key, keys.seal(value, place=key), ex=seconds)

    async def _listen(self) -> None:
        """Other processes say here which session they go on with."""
        while True:
            try:
                async with store(), self._redis.pubsub() as listening:
                    await listening.subscribe(CHANNEL)
                    while True:
                        message = await listening.get_message(ignore_subscribe_messages=True, timeout=LISTEN_SECONDS)
                        if message:
                            self._let_go(message["data"].decode())
            except UnavailableError as error:
                log.warning("handover.deaf", code=error.code)
            await asyncio.sleep(LISTEN_SECONDS)

    def _let_go(self, session_id: str) -> None:
        if let_go := self._held.get(session_id):
            task = asyncio.create_task(_until_done(let_go))
            self._letting_go.add(task)
            task.add_done_callback(self._letting_go.discard)


class Handover:
    """Of one session: the token its client comes back with, and what is written for it meanwhile.

    `snapshot` and `context` tell what there is to hand over now; None: no context.
    """

    def __init__(
        self,
        handovers: Handovers,
        owner: Principal,
        session_id: str,
        *,
        snapshot: Callable[[], State],
        context: Callable[[], bytes | None],
    ) -> None:
        self._handovers, self._owner, self._session_id = handovers, owner, session_id
        self._snapshot, self._context = snapshot, context
        self._conversation_id = UUID(int=0)
        self._token = ""
        self._written: tuple[bytes, bytes | None] = (b"", None)

    @property
    def offered(self) -> bool:
        return bool(self._token)

    def holding(self, let_go: LetGo) -> contextlib.AbstractContextManager[None]:
        return self._handovers.holding(self._session_id, let_go)

    async def offer(self, conversation_id: UUID) -> str:
        """What there is lies in the store before the token is told. Raises UnavailableError."""
        self._conversation_id = conversation_id
        await self._handovers.hold(self._session_id)
        await self._write(self._snapshot())
        self._token = await self._handovers.offer(self._owner, self._session_id, conversation_id)
        return self._token

    async def take(self, token: str, after: int, *, conversation_id: str = "") -> Resumed:
        """Raises NotResumableError, UnavailableError."""
        if token:
            return await self._handovers.take(self._owner, token, after)
        return await self._handovers.take_open(self._owner, conversation_id, after)

    async def work(self) -> None:
        """Write what changed, and keep alive what did not, until it is cancelled."""
        refreshed = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self.offered:
                continue
            try:
                await self._handovers.hold(self._session_id)
                await self._write(self._snapshot())
                if asyncio.get_running_loop().time() - refreshed >= REFRESH_SECONDS:
                    await self._handovers.refresh(self._token, self._session_id, self._conversation_id)
                    refreshed = asyncio.get_running_loop().time()
            except VoiceAssistError as error:
                log.warning("handover.not_written", code=error.code)

    async def release(self) -> None:
        """The session is no longer held here and may be gone on with elsewhere."""
        if not self.offered:
            return
        try:
            await self._write(msgspec.structs.replace(self._snapshot(), released=True))
            await self._handovers.refresh(self._token, self._session_id, self._conversation_id)
        except VoiceAssistError as error:
            log.warning("handover.not_written", code=error.code)

    async def forget(self) -> None:
        if self.offered:
            with contextlib.suppress(UnavailableError):  # it has five minutes at most
                await self._handovers.forget(self._token, self._session_id)

    async def _write(self, state: State) -> None:
        """Only what is not there yet; unchanged values are kept alive by `refresh`."""
        packed, context = msgspec.json.encode(state), self._context()
        if packed != self._written[0]:
            await self._handovers.write(self._owner, self._session_id, packed)
            self._written = (packed, self._written[1])
        if context is not None and context != self._written[1]:
            await self._handovers.write_context(self._owner, self._conversation_id, context)
            self._written = (self._written[0], context)


async def _until_done(let_go: LetGo) -> None:
    await let_go()


def _ticket_key(token: str) -> str:
    return f"{PREFIX}voice-token:{digest(token[:256])}"


def _own(owner: Principal, found: bytes | str | None) -> _Ticket:
    ticket = msgspec.json.decode(found, type=_Ticket) if found else None
    if ticket is None or (ticket.tenant_id, ticket.user_id) != (str(owner.tenant_id), str(owner.user_id)):
        raise NotResumableError
    return ticket


def _open_key(conversation_id: str) -> str:
    return f"{PREFIX}voice-open:{conversation_id}"


def _state_key(session_id: str) -> str:
    return f"{PREFIX}voice-state:{session_id}"


def _holder_key(session_id: str) -> str:
    return f"{PREFIX}voice-holder:{session_id}"


def _context_key(conversation_id: UUID) -> str:
    return f"{PREFIX}voice-context:{conversation_id}"
