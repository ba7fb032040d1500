"""One contract for every place where the stand-ins of a conversation are kept."""

import asyncio
from uuid import UUID, uuid4

import pytest

from voiceassist.adapters import redis
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.runtime.pseudonyms.vault import Conversation, MemoryVault, SealedVault, of_caller

pytestmark = pytest.mark.req("P11.6")

TENANT = UUID("01900000-0000-7000-8000-0000000000aa")
SECRETS = (b"Smith", b"smith", b"4419820", b"NAME", b"MRN")


@pytest.fixture
async def store(settings):
    connected = redis.connect(settings.redis.url)
    yield connected
    async for name in connected.scan_iter("va:pseudonyms:*"):
        await connected.delete(name)
    await connected.aclose()
    redis.connect.cache_clear()


@pytest.fixture
def keyring(fixed_keys):
    return fixed_keys.FixedKeys()


@pytest.fixture(params=["memory", "sealed"])
def vault(request, keyring):
    return MemoryVault() if request.param == "memory" else SealedVault(request.getfixturevalue("store"), keyring)


@pytest.fixture
def talk():
    return Conversation(TENANT, str(uuid4()))


def naming(*names):
    return lambda book: [book.shown("NAME", name) for name in names]


async def test_what_was_given_stays_given(vault, talk):
    first = await vault.use(talk, naming("John Smith", "Li"))
    assert await vault.use(talk, naming("smith, john", "Li")) == first
    assert await vault.use(talk, lambda book: set(book.values.values())) == {"John Smith", "Li"}


async def test_conversations_and_tenants_do_not_see_each_other(vault, talk):
    await vault.use(talk, naming("John Smith"))
    for other in (Conversation(TENANT, str(uuid4())), Conversation(UUID(int=1), talk.id)):
        assert await vault.use(other, lambda book: dict(book.values)) == {}


async def test_it_goes_with_the_conversation(vault, talk):
    await vault.use(talk, naming("John Smith"))
    await vault.forget(talk)
    await vault.forget(talk)
    assert await vault.use(talk, lambda book: dict(book.values)) == {}


async def test_many_at_once_agree(vault, talk):
    names = [f"Person{letter} Smith{letter}" for letter in "abcdefgh"]
    given = await asyncio.gather(*(vault.use(talk, naming(name)) for name in names[:4] * 2))
    assert given[:4] == given[4:]
    assert len({shown for (shown,) in given}) == 4


async def test_what_fails_leaves_what_was_there(vault, talk):
    def failing(book):
        book.shown("NAME", "Li")
        raise LookupError

    await vault.use(talk, naming("John Smith"))
    with pytest.raises(LookupError):
        await vault.use(talk, failing)
    assert await vault.use(talk, lambda book: list(book.values.values())) == ["John Smith"]


async def test_after_its_time_it_is_gone(store, talk, keyring):
    now = [0.0]
    for vault in (MemoryVault(seconds=1, clock=lambda: now[0]), SealedVault(store, keyring, seconds=1)):
        await vault.use(talk, naming("John Smith"))
        now[0] += 2
        if isinstance(vault, SealedVault):
            (name,) = [name async for name in store.scan_iter("va:pseudonyms:*")]
            assert 0 < await store.pttl(name) <= 1000
            await store.pexpire(name, 1)
            await asyncio.sleep(0.02)
        assert await vault.use(talk, lambda book: dict(book.values)) == {}


async def test_the_store_sees_neither_values_nor_kinds(store, talk, keyring):
    await SealedVault(store, keyring).use(
        talk, lambda book: (book.shown("NAME", "John Smith"), book.shown("MRN", "4419820"))
    )
    (name,) = [name async for name in store.scan_iter("va:pseudonyms:*")]
    kept = await store.get(name) + name
    assert not any(secret in kept for secret in SECRETS)


async def test_what_was_changed_moved_or_sealed_otherwise_does_not_open(store, talk, keyring, fixed_keys):
    vault = SealedVault(store, keyring)
    await vault.use(talk, naming("John Smith"))
    (name,) = [name async for name in store.scan_iter("va:pseudonyms:*")]
    sealed = await store.get(name)
    other = Conversation(TENANT, str(uuid4()))
    await store.set(f"va:pseudonyms:{TENANT}:{other.id}", sealed)
    for asked, with_vault in ((other, vault), (talk, SealedVault(store, fixed_keys.FixedKeys("other")))):
        with pytest.raises(UnavailableError) as closed:
            await with_vault.use(asked, naming("Li"))
        assert closed.value.code == "PSEUDONYMS_UNAVAILABLE"
    await store.set(name, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(UnavailableError):
        await vault.use(talk, naming("Li"))


async def test_a_store_that_is_away_says_so(talk, free_port, keyring):
    away = redis.connect(f"redis://127.0.0.1:{free_port}")
    vault = SealedVault(away, keyring)
    for work in (vault.use(talk, naming("Li")), vault.forget(talk)):
        with pytest.raises(UnavailableError) as closed:
            await work
        assert closed.value.code == "PSEUDONYMS_UNAVAILABLE"
    await away.aclose()
    redis.connect.cache_clear()


async def test_signing_out_forgets_every_conversation_of_its_owner_and_nobody_elses(vault):
    mine, other = (Principal(str(id_), TENANT, "user", user_id=id_) for id_ in (uuid4(), uuid4()))
    talks = [of_caller(mine, "one"), of_caller(mine, "two"), of_caller(other, "one")]
    shown = [(await vault.use(talk, naming("Li Wei")))[0] for talk in talks]
    assert len(set(shown)) == 3
    await vault.forget_owner(TENANT, str(mine.user_id))
    await vault.forget_owner(TENANT, str(mine.user_id))
    again = [(await vault.use(talk, naming("Li Wei")))[0] for talk in talks]
    assert (again[0] != shown[0], again[1] != shown[1], again[2] == shown[2]) == (True, True, True)


async def test_what_is_known_is_kept_with_the_conversation_and_ends_with_it(store, keyring):
    short, talk = SealedVault(store, keyring, seconds=1), Conversation(TENANT, str(uuid4()))
    await short.use(talk, lambda book: setattr(book, "known", ["Zelda Quackenbush"]))
    assert await short.use(talk, lambda book: book.identifiers) == ("Zelda Quackenbush",)
    await asyncio.sleep(1.3)
    assert await short.use(talk, lambda book: book.identifiers) == ()
