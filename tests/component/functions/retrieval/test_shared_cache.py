"""Answers that several processes remember together: whose, of which state, and what is never among them."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from functions.phi.domain.scan import detect
from functions.retrieval import cache, main, shared_cache
from functions.retrieval.shared_cache import SharedAnswers
from voiceassist.adapters import caching
from voiceassist.adapters import redis as adapter
from voiceassist.adapters.caching import MemoryCache, ValkeyCache
from voiceassist.contracts.answers import Answer, Citation, Question
from voiceassist.core.identity import DEFAULT_TENANT, Principal

pytestmark = [pytest.mark.req("P5.7"), pytest.mark.req("P10.5")]

ANN = Principal("ann", DEFAULT_TENANT, "user")
BOB = replace(ANN, subject="bob")
STATE = cache.State("l1", "d1", "m1")
ASKED = Question(question="how often can epinephrine be repeated in anaphylaxis")
SOURCE = Citation(n=1, document_id="d", chunk_id="c", title="A", source="S", snippet="Every 5 minutes.")
ANSWER = Answer(status="supported", text="Every 5 minutes [1].", spoken="Every 5 minutes.", citations=(SOURCE,))


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Busy machines are slower than an answer may wait."""
    monkeypatch.setattr(caching, "WAIT_SECONDS", 20.0)


async def scan(text):
    return bool(detect(text))


@pytest.fixture
async def valkey(settings):
    store = adapter.connect(settings.redis.url)
    yield store
    await store.aclose()
    adapter.connect.cache_clear()


@pytest.fixture
def keyring(fixed_keys):
    return fixed_keys.FixedKeys()


@pytest.fixture(params=["memory", "valkey"])
def level(request, valkey, fixed_keys):
    store = MemoryCache() if request.param == "memory" else ValkeyCache(valkey, f"test-{uuid4()}")
    return SharedAnswers(store, fixed_keys.FixedKeys(), scan)


class TestContract:
    async def test_what_rests_on_public_passages_serves_everybody_of_the_tenant(self, level):
        await level.put(ASKED, ANN, STATE, ANSWER, 7, public=True)
        assert await level.get(ASKED, ANN, STATE) == (ANSWER, 7)
        assert await level.get(ASKED, BOB, STATE) == (ANSWER, 7)
        assert await level.get(ASKED, replace(ANN, tenant_id=UUID(int=5)), STATE) is None

    async def test_what_rests_on_documents_serves_its_caller_alone(self, level):
        await level.put(ASKED, ANN, STATE, ANSWER, 7, public=False)
        assert await level.get(ASKED, ANN, STATE) == (ANSWER, 7)
        assert await level.get(ASKED, BOB, STATE) is None
        assert await level.get(ASKED, replace(ANN, tenant_id=UUID(int=5)), STATE) is None

    @pytest.mark.parametrize("changed", ["library", "documents", "models"])
    async def test_another_state_of_the_indexes_knows_nothing(self, level, changed):
        for public in (True, False):
            await level.put(ASKED, ANN, STATE, ANSWER, 7, public=public)
        assert await level.get(ASKED, ANN, replace(STATE, **{changed: "x"})) is None

    @pytest.mark.parametrize(
        "other", [{"question": "another one"}, {"intent": "treatment"}, {"prefer": ("note",)}], ids=str
    )
    async def test_another_question_knows_nothing(self, level, other):
        await level.put(ASKED, ANN, STATE, ANSWER, 7, public=True)
        assert await level.get(ASKED.model_copy(update=other), ANN, STATE) is None
        assert await level.get(ASKED, replace(ANN, role="viewer"), STATE) is None

    async def test_identifiers_are_not_kept_neither_in_a_question_nor_out_of_a_document(self, level):
        said = Question(question="epinephrine for the patient with SSN 123-45-6789")
        for public in (True, False):
            await level.put(said, ANN, STATE, ANSWER, 7, public=public)
        assert await level.get(said, ANN, STATE) is None
        named = SOURCE.model_copy(update={"snippet": "Call anna.smith@example.org."})
        await level.put(ASKED, ANN, STATE, ANSWER.model_copy(update={"citations": (named,)}), 7, public=False)
        assert await level.get(ASKED, ANN, STATE) is None


async def test_where_nobody_can_look_nothing_is_kept(fixed_keys):
    async def unknown(_text):
        return True  # as the gate tells it

    level = SharedAnswers(MemoryCache(), fixed_keys.FixedKeys(), unknown)
    await level.put(ASKED, ANN, STATE, ANSWER, 7, public=True)
    assert await level.get(ASKED, ANN, STATE) is None


async def test_the_store_sees_neither_question_nor_answer_and_a_forged_value_is_none(valkey, fixed_keys):
    space = f"test-{uuid4()}"
    store = ValkeyCache(valkey, space)
    keyring = fixed_keys.FixedKeys()
    level = SharedAnswers(store, keyring, scan)
    await level.put(ASKED, ANN, STATE, ANSWER, 7, public=True)
    name = store._name(shared_cache._name(await keyring.of(DEFAULT_TENANT), ASKED, ANN, STATE, shared_cache.EVERYBODY))
    value = await valkey.get(name)
    seen = (name.encode().removeprefix(b"va:cache:") + value).lower()
    assert not any(word in seen for word in (b"epinephrine", b"anaphylaxis", b"minutes", b"supported"))
    stranger = SharedAnswers(ValkeyCache(valkey, space), fixed_keys.FixedKeys("other"), scan)
    assert await stranger.get(ASKED, ANN, STATE) is None
    for forged in (b"", b"{}", value[:-1] + bytes([value[-1] ^ 1])):
        await valkey.set(name, forged, ex=60)
        assert await level.get(ASKED, ANN, STATE) is None


@pytest.fixture
def asking(caller, monkeypatch, rooms_environment):
    """Asks as another process would: with nothing in its own memory. Gives the answer and the searches so far."""
    searches = []
    search = main.service.search

    async def watched(*given, **options):
        searches.append(1)
        return await search(*given, **options)

    async def ask(owner, question=ASKED.question):
        monkeypatch.setattr(main, "remembered", cache.Answers())
        await main.library_index.ensure()
        async with caller(main.room, owner) as client:
            answer = await client.post("/api/v1/answers", json={"question": question})
        assert answer.status_code == 200, answer.text
        await asyncio.gather(*main.keeping)
        return answer.json(), len(searches)

    monkeypatch.setattr(main.service, "search", watched)
    monkeypatch.setattr(main, "identifies", scan)
    cleared = main.shared.cache_clear
    cleared()
    yield ask
    cleared()


async def test_a_second_process_and_a_colleague_who_sees_the_same_find_the_answer(asking, person, monkeypatch, keyring):
    level = SharedAnswers(MemoryCache(), keyring, scan)
    monkeypatch.setattr(main, "shared", lambda: level)
    one, other = await person(), await person()
    first, searched = await asking(one)
    assert (first["status"], searched) == ("supported", 1)
    assert await asking(one) == (first, 1)
    assert await asking(other) == (first, 1)


async def test_the_room_keeps_its_answers_in_valkey_and_answers_without_it(asking, person, monkeypatch):
    owner = await person()
    first, searched = await asking(owner)
    assert searched == 1
    assert await asking(owner) == (first, 1)
    gone = ValkeyCache(adapter.connect("redis://u:p@127.0.0.1:1/0"), "answers")
    monkeypatch.setattr(main.providers, "cache", lambda _space: gone)
    main.shared.cache_clear()
    assert await asking(owner) == (first, 2)
    assert gone._rests
    monkeypatch.setattr(main.providers, "cache", lambda _space: None)
    main.shared.cache_clear()
    assert main.shared() is None
    assert await asking(owner) == (first, 3)


def test_an_answer_lives_for_an_hour():
    assert shared_cache.SECONDS == 3600
