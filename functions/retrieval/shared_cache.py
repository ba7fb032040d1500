"""Answers given before, for all processes of this room: the second level, in Valkey, behind the one of the process.

One tenant never meets another's. An answer found among passages that belong to nobody serves everybody of the tenant
who sees the same state of the indexes; one in which documents took part serves its caller alone. Nothing is kept in
which the PHI gate finds identifiers, or in which it cannot look. Names are blind indexes and values are sealed, both
under keys of the tenant: the store sees neither question nor answer.
"""

from collections.abc import Awaitable, Callable

from pydantic import ValidationError

from functions.retrieval import cache
from functions.retrieval.cache import State
from voiceassist.adapters import crypto
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.contracts.answers import Answer, Contract, Question
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.ports.caching import Cache
from voiceassist.runtime.encryption import KeysOfTenants

SECONDS = 3600
EVERYBODY = "everybody"

# Whether texts hold identifiers; also where nobody can tell.
Identifies = Callable[[str], Awaitable[bool]]


class Kept(Contract):
    answer: Answer
    passages: int


class SharedAnswers:
    def __init__(self, store: Cache, keyring: KeysOfTenants, identifies: Identifies) -> None:
        self._store = store
        self._keyring = keyring
        self._identifies = identifies

    async def get(self, asked: Question, caller: Principal, state: State) -> tuple[Answer, int] | None:
        """The answer, and how many passages it was chosen from."""
        try:
            keys = await self._keyring.of(caller.tenant_id)
        except UnavailableError:
            return None  # nobody fails for a cache
        names = [_name(keys, asked, caller, state, whose) for whose in (EVERYBODY, _own(caller))]
        found = await self._store.first(names)
        if found is None:
            return None
        name, sealed = found
        try:
            kept = Kept.model_validate_json(keys.unseal(sealed, place=_place(name)))
        except (crypto.SealBrokenError, ValidationError):
            return None  # from another release, or not from us
        return kept.answer, kept.passages

    async def put(
        self, asked: Question, caller: Principal, state: State, answer: Answer, passages: int, *, public: bool
    ) -> None:
        """`public`: no passage that was found belongs to anybody."""
        private = () if public else (answer.text, *(one.snippet for one in answer.citations))
        if await self._identifies("\n\n".join([asked.question, *private])):
            return
        try:
            keys = await self._keyring.of(caller.tenant_id)
        except UnavailableError:
            return
        name = _name(keys, asked, caller, state, EVERYBODY if public else _own(caller))
        value = Kept(answer=answer, passages=passages).model_dump_json().encode()
        await self._store.put(name, keys.seal(value, place=_place(name)), seconds=SECONDS)


def _name(keys: TenantKeys, asked: Question, caller: Principal, state: State, whose: str) -> str:
    return keys.blind("answers.names", cache.told(asked, caller.role, state, whose)).hex()


def _place(name: str) -> str:
    return f"answers|value|{name}"


def _own(caller: Principal) -> str:
    return f"own|{caller.subject}"
