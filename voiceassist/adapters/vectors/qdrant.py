"""Qdrant over its REST API with httpx: the shared knowledge that holds no patient data.

qdrant-client costs a room 0.8 CPU-seconds at its first use (measured), so only tests use it.
"""

import ssl
import time
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from voiceassist.adapters.vectors import sparse
from voiceassist.core.errors import DependencyTimeoutError, UnavailableError
from voiceassist.ports.embedding import Model
from voiceassist.ports.vectors import Chunk, Filters, Hit, IndexModelError, Query, Rankings

if TYPE_CHECKING:
    import httpx
    import numpy as np
    from numpy.typing import NDArray

COLLECTION = "medical_knowledge"
DENSE = "dense"
WORDS = "bm25"
TENANT = "tenant"
KEYWORD_FIELDS = ("document_id", "source_type", "specialty", TENANT)
UPSERT_BATCH = 128
# How long we believe what a collection said about itself; an alias may point to another one since.
BELIEVED_SECONDS = 30.0
# Somebody else made the collection between our look and our call.
ALREADY_THERE = 409

WITHDRAWN = ("superseded", "retracted")

_WITHDRAWN = [{"key": key, "match": {"value": True}} for key in WITHDRAWN]
_FIELDS = {field.name for field in fields(Chunk)}


class Qdrant:
    """One server; collections are named by the calls."""

    def __init__(self, url: str, api_key: str, *, ca_file: str = "", timeout_seconds: float = 5.0) -> None:
        self._url = url
        self._api_key = api_key
        self._ca_file = ca_file
        self._timeout = timeout_seconds
        self._shapes: dict[str, tuple[str, int, float]] = {}

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

    async def create(self, name: str, dimension: int, model: Model | None = None) -> None:
        """Make a collection for hybrid search; one that is there already, perhaps half filled, is kept.

        What `model` is stays with the collection.
        """
        if (await self.call("GET", f"/collections/{name}/exists"))["exists"]:
            return
        vectors = {DENSE: {"size": dimension, "distance": "Cosine"}}
        await self.call(
            "PUT",
            f"/collections/{name}",
            {"vectors": vectors, "sparse_vectors": {WORDS: {"modifier": "idf"}}, "metadata": _metadata(model)},
            accept=ALREADY_THERE,
        )
        kinds = [(name_, "keyword") for name_ in KEYWORD_FIELDS] + [("year", "integer")]
        kinds += [(name_, "bool") for name_ in WITHDRAWN]
        for field, kind in kinds:
            await self.call(
                "PUT", f"/collections/{name}/index", {"field_name": field, "field_schema": kind}, wait="true"
            )

    async def shape(self, name: str) -> tuple[str, int]:
        """The model id (empty: unknown) and the dimension of a collection or of what an alias points to."""
        model_id, dimension, until = self._shapes.get(name, ("", 0, 0.0))
        if until < time.monotonic():
            config = (await self.call("GET", f"/collections/{name}"))["config"]
            model_id = ((config.get("metadata") or {}).get("model") or {}).get("id", "")
            dimension = int(config["params"]["vectors"][DENSE]["size"])
            self._shapes[name] = model_id, dimension, time.monotonic() + BELIEVED_SECONDS
        return model_id, dimension

    async def made_with(self, alias: str, model_id: str) -> str | None:
        """A collection that the alias points to or pointed to before (`alias_…`), with vectors of this model."""
        for name in await self.collections():
            if name.startswith(f"{alias}_") and (await self.shape(name))[0] == model_id:
                return name
        return None

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
        self._shapes.pop(alias, None)


class QdrantIndex:
    """The passage index of one collection or alias.

    `model_id` is the model of the vectors that come and go; empty, only the dimension is compared. With a `tenant`,
    what is written is that tenant's alone, and a search reaches it and what belongs to nobody. Without one it reaches
    what belongs to nobody, and only that: no caller sees another's points by leaving something out.
    """

    def __init__(
        self, server: Qdrant, collection: str = COLLECTION, *, model_id: str = "", tenant: UUID | None = None
    ) -> None:
        self._server = server
        self._collection = collection
        self._path = f"/collections/{collection}/points"
        self._model_id = model_id
        self._tenant = tenant

    async def search(self, query: Query) -> Rankings:
        searches = self._searches(query)
        if not searches:
            return Rankings()
        path = self._path if query.vector is None else await self._searched(len(query.vector))
        results = await self._server.call("POST", f"{path}/query/batch", {"searches": searches})
        found = {search["using"]: _hits(result["points"]) for search, result in zip(searches, results, strict=True)}
        return Rankings(by_meaning=found.get(DENSE, ()), by_words=found.get(WORDS, ()))

    def _searches(self, query: Query) -> list[dict[str, Any]]:
        searches: list[dict[str, Any]] = []
        if query.vector is not None:
            searches.append({"query": [float(value) for value in query.vector], "using": DENSE})
        words = sparse.of_query(query.text)
        if words.indices:
            searches.append({"query": asdict(words), "using": WORDS})
        common = {"limit": query.limit, "with_payload": True, "filter": self._visible(query.filters)}
        return [search | common for search in searches]

    async def upsert(self, chunks: Sequence[Chunk], vectors: "NDArray[np.float32]") -> None:
        if len(chunks):
            await self._refuse_another(vectors.shape[1])
        for start in range(0, len(chunks), UPSERT_BATCH):
            rows = range(start, min(start + UPSERT_BATCH, len(chunks)))
            points = [self._point(chunks[row], vectors[row]) for row in rows]
            await self._server.call("PUT", self._path, {"points": points}, wait="true")

    async def delete(self, document_id: str) -> None:
        of_document = {"key": "document_id", "match": {"value": document_id}}
        await self._server.call(
            "POST", f"{self._path}/delete", {"filter": {"must": [of_document, self._own()]}}, wait="true"
        )

    async def count(self) -> int:
        body = {"exact": True, "filter": {"must": [self._own()]}}
        return int((await self._server.call("POST", f"{self._path}/count", body))["count"])

    async def _fits(self, dimension: int) -> bool:
        model_id, size = await self._server.shape(self._collection)
        return dimension == size and (not model_id or not self._model_id or model_id == self._model_id)

    async def _refuse_another(self, dimension: int) -> None:
        if not await self._fits(dimension):
            raise IndexModelError

    async def _searched(self, dimension: int) -> str:
        """Where a room that still has the model before finds its collection after the alias has moved on."""
        if await self._fits(dimension):
            return self._path
        kept = await self._server.made_with(self._collection, self._model_id) if self._model_id else None
        if kept is None:
            raise IndexModelError
        return f"/collections/{kept}/points"

    def _own(self) -> dict[str, Any]:
        if self._tenant:
            return {"key": TENANT, "match": {"value": str(self._tenant)}}
        return {"must_not": [_others(None)]}

    def _visible(self, filters: Filters) -> dict[str, Any]:
        return {"must": _passing(filters), "must_not": [*_WITHDRAWN, _others(self._tenant)]}

    def _point(self, chunk: Chunk, vector: "NDArray[np.float32]") -> dict[str, Any]:
        """A tenant's point has an id of its own: whoever knows the id of another's chunk cannot overwrite it."""
        identifier, payload = chunk.chunk_id, asdict(chunk)
        if self._tenant:
            identifier, payload = str(uuid5(self._tenant, chunk.chunk_id)), payload | {TENANT: str(self._tenant)}
        words = asdict(sparse.of_chunk(chunk))
        return {
            "id": identifier,
            "vector": {DENSE: [float(value) for value in vector], WORDS: words},
            "payload": payload,
        }


def _others(tenant: UUID | None) -> dict[str, Any]:
    """Points of any tenant but this; everybody's have no such field. `is_empty` would take three times as long."""
    return {"key": TENANT, "match": {"except": [str(tenant or "")]}}


def _metadata(model: Model | None) -> dict[str, Any] | None:
    return None if model is None else {"model": asdict(model) | {"id": model.id}}


def _passing(filters: Filters) -> list[dict[str, Any]]:
    must: list[dict[str, Any]] = [
        {"key": key, "match": {"any": list(values)}}
        for key, values in (("specialty", filters.specialties), ("source_type", filters.sources))
        if values
    ]
    years = {"gte": filters.year_from, "lte": filters.year_to}
    if limits := {name: year for name, year in years.items() if year is not None}:
        must.append({"key": "year", "range": limits})
    return must


def _hits(points: Sequence[dict[str, Any]]) -> tuple[Hit, ...]:
    return tuple(Hit(_chunk(point["payload"]), float(point["score"])) for point in points)


def _chunk(payload: dict[str, Any]) -> Chunk:
    known = {name: value for name, value in payload.items() if name in _FIELDS}
    names = {name: tuple(known.get(name) or ()) for name in ("aliases", "mined")}
    return Chunk(**known | names)
