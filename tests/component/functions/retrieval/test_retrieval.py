"""Search and cited answers on the real engines, the real embedder and the shipped library."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from functions.retrieval import library_index, main
from functions.retrieval.domain import library as digests
from realtime.dialogue.clarify.policy import Seen, decide
from realtime.dialogue.clarify.topic import topic_of
from voiceassist.adapters.vectors.qdrant import COLLECTION, Qdrant, QdrantIndex
from voiceassist.core import ids
from voiceassist.core.text import sentences
from voiceassist.ports.vectors import IndexModelError, Query
from voiceassist.runtime import providers
from voiceassist.runtime.terminology import load

pytestmark = [pytest.mark.req("P5.7"), pytest.mark.req("P5.10")]


@pytest.fixture
def ask(caller, person):
    async def put(question, owner=None, path="/api/v1/answers"):
        body = {"question": question} if path.endswith("answers") else {"query": question, "limit": 5}
        async with caller(main.room, owner or await person()) as client:
            answer = await client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return put


@pytest.mark.parametrize(
    ("question", "title", "section", "words"),
    [
        ("how do I treat atrial fibrillation with a high stroke risk", "Atrial fibrillation", None, "anticoagul"),
        ("What are the stages of chronic kidney disease?", "Chronic kidney disease", "Stages", "G3a"),
        ("first line treatment for pulmonary embolism", "Pulmonary embolism", "Treatment", "direct oral anticoagulant"),
        ("when is thrombolysis indicated in pulmonary embolism", "Pulmonary embolism", "High risk", "thrombolysis"),
        ("management of anaphylaxis", "Anaphylaxis", "Treatment", "epinephrine"),
        ("can I give metformin with an eGFR of 25", "Type 2 diabetes", "Metformin and kidney", "contraindicated"),
    ],
)
async def test_a_clinical_question_is_answered_from_the_right_section(ask, question, title, section, words):
    answer = await ask(question)
    assert answer["status"] in {"supported", "partial"}
    first = answer["citations"][0]
    assert first["title"] == title
    assert section is None or first["section"] == section
    assert words in answer["text"]
    assert first["starter"]
    assert first["year"] >= 2015
    assert "Clinical judgment required." in answer["notice"]


@pytest.mark.req("N19")
async def test_every_spoken_sentence_stands_verbatim_in_its_cited_passage(ask):
    texts = {chunk.chunk_id: chunk.text for digest in library_index.digests() for chunk in digests.chunks(digest)}
    for question in ("treatment of sepsis", "dose of apixaban in pulmonary embolism", "how is gout treated"):
        answer = await ask(question)
        cited = "\n".join(texts[citation["chunk_id"]] for citation in answer["citations"])
        assert 1 <= len(sentences(answer["spoken"])) <= 3
        for sentence in sentences(answer["spoken"]):
            assert sentence in cited
        for citation in answer["citations"]:
            assert f"[{citation['n']}]" in answer["text"]


@pytest.mark.req("N20")
@pytest.mark.parametrize(
    "question",
    [
        "what is the dose of flurbozamab in atrial fibrillation",
        "how do you treat zorblaxitis",
        "treatment of quixotic fever with snarfomycin",
        "what is the capital of France",
        "who won the football world cup",
        "how do I bake bread",
        "is the",
    ],
)
async def test_it_abstains_where_there_is_no_evidence(ask, said, question):
    answer = await ask(question)
    assert (answer["status"], answer["citations"]) == ("abstained", [])
    assert "no evidence" in answer["spoken"]


async def test_the_event_about_an_answer_holds_counts_and_no_words(ask, database, person):
    from sqlalchemy import text

    from voiceassist.core.identity import service

    owner = await person()
    await ask("management of anaphylaxis", owner)
    async with database.transaction(service("test")) as connection:
        rows = (await connection.execute(text("select event from outbox where room = 'retrieval'"))).scalars().all()
    (event,) = [bytes(row) for row in rows if str(owner.user_id).encode() in bytes(row)]
    assert b"org.voiceassist.answer.given.v1" in event
    assert b"anaphylaxis" not in event.lower()


async def test_search_gives_passages_of_library_and_documents_best_first(ask):
    found = await ask("warfarin reversal", path="/api/v1/search")
    assert found["complete"]
    assert len(found["items"]) == 5
    scores = [item["score"] for item in found["items"]]
    assert scores == sorted(scores, reverse=True)
    assert {"Warfarin management"} & {item["title"] for item in found["items"]}


@pytest.fixture
def search(caller, person):
    async def put(query, somebody=None, **filters):
        async with caller(main.room, somebody or await person()) as client:
            return await client.post("/api/v1/search", json={"query": query, "limit": 20, **filters})

    return put


@pytest.mark.parametrize(
    ("filters", "allowed"),
    [
        ({"specialty": ["nephrology"]}, lambda digest: digest.specialty == "nephrology"),
        ({"year_from": 2024}, lambda digest: digest.year >= 2024),
        ({"year_from": 2020, "year_to": 2022}, lambda digest: 2020 <= digest.year <= 2022),
        ({"source": ["guideline"]}, lambda _digest: True),
    ],
)
async def test_a_search_is_narrowed_by_specialty_kind_of_source_and_year(search, filters, allowed):
    items = (await search("treatment of kidney disease", **filters)).json()["items"]
    found = {item["title"] for item in items}
    assert found
    assert found <= {digest.title for digest in library_index.digests() if allowed(digest)}


@pytest.mark.parametrize("filters", [{"source": ["textbook"]}, {"specialty": ["alchemy"]}, {"owner": "me"}])
async def test_a_filter_that_nothing_passes_finds_nothing(search, filters):
    answer = await search("treatment of kidney disease", **filters)
    assert (answer.status_code, answer.json()) == (200, {"items": [], "complete": True})


@pytest.mark.parametrize(
    "filters",
    [
        {"year_from": 2022, "year_to": 2020},
        {"year_from": "soon"},
        {"owner": "him"},
        {"specialty": [""]},
        {"source": "x"},
    ],
)
async def test_a_filter_that_means_nothing_is_refused(search, filters):
    answer = await search("gout", **filters)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_a_brand_finds_what_is_written_under_the_generic_name(search):
    items = (await search("dose of Savaysa")).json()["items"]
    assert any("edoxaban" in item["text"].lower() or "Edoxaban" in item["heading"] for item in items[:3])


@pytest.mark.req("C1.4")
@pytest.mark.parametrize(
    ("topic", "kinds"),
    [
        ("kidney disease", {"Acute kidney injury", "Chronic kidney disease"}),
        ("diabetes", {"Type 1 diabetes", "Type 2 diabetes"}),
        ("stroke", {"Acute ischemic stroke", "Transient ischemic attack"}),
        ("heart failure", {"Heart failure with reduced ejection fraction"}),
        ("pneumonia", {"Community-acquired pneumonia"}),
        ("thyroid disease", {"Hypothyroidism", "Hyperthyroidism"}),
        ("anaphylaxis", set()),
        ("asthma", set()),
        ("gout", set()),
    ],
)
async def test_the_library_offers_the_kinds_it_holds_of_a_bare_topic(caller, person, topic, kinds):
    async with caller(main.room, await person()) as client:
        found = (await client.post("/api/v1/search", json={"query": topic, "limit": 50})).json()["items"]
    question = f"how is {topic} treated"
    seen = [Seen(one["title"], one["score"]) for one in found]
    decision = decide(question, topic_of(question), seen, load())
    assert kinds <= set(decision.options)
    assert decision.asks == bool(kinds)


@pytest.fixture
def uploaded(caller, person, said, deliver):
    """A document, uploaded and indexed through the doors of the other rooms."""
    from functions.documents.main import room as documents
    from functions.ingestion.main import room as ingestion

    async def make(data, name, role="user", **fields):
        owner = await person(role)
        async with caller(documents, owner) as client:
            body = (await client.post("/api/v1/documents", files={"file": (name, data)}, data=fields)).json()
        assert await deliver(ingestion, (await said(body["id"]))[0]) == 204
        return owner, body

    return make


ZORBAMICIN = b"# Zorbamicin\n\n## Dose\n\nThe loading dose of zorbamicin is 437 mg over ninety minutes.\n"


async def test_an_uploaded_document_is_cited_to_its_owner_and_unknown_to_others(ask, uploaded, caller):
    from functions.documents.main import room as documents

    owner, body = await uploaded(ZORBAMICIN, "zorbamicin.md")
    question = "what is the loading dose of zorbamicin"
    answer = await ask(question, owner)
    assert answer["status"] == "supported"
    assert answer["spoken"].startswith("The loading dose of zorbamicin is 437 mg over ninety minutes.")
    citation = answer["citations"][0]
    assert (citation["document_id"], citation["starter"]) == (body["id"], False)
    assert citation["section"] == "Zorbamicin › Dose"
    assert (await ask(question))["status"] == "abstained"

    async with caller(documents, owner) as client:
        await client.delete(f"/api/v1/documents/{body['id']}")
    assert (await ask(question, owner))["status"] == "abstained"


async def test_a_search_of_my_own_leaves_out_what_others_share(search, uploaded, person):
    owner, body = await uploaded(ZORBAMICIN, "zorbamicin.md", role="admin", visibility="shared")
    mine = (await search("zorbamicin", owner, owner="me")).json()["items"]
    assert {item["document_id"] for item in mine} == {body["id"]}
    other = await person()
    assert (await search("zorbamicin", other)).json()["items"][0]["document_id"] == body["id"]
    assert (await search("zorbamicin", other, owner="me")).json()["items"] == []
    assert (await search("zorbamicin", owner, owner="me", year_from=2000)).json()["items"] == []


async def test_a_shared_document_answers_in_its_tenant_only(ask, uploaded, person):
    text = ZORBAMICIN.replace(b"zorbamicin", b"quillomycin").replace(b"437", b"512")
    await uploaded(text, "quillomycin.md", role="admin", visibility="shared")
    question = "what is the loading dose of quillomycin"
    assert "512 mg" in (await ask(question))["spoken"]
    stranger = await person(tenant_id=ids.new_id())
    assert (await ask(question, stranger))["status"] == "abstained"


@pytest.mark.req("P5.11")
async def test_without_the_knowledge_base_documents_still_answer_and_it_is_said(ask, uploaded, monkeypatch):
    owner, _ = await uploaded(ZORBAMICIN, "zorbamicin.md")
    down = Qdrant("http://127.0.0.1:1", "")
    monkeypatch.setattr(providers, "knowledge", lambda: down)
    monkeypatch.setattr(main, "keeper", library_index.Keeper())
    answer = await ask("what is the loading dose of zorbamicin", owner)
    assert answer["status"] == "supported"
    assert "could not be searched" in answer["notice"]
    await down.close()


async def test_without_any_source_it_is_503_and_ready_says_so(caller, person, monkeypatch):
    from voiceassist.adapters.postgres import Database

    owner = await person()
    down = Qdrant("http://127.0.0.1:1", "")
    dead = Database("postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setattr(providers, "knowledge", lambda: down)
    monkeypatch.setattr(providers, "database", lambda: dead)
    monkeypatch.setattr(main, "keeper", library_index.Keeper())
    async with caller(main.room, owner) as client:
        answer = await client.post("/api/v1/answers", json={"question": "sepsis"})
        ready = await client.get("/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "KB_UNAVAILABLE")
    assert ready.status_code == 503
    assert ready.json()["dependencies"] == {"postgres": "down", "qdrant": "down", "library": "down"}


@pytest.mark.req("P5.11")
async def test_a_cross_encoder_that_cannot_be_loaded_costs_neither_readiness_nor_a_search(caller, search, monkeypatch):
    class Broken:
        model_id = "broken"

        def scores(self, _query, _passages):
            raise ImportError("torch")

    plain = (await search("treatment of sepsis")).json()
    monkeypatch.setattr(providers, "reranker", Broken)
    async with caller(main.room, None) as client:
        assert (await client.get("/ready")).status_code == 200
    assert (await search("treatment of sepsis")).json() == plain


async def test_asking_for_readiness_builds_the_library_and_goes_on_when_the_caller_left(caller, monkeypatch):
    built = []
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow():
        started.set()
        await go_on.wait()
        built.append("once")
        return "name"

    monkeypatch.setattr(library_index, "ensure", slow)
    monkeypatch.setattr(main, "keeper", library_index.Keeper())
    impatient = asyncio.create_task(main.warm())
    await started.wait()
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    go_on.set()
    async with caller(main.room, None) as client:
        ready = await client.get("/ready")
        assert (await client.get("/ready")).status_code == 200
    assert ready.json()["dependencies"]["library"] == "healthy"
    assert built == ["once"]


async def test_after_the_knowledge_base_was_away_the_library_is_looked_for_again(monkeypatch):
    calls = []

    async def ensure():
        calls.append(1)
        return "name"

    monkeypatch.setattr(library_index, "ensure", ensure)
    monkeypatch.setattr(main, "keeper", library_index.Keeper())
    await main.keeper.ready()
    await main.keeper.ready()
    main.observe(main.KNOWLEDGE, None)
    await main.keeper.ready()
    assert len(calls) == 2


async def test_an_answer_is_given_even_if_it_cannot_be_recorded(ask, monkeypatch):
    from voiceassist.core.errors import UnavailableError

    async def down(*_args, **_options):
        raise UnavailableError

    monkeypatch.setattr(main.store, "say", down)
    assert (await ask("management of anaphylaxis"))["status"] == "supported"


async def test_the_library_is_listed_as_starter_material(caller, person):
    async with caller(main.room, await person()) as client:
        items = (await client.get("/api/v1/library")).json()["items"]
    assert len(items) >= 40
    assert all(item["starter"] and not item["reviewed"] and item["references"] for item in items)


@pytest.mark.parametrize(
    "body", [{}, {"question": ""}, {"question": "x" * 2001}, {"question": "a", "extra": "secretvalue"}, []]
)
async def test_bad_questions_are_problem_documents_without_echo(caller, person, body):
    async with caller(main.room, await person()) as client:
        answer = await client.post("/api/v1/answers", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert "secretvalue" not in answer.text


async def test_nobody_asks_without_an_identity(caller):
    async with caller(main.room, None) as client:
        assert (await client.post("/api/v1/answers", json={"question": "gout"})).status_code == 401
        assert (await client.get("/api/v1/library")).status_code == 401


class TestLibraryIndex:
    """The index of the library, in collections of its own."""

    @pytest.fixture
    async def server(self, settings):
        server = Qdrant(settings.qdrant.url, settings.qdrant.api_key, ca_file=settings.ca_file)
        yield server
        for name in await server.collections():
            if name.startswith("trial_"):
                await server.drop(name)
        await server.close()

    @pytest.fixture
    def chunks(self):
        return library_index.passages(library_index.digests()[:5])

    async def test_it_is_built_once(self, server, chunks, rooms_environment):
        embedder = providers.embedder()
        alias = "trial_once"
        first = await library_index.ensured(chunks, server, embedder, alias=alias)
        built = []

        class Watched:
            model, model_id, dimension = embedder.model, embedder.model_id, embedder.dimension

            def embed_passages(self, texts):
                built.append(len(texts))
                return embedder.embed_passages(texts)

        assert await library_index.ensured(chunks, server, Watched(), alias=alias) == first
        assert built == []
        assert await QdrantIndex(server, alias).count() == len(chunks)

    async def test_a_change_is_served_after_the_switch_and_the_old_index_goes(self, server, chunks, rooms_environment):
        alias = "trial_change"
        embedder = providers.embedder()
        first = await library_index.ensured(chunks, server, embedder, alias=alias)
        changed = [replace(chunks[0], text="Zebrafish are striped."), *chunks[1:]]
        second = await library_index.ensured(changed, server, embedder, alias=alias)
        assert first != second
        assert await server.alias_target(alias) == second
        hits = (await QdrantIndex(server, alias).search(Query("zebrafish"))).by_words
        assert hits[0].chunk.text == "Zebrafish are striped."
        again = [replace(chunks[0], text="Quaggas were striped."), *chunks[1:]]
        third = await library_index.ensured(again, server, embedder, alias=alias)
        kept = {name for name in await server.collections() if name.startswith("trial_change")}
        assert kept == {second, third}

    async def test_a_room_with_the_model_before_finds_its_collection_until_the_next_change(
        self, server, chunks, rooms_environment
    ):
        """Two revisions serve side by side for a while; neither compares its vectors with the other's."""
        alias = "trial_models"
        embedder = providers.embedder()
        await library_index.ensured(chunks, server, embedder, alias=alias)

        class Another:
            model = replace(embedder.model, name="another", dimension=16)
            model_id, dimension = model.id, 16

            def embed_passages(self, texts):
                vectors = embedder.embed_passages(texts)[:, :16]
                return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

        await library_index.ensured(chunks, server, Another(), alias=alias)
        vector = embedder.embed_query(chunks[0].searchable)
        for model_id, asked in ((embedder.model_id, vector), (Another.model_id, vector[:16])):
            index = QdrantIndex(server, alias, model_id=model_id)
            hits = (await index.search(Query(chunks[0].title, asked))).by_meaning
            assert hits[0].chunk.chunk_id == chunks[0].chunk_id
        unheard = QdrantIndex(server, alias, model_id="unheard/float32/mean/00000000")
        with pytest.raises(IndexModelError):
            await unheard.search(Query("gout", vector))

    async def test_a_build_that_dies_leaves_the_old_index_in_service(
        self, server, chunks, monkeypatch, rooms_environment
    ):
        alias = "trial_crash"
        embedder = providers.embedder()
        first = await library_index.ensured(chunks, server, embedder, alias=alias)
        changed = [replace(chunks[0], text="Zebrafish are striped."), *chunks[1:]]

        async def die(*_args):
            raise ConnectionError

        with monkeypatch.context() as patch:
            patch.setattr(Qdrant, "point_alias", die)
            with pytest.raises(ConnectionError):
                await library_index.ensured(changed, server, embedder, alias=alias)
        assert await server.alias_target(alias) == first
        assert await QdrantIndex(server, alias).count() == len(chunks)
        second = await library_index.ensured(changed, server, embedder, alias=alias)
        assert await QdrantIndex(server, alias).count() == len(chunks)
        assert await server.alias_target(alias) == second

    async def test_two_builders_at_once_make_one_index(self, server, chunks, monkeypatch, rooms_environment):
        alias = "trial_race"
        monkeypatch.setattr(library_index, "_building", asyncio.Semaphore(2))
        names = await asyncio.gather(
            *(library_index.ensured(chunks, server, providers.embedder(), alias=alias) for _ in range(2))
        )
        assert len(set(names)) == 1
        assert await QdrantIndex(server, alias).count() == len(chunks)


async def test_the_shipped_library_stands_behind_the_alias(rooms_environment):
    name = await library_index.ensure()
    assert await providers.knowledge().alias_target(COLLECTION) == name
    expected = len(library_index.passages(library_index.digests()))
    assert await QdrantIndex(providers.knowledge()).count() == expected
