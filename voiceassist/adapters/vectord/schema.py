"""Collections as the wire describes them and as the engine builds them."""

from typing import Any

import msgspec
import qdrant_edge as edge

from voiceassist.adapters.vectord import wire
from voiceassist.adapters.vectord.faults import bad_request

DISTANCES = {
    "Cosine": edge.Distance.Cosine,
    "Euclid": edge.Distance.Euclid,
    "Dot": edge.Distance.Dot,
    "Manhattan": edge.Distance.Manhattan,
}
DATATYPES = {
    "float32": edge.VectorStorageDatatype.Float32,
    "float16": edge.VectorStorageDatatype.Float16,
    "uint8": edge.VectorStorageDatatype.Uint8,
}
INDEX_TYPES: dict[str, tuple[Any, Any]] = {
    "keyword": (edge.PayloadSchemaType.Keyword, edge.KeywordIndexParams),
    "integer": (edge.PayloadSchemaType.Integer, edge.IntegerIndexParams),
    "float": (edge.PayloadSchemaType.Float, edge.FloatIndexParams),
    "bool": (edge.PayloadSchemaType.Bool, edge.BoolIndexParams),
    "geo": (edge.PayloadSchemaType.Geo, edge.GeoIndexParams),
    "datetime": (edge.PayloadSchemaType.Datetime, edge.DatetimeIndexParams),
    "uuid": (edge.PayloadSchemaType.Uuid, edge.UuidIndexParams),
    "text": (edge.PayloadSchemaType.Text, edge.TextIndexParams),
}
TOKENIZERS = {
    "prefix": edge.TokenizerType.Prefix,
    "whitespace": edge.TokenizerType.Whitespace,
    "word": edge.TokenizerType.Word,
    "multilingual": edge.TokenizerType.Multilingual,
}


def config(collection: wire.Collection) -> Any:
    """The engine's configuration of a collection."""
    return edge.EdgeConfig(
        vectors={name: _dense(params) for name, params in dense_params(collection).items()},
        sparse_vectors={name: _sparse(params) for name, params in collection.sparse_vectors.items()},
        hnsw_config=_hnsw(collection.hnsw_config),
        quantization_config=_quantization(collection.quantization_config),
        optimizers=_optimizers(collection.optimizers_config),
        payload_memory=edge.Memory.Cold if collection.on_disk_payload else edge.Memory.Cached,
    )


def dense_params(collection: wire.Collection) -> dict[str, wire.DenseParams]:
    """Named dense vectors; the unnamed one has the name ''."""
    tree = collection.vectors
    try:
        if "size" in tree:
            return {"": msgspec.convert(tree, wire.DenseParams)}
        return msgspec.convert(tree, dict[str, wire.DenseParams])
    except msgspec.ValidationError as error:
        raise bad_request(f"vectors: {error}") from None


def index_schema(tree: str | dict[str, Any]) -> Any:
    """A payload index: a type, or a type with its options."""
    options: dict[str, Any] = {"type": tree} if isinstance(tree, str) else dict(tree)
    kind = options.pop("type", None)
    if kind not in INDEX_TYPES:
        raise bad_request("field_schema must be one of: " + ", ".join(INDEX_TYPES))
    plain, params = INDEX_TYPES[kind]
    if not options:
        return plain
    if options.get("tokenizer") is not None:
        options["tokenizer"] = TOKENIZERS.get(options["tokenizer"])
    try:
        return params(**options)
    except TypeError:
        raise bad_request(f"unknown option of a {kind} index") from None


def index_type(info: Any) -> str:
    """`PayloadSchemaType.Integer` as the wire says it."""
    return str(info.data_type).rpartition(".")[2].lower()


def _dense(params: wire.DenseParams) -> Any:
    return edge.EdgeVectorParams(
        size=params.size,
        distance=DISTANCES[params.distance],
        memory=edge.Memory.Cold if params.on_disk else edge.Memory.Cached,
        datatype=DATATYPES[params.datatype],
        hnsw_config=_hnsw(params.hnsw_config),
        quantization_config=_quantization(params.quantization_config),
        multivector_config=edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim)
        if params.multivector_config
        else None,
    )


def _sparse(params: wire.SparseParams) -> Any:
    index = params.index or wire.SparseIndex()
    return edge.EdgeSparseVectorParams(
        full_scan_threshold=index.full_scan_threshold,
        memory=edge.Memory.Cold if index.on_disk else edge.Memory.Cached,
        modifier=edge.Modifier.Idf if params.modifier == "idf" else None,
    )


def _hnsw(hnsw: wire.Hnsw | None) -> Any:
    return hnsw and edge.HnswIndexConfig(
        m=hnsw.m,
        ef_construct=hnsw.ef_construct,
        full_scan_threshold=hnsw.full_scan_threshold,
        max_indexing_threads=hnsw.max_indexing_threads,
        payload_m=hnsw.payload_m,
    )


def _quantization(quantization: wire.Quantization | None) -> Any:
    if quantization is None:
        return None
    scalar = quantization.scalar
    return edge.ScalarQuantizationConfig(edge.ScalarType.Int8, scalar.quantile, scalar.always_ram)


def _optimizers(optimizers: wire.Optimizers | None) -> Any:
    if optimizers is None:
        return None
    return edge.EdgeOptimizersConfig(**{name: getattr(optimizers, name) for name in optimizers.__struct_fields__})
