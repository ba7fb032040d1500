"""What is asked of one collection, run in the engine's thread."""

from typing import Any

import msgspec
import qdrant_edge as edge

from voiceassist.adapters.vectord import filters, queries, schema, wire
from voiceassist.adapters.vectord.faults import Refused
from voiceassist.adapters.vectord.shard import Shard


def search(shard: Shard, body: wire.Query) -> list[dict[str, Any]]:
    request = queries.request(body, lookup(shard), limit=body.limit, offset=body.offset)
    return [queries.scored(item) for item in shard.engine.query(request)]


def search_groups(shard: Shard, body: wire.QueryGroups) -> list[dict[str, Any]]:
    """The engine has no groups: ask for more hits until there are enough, or no more."""
    wanted = body.limit * body.group_size
    while True:
        wanted = min(wanted * 4, queries.MOST)
        fetching = msgspec.structs.replace(body, with_payload=True)
        hits = shard.engine.query(queries.request(fetching, lookup(shard), limit=wanted))
        groups = queries.grouped(hits, body)
        full = len(groups) == body.limit and all(len(group["hits"]) == body.group_size for group in groups)
        if full or len(hits) < wanted or wanted == queries.MOST:
            return groups


def lookup(shard: Shard) -> queries.Lookup:
    def fetch(point: wire.PointId, using: str | None) -> Any:
        found = shard.engine.retrieve([point], False, True)
        if not found:
            raise Refused(404, f"Not found: No point with id {point} found")
        vector = found[0].vector
        return vector[using or ""] if isinstance(vector, dict) else vector

    return fetch


def count(shard: Shard, body: wire.Count) -> int:
    return int(shard.engine.count(edge.CountRequest(exact=body.exact, filter=filters.parse(body.filter))))


def facet(shard: Shard, body: wire.Facet) -> list[dict[str, Any]]:
    request = edge.FacetRequest(body.key, body.limit, body.exact, filters.parse(body.filter))
    return [{"value": hit.value, "count": hit.count} for hit in shard.engine.facet(request)]


def describe(shard: Shard) -> dict[str, Any]:
    info = shard.engine.info()
    description = shard.description
    hnsw = description.hnsw_config or wire.Hnsw()
    optimizers = description.optimizers_config or wire.Optimizers()
    params = {
        "vectors": description.vectors,
        "sparse_vectors": description.sparse_vectors,
        "shard_number": 1,
        "replication_factor": 1,
        "write_consistency_factor": 1,
        "on_disk_payload": description.on_disk_payload,
    }
    return {
        "status": "yellow" if shard.journal is not None else "green",
        "optimizer_status": "ok",
        "points_count": info.points_count,
        "indexed_vectors_count": info.indexed_vectors_count,
        "segments_count": info.segments_count,
        "config": {
            "params": params,
            "hnsw_config": hnsw,
            "optimizer_config": {
                "default_segment_number": optimizers.default_segment_number or 0,
                "indexing_threshold": optimizers.indexing_threshold,
                "flush_interval_sec": 0,
            },
            "quantization_config": description.quantization_config,
            "metadata": description.metadata,
        },
        "payload_schema": {
            field: {"data_type": schema.index_type(index), "points": index.points}
            for field, index in info.payload_schema.items()
        },
    }
