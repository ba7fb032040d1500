"""The request bodies of Qdrant's REST interface, as far as vectord honours them.

A field that is not here answers 400: a setting silently ignored would be found out in production.
"""

from typing import Any, Literal

import msgspec

PointId = int | str
Payload = dict[str, Any]


class Body(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A request body or a part of one."""


class SparseVector(Body, frozen=True):
    indices: list[int]
    values: list[float]


# A dense vector, a multivector, or named ones; `points.py` reads it, and the engine checks the numbers.
Vector = list[Any] | dict[str, Any]


class Point(Body, frozen=True):
    id: PointId
    vector: Vector
    payload: Payload | None = None


class Batch(Body, frozen=True):
    ids: list[PointId]
    vectors: Vector
    payloads: list[Payload | None] | None = None


class Upsert(Body, frozen=True):
    points: list[Point] | None = None
    batch: Batch | None = None
    update_filter: dict[str, Any] | None = None
    update_mode: Literal["upsert", "insert_only", "update_only"] = "upsert"


class Selector(Body, frozen=True):
    points: list[PointId] | None = None
    filter: dict[str, Any] | None = None


class SetPayload(Body, frozen=True):
    payload: Payload
    points: list[PointId] | None = None
    filter: dict[str, Any] | None = None
    key: str | None = None


class DeletePayload(Body, frozen=True):
    keys: list[str]
    points: list[PointId] | None = None
    filter: dict[str, Any] | None = None


class PointVectors(Body, frozen=True):
    id: PointId
    vector: Vector


class UpdateVectors(Body, frozen=True):
    points: list[PointVectors]
    update_filter: dict[str, Any] | None = None


class DeleteVectors(Body, frozen=True):
    vector: list[str]
    points: list[PointId] | None = None
    filter: dict[str, Any] | None = None


class Operations(Body, frozen=True):
    operations: list[dict[str, msgspec.Raw]]


class PayloadParts(Body, frozen=True):
    include: list[str] | None = None
    exclude: list[str] | None = None


WithPayload = bool | list[str] | PayloadParts | None
WithVector = bool | list[str] | None


class Retrieve(Body, frozen=True):
    ids: list[PointId]
    with_payload: WithPayload = True
    with_vector: WithVector = False


class OrderBy(Body, frozen=True):
    key: str
    direction: Literal["asc", "desc"] = "asc"
    start_from: int | float | str | None = None


class Scroll(Body, frozen=True):
    offset: PointId | None = None
    limit: int = 10
    filter: dict[str, Any] | None = None
    with_payload: WithPayload = True
    with_vector: WithVector = False
    order_by: OrderBy | str | None = None


class Count(Body, frozen=True):
    filter: dict[str, Any] | None = None
    exact: bool = True


class Facet(Body, frozen=True):
    key: str
    limit: int = 10
    filter: dict[str, Any] | None = None
    exact: bool = False


class QuantizationSearch(Body, frozen=True):
    ignore: bool = False
    rescore: bool | None = None
    oversampling: float | None = None


class Acorn(Body, frozen=True):
    enable: bool = False
    max_selectivity: float | None = None


class SearchParams(Body, frozen=True):
    hnsw_ef: int | None = None
    exact: bool = False
    indexed_only: bool = False
    quantization: QuantizationSearch | None = None
    acorn: Acorn | None = None


class Prefetch(Body, frozen=True):
    query: Any = None
    using: str | None = None
    prefetch: "list[Prefetch] | Prefetch | None" = None
    filter: dict[str, Any] | None = None
    params: SearchParams | None = None
    score_threshold: float | None = None
    limit: int = 10


class Query(Body, frozen=True):
    query: Any = None
    using: str | None = None
    prefetch: list[Prefetch] | Prefetch | None = None
    filter: dict[str, Any] | None = None
    params: SearchParams | None = None
    score_threshold: float | None = None
    limit: int = 10
    offset: int = 0
    with_payload: WithPayload = False
    with_vector: WithVector = False


class QueryBatch(Body, frozen=True):
    searches: list[Query]


class QueryGroups(Body, frozen=True):
    group_by: str
    query: Any = None
    using: str | None = None
    prefetch: list[Prefetch] | Prefetch | None = None
    filter: dict[str, Any] | None = None
    params: SearchParams | None = None
    score_threshold: float | None = None
    limit: int = 10
    group_size: int = 3
    with_payload: WithPayload = True
    with_vector: WithVector = False


class Mmr(Body, frozen=True):
    diversity: float = 0.5
    candidates_limit: int | None = None


class Nearest(Body, frozen=True):
    nearest: Any
    mmr: Mmr | None = None


class Rrf(Body, frozen=True):
    k: int = 2
    weights: list[float] | None = None


class Hnsw(Body, frozen=True):
    m: int = 16
    ef_construct: int = 100
    full_scan_threshold: int = 10_000
    max_indexing_threads: int = 0
    on_disk: bool | None = None
    payload_m: int | None = None


class ScalarQuantization(Body, frozen=True):
    type: Literal["int8"] = "int8"
    quantile: float | None = None
    always_ram: bool | None = None


class Quantization(Body, frozen=True):
    scalar: ScalarQuantization


class MultiVector(Body, frozen=True):
    comparator: Literal["max_sim"] = "max_sim"


class DenseParams(Body, frozen=True):
    size: int
    distance: Literal["Cosine", "Euclid", "Dot", "Manhattan"]
    on_disk: bool | None = None
    datatype: Literal["float32", "float16", "uint8"] = "float32"
    hnsw_config: Hnsw | None = None
    quantization_config: Quantization | None = None
    multivector_config: MultiVector | None = None


class SparseIndex(Body, frozen=True):
    full_scan_threshold: int | None = None
    on_disk: bool | None = None


class SparseParams(Body, frozen=True):
    index: SparseIndex | None = None
    modifier: Literal["none", "idf"] = "none"


class Optimizers(Body, frozen=True):
    deleted_threshold: float | None = None
    vacuum_min_vector_number: int | None = None
    default_segment_number: int | None = None
    max_segment_size: int | None = None
    indexing_threshold: int | None = None


class Collection(Body, frozen=True):
    """The body of a creation; one node, so the numbers of shards and replicas may only be 1."""

    vectors: dict[str, Any] = {}
    sparse_vectors: dict[str, SparseParams] = {}
    hnsw_config: Hnsw | None = None
    optimizers_config: Optimizers | None = None
    quantization_config: Quantization | None = None
    on_disk_payload: bool = True
    metadata: dict[str, Any] | None = None
    shard_number: Literal[1] = 1
    replication_factor: Literal[1] = 1
    write_consistency_factor: Literal[1] = 1


class CollectionPatch(Body, frozen=True):
    hnsw_config: Hnsw | None = None
    optimizers_config: Optimizers | None = None


class FieldIndex(Body, frozen=True):
    field_name: str
    field_schema: str | dict[str, Any]


class CreateAlias(Body, frozen=True):
    collection_name: str
    alias_name: str


class DeleteAlias(Body, frozen=True):
    alias_name: str


class RenameAlias(Body, frozen=True):
    old_alias_name: str
    new_alias_name: str


class AliasAction(Body, frozen=True):
    create_alias: CreateAlias | None = None
    delete_alias: DeleteAlias | None = None
    rename_alias: RenameAlias | None = None


class Aliases(Body, frozen=True):
    actions: list[AliasAction]
