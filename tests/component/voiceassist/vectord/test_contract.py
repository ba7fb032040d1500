"""vectord under an unmodified qdrant-client: what a Qdrant server would answer."""

import random
import uuid
from collections.abc import Iterator
from importlib import metadata

import httpx
import numpy as np
import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from voiceassist.runtime.settings import Settings

pytestmark = pytest.mark.req("P1.4")

DENSE, WORDS = "dense", "words"
SPECIALTIES = ("cardiology", "nephrology", "neurology")


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[QdrantClient]:
    opened = QdrantClient(
        url=settings.qdrant.url,
        api_key=settings.qdrant.api_key,
        verify=settings.ca_file,
        timeout=20,
        check_compatibility=False,
    )
    yield opened
    opened.close()


@pytest.fixture
def name(client: QdrantClient) -> Iterator[str]:
    """A collection with a dense and a sparse vector."""
    chosen = f"c_{uuid.uuid4().hex[:8]}"
    client.create_collection(
        chosen,
        vectors_config={DENSE: models.VectorParams(size=4, distance=models.Distance.COSINE)},
        sparse_vectors_config={WORDS: models.SparseVectorParams(modifier=models.Modifier.IDF)},
    )
    yield chosen
    client.delete_collection(chosen)


def point(number: int, **payload: object) -> models.PointStruct:
    return models.PointStruct(
        id=number,
        vector={
            DENSE: [1.0, number / 10, 0.0, 0.0],
            WORDS: models.SparseVector(indices=[number, 99], values=[1.0, 0.5]),
        },
        payload={
            "number": number,
            "specialty": SPECIALTIES[number % 3],
            "year": 2000 + number,
            "reviewed": number % 2 == 0,
            "tags": ["a", f"t{number}"],
            "at": f"2024-01-{number + 1:02d}T00:00:00Z",
            "nested": [{"drug": "x", "dose": number}],
            **payload,
        },
    )


@pytest.fixture
def filled(client: QdrantClient, name: str) -> str:
    client.upsert(name, [point(number) for number in range(20)], wait=True)
    return name


def test_the_version_is_one_the_client_accepts(settings: Settings) -> None:
    """Its own check can not be used here: it asks without our CA (qdrant-client 1.20, version_check.py)."""
    from qdrant_client.common.version_check import is_compatible

    assert is_compatible(metadata.version("qdrant-client"), raw(settings, "GET", "/").json()["version"])


def test_collections_are_created_described_and_deleted(client: QdrantClient, name: str) -> None:
    assert client.collection_exists(name)
    assert name in {entry.name for entry in client.get_collections().collections}
    info = client.get_collection(name)
    assert info.status == models.CollectionStatus.GREEN
    assert info.config.params.vectors[DENSE].size == 4
    assert info.config.params.sparse_vectors[WORDS].modifier == models.Modifier.IDF
    assert info.points_count == 0
    with pytest.raises(UnexpectedResponse) as refused:
        client.create_collection(name, vectors_config=models.VectorParams(size=4, distance=models.Distance.DOT))
    assert refused.value.status_code == 409
    assert not client.collection_exists("nowhere")
    with pytest.raises(UnexpectedResponse) as missing:
        client.get_collection("nowhere")
    assert missing.value.status_code == 404


def test_an_unnamed_vector_comes_back_as_a_list(client: QdrantClient) -> None:
    chosen = f"c_{uuid.uuid4().hex[:8]}"
    client.create_collection(chosen, vectors_config=models.VectorParams(size=2, distance=models.Distance.DOT))
    identifier = str(uuid.uuid4())
    client.upsert(chosen, [models.PointStruct(id=identifier, vector=[3.0, 4.0], payload={"a": 1})])
    (found,) = client.retrieve(chosen, [identifier], with_vectors=True)
    assert (found.id, found.vector, found.payload) == (identifier, [3.0, 4.0], {"a": 1})
    assert client.query_points(chosen, query=identifier).points == []
    assert client.query_points(chosen, query=[1.0, 1.0]).points[0].score == pytest.approx(7.0)
    client.delete_collection(chosen)


def test_upsert_is_idempotent_and_replaces(client: QdrantClient, filled: str) -> None:
    client.upsert(filled, [point(3, year=1999)])
    assert client.count(filled).count == 20
    (found,) = client.retrieve(filled, [3])
    assert found.payload["year"] == 1999


def test_upsert_by_columns(client: QdrantClient, name: str) -> None:
    client.upsert(
        name,
        models.Batch(ids=[1, 2], vectors={DENSE: [[1, 0, 0, 0], [0, 1, 0, 0]]}, payloads=[{"a": 1}, {"a": 2}]),
    )
    assert [record.payload for record in client.retrieve(name, [1, 2])] == [{"a": 1}, {"a": 2}]


def test_dense_and_sparse_queries(client: QdrantClient, filled: str) -> None:
    dense = client.query_points(filled, query=[1.0, 0.5, 0.0, 0.0], using=DENSE, limit=3, with_payload=True).points
    assert dense[0].id == 5
    assert dense[0].payload["number"] == 5
    assert dense[0].score == pytest.approx(1.0, abs=1e-5)
    sparse = client.query_points(
        filled, query=models.SparseVector(indices=[7], values=[1.0]), using=WORDS, limit=3
    ).points
    assert [hit.id for hit in sparse] == [7]
    by_id = client.query_points(filled, query=5, using=DENSE, limit=2).points
    assert 5 not in {hit.id for hit in by_id}


def test_hybrid_fusion_order(client: QdrantClient, filled: str) -> None:
    """Reciprocal ranks: the point in both lists wins; the sums are those of the formula 1 / (2 + rank)."""
    prefetch = [
        models.Prefetch(query=[1.0, 0.5, 0.0, 0.0], using=DENSE, limit=5),
        models.Prefetch(query=models.SparseVector(indices=[5, 7], values=[1.0, 0.8]), using=WORDS, limit=2),
    ]
    hits = client.query_points(filled, prefetch=prefetch, query=models.FusionQuery(fusion=models.Fusion.RRF)).points
    assert hits[0].id == 5
    assert hits[0].score == pytest.approx(1 / 2 + 1 / 2)
    assert hits[1].id == 7 or hits[1].score == pytest.approx(1 / 3)
    weighted = models.RrfQuery(rrf=models.Rrf(k=60))
    assert client.query_points(filled, prefetch=prefetch, query=weighted).points[0].score == pytest.approx(2 / 60)
    assert client.query_points(filled, prefetch=prefetch, query=models.FusionQuery(fusion=models.Fusion.DBSF)).points


def test_prefetch_filters_and_nesting(client: QdrantClient, filled: str) -> None:
    recent = models.Filter(must=[models.FieldCondition(key="year", range=models.Range(gte=2010))])
    inner = models.Prefetch(query=[1.0, 0.5, 0.0, 0.0], using=DENSE, limit=20, filter=recent)
    hits = client.query_points(filled, prefetch=inner, query=[1.0, 0.0, 0.0, 0.0], using=DENSE, limit=5).points
    assert len(hits) == 5
    assert all(hit.id >= 10 for hit in hits)


def test_mmr_order_by_and_sample(client: QdrantClient, filled: str) -> None:
    diverse = models.NearestQuery(nearest=[1.0, 0.5, 0.0, 0.0], mmr=models.Mmr(diversity=0.5, candidates_limit=10))
    assert len(client.query_points(filled, query=diverse, using=DENSE, limit=4).points) == 4
    client.create_payload_index(filled, "year", models.PayloadSchemaType.INTEGER)
    newest = models.OrderByQuery(order_by=models.OrderBy(key="year", direction=models.Direction.DESC))
    assert [hit.id for hit in client.query_points(filled, query=newest, limit=3).points] == [19, 18, 17]
    chance = models.SampleQuery(sample=models.Sample.RANDOM)
    assert len(client.query_points(filled, query=chance, limit=7).points) == 7


FILTERS = {
    "value": (
        models.FieldCondition(key="specialty", match=models.MatchValue(value="cardiology")),
        {0, 3, 6, 9, 12, 15, 18},
    ),
    "any": (models.FieldCondition(key="number", match=models.MatchAny(any=[1, 4])), {1, 4}),
    "except": (models.FieldCondition(key="number", match=models.MatchExcept(**{"except": list(range(2, 20))})), {0, 1}),
    "text": (models.FieldCondition(key="specialty", match=models.MatchText(text="neurology")), {2, 5, 8, 11, 14, 17}),
    "range": (models.FieldCondition(key="year", range=models.Range(gt=2003, lte=2006)), {4, 5, 6}),
    "datetime": (models.FieldCondition(key="at", range=models.DatetimeRange(lt="2024-01-03T00:00:00Z")), {0, 1}),
    "array": (models.FieldCondition(key="tags", match=models.MatchValue(value="t7")), {7}),
    "count": (models.FieldCondition(key="tags", values_count=models.ValuesCount(gt=2)), set()),
    "has_id": (models.HasIdCondition(has_id=[2, 5]), {2, 5}),
    "empty": (models.IsEmptyCondition(is_empty=models.PayloadField(key="absent")), set(range(20))),
    "null": (models.IsNullCondition(is_null=models.PayloadField(key="number")), set()),
    "bool": (models.FieldCondition(key="reviewed", match=models.MatchValue(value=False)), set(range(1, 20, 2))),
    "nested": (
        models.NestedCondition(
            nested=models.Nested(
                key="nested",
                filter=models.Filter(
                    must=[
                        models.FieldCondition(key="drug", match=models.MatchValue(value="x")),
                        models.FieldCondition(key="dose", range=models.Range(gte=18)),
                    ]
                ),
            )
        ),
        {18, 19},
    ),
    "has_vector": (models.HasVectorCondition(has_vector=WORDS), set(range(20))),
}


@pytest.mark.parametrize("kind", FILTERS)
def test_filter_algebra(client: QdrantClient, filled: str, kind: str) -> None:
    condition, expected = FILTERS[kind]
    for filters, ids in (
        (models.Filter(must=[condition]), expected),
        (models.Filter(must_not=[condition]), set(range(20)) - expected),
        (models.Filter(should=[condition, models.HasIdCondition(has_id=[13])]), expected | {13}),
        (models.Filter(must=[models.Filter(must=[condition])]), expected),
        (
            models.Filter(min_should=models.MinShould(conditions=[condition, condition], min_count=2)),
            expected,
        ),
    ):
        found, _ = client.scroll(filled, scroll_filter=filters, limit=100)
        assert {record.id for record in found} == ids
        assert client.count(filled, count_filter=filters).count == len(ids)


def test_scroll_pages_over_everything_once(client: QdrantClient, filled: str) -> None:
    seen: list[int] = []
    offset = None
    while True:
        page, offset = client.scroll(filled, limit=7, offset=offset, with_payload=["number"])
        assert all(set(record.payload) == {"number"} for record in page)
        seen += [record.id for record in page]
        if offset is None:
            break
    assert seen == list(range(20))


def test_payload_selection(client: QdrantClient, filled: str) -> None:
    (record,) = client.retrieve(filled, [1], with_payload=models.PayloadSelectorExclude(exclude=["tags", "nested"]))
    assert "tags" not in record.payload
    assert "year" in record.payload
    (record,) = client.retrieve(filled, [1], with_payload=False, with_vectors=[DENSE])
    assert record.payload is None
    assert set(record.vector) == {DENSE}


def test_delete_by_id_and_filter(client: QdrantClient, filled: str) -> None:
    client.delete(filled, [0, 1])
    client.delete(filled, models.Filter(must=[models.FieldCondition(key="year", range=models.Range(gte=2010))]))
    assert client.count(filled).count == 8


def test_payloads_are_set_overwritten_and_deleted(client: QdrantClient, filled: str) -> None:
    client.set_payload(filled, {"superseded": True}, points=[1])
    assert client.retrieve(filled, [1])[0].payload["superseded"] is True
    client.delete_payload(filled, ["year"], points=[1])
    assert "year" not in client.retrieve(filled, [1])[0].payload
    client.overwrite_payload(filled, {"only": 1}, points=models.Filter(must=[models.HasIdCondition(has_id=[2])]))
    assert client.retrieve(filled, [2])[0].payload == {"only": 1}
    client.clear_payload(filled, [3])
    assert client.retrieve(filled, [3])[0].payload in ({}, None)


def test_vectors_are_updated_and_deleted(client: QdrantClient, filled: str) -> None:
    client.update_vectors(filled, [models.PointVectors(id=1, vector={DENSE: [0, 0, 0, 1]})])
    assert client.query_points(filled, query=[0, 0, 0, 1.0], using=DENSE, limit=1).points[0].id == 1
    client.delete_vectors(filled, [WORDS], [1])
    assert set(client.retrieve(filled, [1], with_vectors=True)[0].vector) == {DENSE}


def test_batches(client: QdrantClient, filled: str) -> None:
    client.batch_update_points(
        filled,
        [
            models.UpsertOperation(upsert=models.PointsList(points=[point(50)])),
            models.SetPayloadOperation(set_payload=models.SetPayload(payload={"x": 1}, points=[50])),
            models.DeleteOperation(delete=models.PointIdsList(points=[0])),
        ],
    )
    assert client.retrieve(filled, [50])[0].payload["x"] == 1
    assert client.retrieve(filled, [0]) == []
    requests = [models.QueryRequest(query=[1.0, 0.5, 0, 0], using=DENSE, limit=number) for number in (1, 2)]
    assert [len(answer.points) for answer in client.query_batch_points(filled, requests)] == [1, 2]


def test_payload_index_and_facet(client: QdrantClient, filled: str) -> None:
    for field, kind in (
        ("specialty", models.PayloadSchemaType.KEYWORD),
        ("year", models.PayloadSchemaType.INTEGER),
        ("reviewed", models.PayloadSchemaType.BOOL),
        ("at", models.PayloadSchemaType.DATETIME),
    ):
        client.create_payload_index(filled, field, kind, wait=True)
    client.create_payload_index(
        filled, "tags", models.TextIndexParams(type="text", tokenizer=models.TokenizerType.WORD, lowercase=True)
    )
    assert client.get_collection(filled).payload_schema["specialty"].data_type == models.PayloadSchemaType.KEYWORD
    hits = client.facet(filled, "specialty").hits
    assert {hit.value: hit.count for hit in hits} == {"cardiology": 7, "nephrology": 7, "neurology": 6}
    reviewed = models.Filter(must=[models.FieldCondition(key="reviewed", match=models.MatchValue(value=True))])
    assert sum(hit.count for hit in client.facet(filled, "specialty", facet_filter=reviewed).hits) == 10
    client.delete_payload_index(filled, "year")
    assert "year" not in client.get_collection(filled).payload_schema


def test_groups(client: QdrantClient, filled: str) -> None:
    groups = client.query_points_groups(
        filled, group_by="specialty", query=[1.0, 0.5, 0, 0], using=DENSE, limit=2, group_size=2
    ).groups
    assert [len(group.hits) for group in groups] == [2, 2]
    assert groups[0].hits[0].id == 5
    assert groups[0].id == SPECIALTIES[5 % 3]


def test_aliases_switch_at_once(client: QdrantClient, name: str) -> None:
    other, alias = f"{name}_2", f"{name}_alias"
    client.create_collection(
        other, vectors_config={DENSE: models.VectorParams(size=4, distance=models.Distance.COSINE)}
    )
    create = models.CreateAliasOperation(create_alias=models.CreateAlias(collection_name=name, alias_name=alias))
    client.update_collection_aliases([create])
    client.upsert(alias, [point(1)])
    assert client.count(name).count == 1
    switch = models.CreateAliasOperation(create_alias=models.CreateAlias(collection_name=other, alias_name=alias))
    drop = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))
    client.update_collection_aliases([drop, switch])
    assert client.count(alias).count == 0
    assert [entry.alias_name for entry in client.get_collection_aliases(other).aliases] == [alias]
    assert (alias, other) in {(entry.alias_name, entry.collection_name) for entry in client.get_aliases().aliases}
    client.delete_collection(other)
    assert not client.collection_exists(alias)


def test_a_setting_is_changed(client: QdrantClient, filled: str) -> None:
    client.update_collection(filled, hnsw_config=models.HnswConfigDiff(m=24))
    assert client.get_collection(filled).config.hnsw_config.m == 24
    assert client.count(filled).count == 20


def test_recall_is_that_of_an_exact_scan(client: QdrantClient, name: str) -> None:
    generator = np.random.default_rng(7)
    vectors = generator.normal(size=(2000, 4))
    client.upload_collection(name, vectors={DENSE: vectors}, ids=range(2000), wait=True)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    found = wanted = 0
    for query in generator.normal(size=(20, 4)):
        exact = set(np.argsort(-(unit @ (query / np.linalg.norm(query))))[:10])
        hits = client.query_points(name, query=query.tolist(), using=DENSE, limit=10).points
        found += len(exact & {hit.id for hit in hits})
        wanted += 10
    assert found / wanted >= 0.99


# Bad input: what a server must refuse rather than guess.


def raw(settings: Settings, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
    import ssl

    context = ssl.create_default_context(cafile=settings.ca_file)
    given = {"api-key": settings.qdrant.api_key} | headers
    content = body if isinstance(body, bytes) else None
    return httpx.request(
        method, settings.qdrant.url + path, headers=given, verify=context, content=content,
        json=None if content is not None else body, trust_env=False, timeout=20,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("points/query", {"query": [1, 0, 0, 0], "using": DENSE, "oversample": 2}),
        ("points/query", {"query": [1, 0, 0, 0], "using": DENSE, "filter": {"must": [{"key": "a", "matches": {}}]}}),
        ("points/query", {"query": [1, 0, 0, 0], "using": DENSE, "filter": {"musst": []}}),
        ("points/query", {"query": [1, 0, 0, 0], "using": "absent"}),
        ("points/query", {"query": [1, 0], "using": DENSE}),
        ("points/query", {"query": {"fusion": "average"}}),
        ("points/query", {"query": {"fusion": "rrf", "k": 3}}),
        ("points/query", {"query": {"formula": 1}}),
        ("points/query", {"query": True}),
        ("points/query", {"query": {"nearest": {"indices": [1]}}}),
        ("points/scroll", {"filter": {"must": [{"key": "a", "match": {"value": 1, "any": [1]}}]}}),
        ("points/scroll", {"filter": {"must": [{"key": "a"}]}}),
        ("points/scroll", {"filter": {"must": ["a"]}}),
        ("points/scroll", {"filter": {"must": [{"key": "a", "range": {"gte": "yesterday"}}]}}),
        ("points/scroll", {"order_by": "not_indexed"}),
        ("points/count", {"precise": True}),
        ("points/delete", {}),
        ("points/delete", {"points": [1], "filter": {}}),
        ("points/batch", {"operations": [{"truncate": {}}]}),
        ("points", {"ids": ["not-a-uuid"]}),
        ("points", b"{"),
        ("points", b"[]"),
    ],
)
def test_wrong_requests_answer_400(settings: Settings, name: str, path: str, body: object) -> None:
    answer = raw(settings, "POST", f"/collections/{name}/{path}", body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["status"]["error"]


def test_a_facet_needs_an_index(settings: Settings, filled: str) -> None:
    assert raw(settings, "POST", f"/collections/{filled}/facet", {"key": "not_indexed"}).status_code == 400


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_limit_out_of_bounds_answers_422(settings: Settings, name: str, limit: int) -> None:
    body = {"query": [1, 0, 0, 0], "using": DENSE, "limit": limit}
    assert raw(settings, "POST", f"/collections/{name}/points/query", body).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"vectors": {"size": 4}},
        {"vectors": {"size": 4, "distance": "Cosine", "speed": 1}},
        {"vectors": {"size": 4, "distance": "Cosine"}, "replication_factor": 3},
        {"vectors": {"size": 4, "distance": "Cosine"}, "strict": 1},
        {"vectors": {"size": -4, "distance": "Cosine"}},
        {"vectors": {}},
    ],
)
def test_a_collection_that_cannot_be_honoured_is_refused(settings: Settings, body: object) -> None:
    chosen = f"c_{random.randrange(10**9)}"
    assert raw(settings, "PUT", f"/collections/{chosen}", body).status_code == 400
    assert raw(settings, "GET", f"/collections/{chosen}").status_code == 404


@pytest.mark.parametrize("chosen", ["..", "a%2Fb", "%2e%2e%2fetc", "a b", "x" * 200, ".hidden"])
def test_a_name_that_could_leave_the_folder_is_refused(settings: Settings, chosen: str) -> None:
    body = {"vectors": {"size": 4, "distance": "Cosine"}}
    assert raw(settings, "PUT", f"/collections/{chosen}", body).status_code in {400, 404, 405}


def test_a_half_wrong_batch_changes_nothing(settings: Settings, client: QdrantClient, filled: str) -> None:
    body = {"operations": [{"delete": {"points": [1]}}, {"delete": {"point": [2]}}]}
    assert raw(settings, "POST", f"/collections/{filled}/points/batch", body).status_code == 400
    assert client.count(filled).count == 20


def test_a_key_is_needed_everywhere_but_for_health(settings: Settings, name: str) -> None:
    for path in ("/", "/collections", f"/collections/{name}", "/aliases"):
        assert raw(settings, "GET", path, **{"api-key": ""}).status_code == 401
    assert (
        raw(
            settings, "GET", "/collections", **{"api-key": "", "authorization": f"Bearer {settings.qdrant.api_key}"}
        ).status_code
        == 200
    )
    for path in ("/healthz", "/livez", "/readyz"):
        assert raw(settings, "GET", path, **{"api-key": ""}).status_code == 200


def test_unknown_routes_and_methods(settings: Settings, name: str) -> None:
    assert raw(settings, "GET", "/nothing").status_code == 404
    assert raw(settings, "DELETE", "/aliases").status_code == 405
    assert raw(settings, "POST", "/collections/absent/points/count", {}).status_code == 404


def test_a_body_that_is_too_large_is_refused(settings: Settings, name: str) -> None:
    assert raw(settings, "PUT", f"/collections/{name}/points", b" " * (64 * 1_048_576 + 1)).status_code == 413
