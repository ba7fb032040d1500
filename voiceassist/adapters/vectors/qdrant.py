"""Qdrant over its REST API with httpx: the shared knowledge that holds no patient data.

qdrant-client costs a room 0.8 CPU-seconds at its first use (measured), so only tests use it.
"""

import ssl
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from voiceassist.adapters.vectors import sparse
from voiceassist.core.errors import DependencyTimeoutError, UnavailableError
from voiceassist.ports.vectors import Chunk, Hit, Query, Rankings

if TYPE_CHECKING:
    import httpx
    import numpy as np
    from numpy.typing import NDArray

COLLECTION = "medical_knowledge"
DENSE = "dense"
WORDS = "bm25"
KEYWORD_FIELDS = ("document_id", "source_type", "specialty")
UPSERT_BATCH = 128
# Somebody else made the collection between our look and our call.
ALREADY_THERE = 409

_CURRENT = {"must_not": [{"key": "superseded", "match": {"value": True}}]}
_FIELDS = {field.name for field in fields(Chunk)}


class Qdrant:
    """One server; collections are named by the calls."""

    def __init__(self, url: str, api_key: str, *, ca_file: str = "", timeout_seconds: float = 5.0) -> None:
        self._url = url
        self._api_key = api_key
        self._ca_file = ca_file
        self._timeout = timeout_seconds

    @cached_property
    def _client(self) -> "httpx.AsyncClient":
        import httpx

        verify = ssl.create_default_context(cafile=self._ca_file) if self._ca_file else True
        return httpx.AsyncClient(
            base_url=self._url,
            headers={"api-key": self._api_key} if self._api_key else {},
            verify=verify,
            timeout=httpx.Timeout(self._timeout, connect=2.0),
            trust_env=False,
        )

    async def call(self, method: str, path: str, body: object = None, *, accept: int = 200, **params: str) -> Any:
        """The `result` of an answer; any status but 2xx and `accept` means the knowledge base is not available."""
        import httpx

        if not self._url:
            raise UnavailableError("The knowledge base is not configured.")
        try:
            answer = await self._client.request(method, path, json=body, params=params)
        except httpx.TimeoutException:
            raise DependencyTimeoutError("The knowledge base did not answer in time.") from None
        except httpx.TransportError:
            raise UnavailableError("The knowledge base could not be reached.") from None
        if answer.is_error and answer.status_code != accept:
            raise UnavailableError(f"The knowledge base answered with status {answer.status_code}.")
        return answer.json().get("result")

    async def ping(self) -> None:
        await self.call("GET", "/collections")

    async def close(self) -> None:
        if "_client" in self.__dict__:
            await self._client.aclose()
            del self.__dict__["_client"]

    async def create(self, name: str, dimension: int) -> None:
        """Make a collection for hybrid search; one that is there already, perhaps half filled, is kept."""
        if (await self.call("GET", f"/collections/{name}/exists"))["exists"]:
            return
        vectors = {DENSE: {"size": dimension, "distance": "Cosine"}}
        await self.call(
            "PUT",
            f"/collections/{name}",
            {"vectors": vectors, "sparse_vectors": {WORDS: {"modifier": "idf"}}},
            accept=ALREADY_THERE,
        )
        kinds = [(name_, "keyword") for name_ in KEYWORD_FIELDS] + [("year", "integer"), ("superseded", "bool")]
        for field, kind in kinds:
            await self.call(
                "PUT", f"/collections/{name}/index", {"field_name": field, "field_schema": kind}, wait="true"
            )

    async def collections(self) -> list[str]:
        return [entry["name"] for entry in (await self.call("GET", "/collections"))["collections"]]

    async def drop(self, name: str) -> None:
        await self.call("DELETE", f"/collections/{name}")

    async def alias_target(self, alias: str) -> str | None:
        aliases = (await self.call("GET", "/aliases"))["aliases"]
        return next((entry["collection_name"] for entry in aliases if entry["alias_name"] == alias), None)

    async def point_alias(self, alias: str, name: str) -> None:
        """Switch in one step: searches see the old collection or the new one, never neither."""
        actions: list[dict[str, Any]] = []
        if await self.alias_target(alias):
            actions.append({"delete_alias": {"alias_name": alias}})
        actions.append({"create_alias": {"alias_name": alias, "collection_name": name}})
        await self.call("POST", "/collections/aliases", {"actions": actions})


class QdrantIndex:
    """The passage index of one collection or alias."""

    def __init__(self, server: Qdrant, collection: str = COLLECTION) -> None:
        self._server = server
        self._path = f"/collections/{collection}/points"

    async def search(self, query: Query) -> Rankings:
        searches: list[dict[str, Any]] = []
        if query.vector is not None:
            searches.append({"query": [float(value) for value in query.vector], "using": DENSE})
        words = sparse.of_query(query.text)
        if words.indices:
            searches.append({"query": asdict(words), "using": WORDS})
        if not searches:
            return Rankings()
        common = {"limit": query.limit, "with_payload": True, "filter": _CURRENT}
        body = {"searches": [search | common for search in searches]}
        results = await self._server.call("POST", f"{self._path}/query/batch", body)
        found = {search["using"]: _hits(result["points"]) for search, result in zip(searches, results, strict=True)}
        return Rankings(by_meaning=found.get(DENSE, ()), by_words=found.get(WORDS, ()))

    async def upsert(self, chunks: Sequence[Chunk], vectors: "NDArray[np.float32]") -> None:
        for start in range(0, len(chunks), UPSERT_BATCH):
            rows = range(start, min(start + UPSERT_BATCH, len(chunks)))
            points = [_point(chunks[row], vectors[row]) for row in rows]
            await self._server.call("PUT", self._path, {"points": points}, wait="true")

    async def delete(self, document_id: str) -> None:
        which = {"filter": {"must": [{"key": "document_id", "match": {"value": document_id}}]}}
        await self._server.call("POST", f"{self._path}/delete", which, wait="true")

    async def count(self) -> int:
        return int((await self._server.call("POST", f"{self._path}/count", {"exact": True}))["count"])


def _point(chunk: Chunk, vector: "NDArray[np.float32]") -> dict[str, Any]:
    return {
        "id": chunk.chunk_id,
        "vector": {DENSE: [float(value) for value in vector], WORDS: asdict(sparse.of_passage(chunk.searchable))},
        "payload": asdict(chunk),
    }


def _hits(points: Sequence[dict[str, Any]]) -> tuple[Hit, ...]:
    return tuple(Hit(_chunk(point["payload"]), float(point["score"])) for point in points)


def _chunk(payload: dict[str, Any]) -> Chunk:
    known = {name: value for name, value in payload.items() if name in _FIELDS}
    return Chunk(**known | {"aliases": tuple(known.get("aliases") or ())})
