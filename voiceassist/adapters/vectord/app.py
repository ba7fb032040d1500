"""The REST door of vectord: routes, key, envelope, errors."""

import asyncio
import hmac
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import qdrant_edge as edge
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from voiceassist.adapters.vectord import points, queries, reads, wire
from voiceassist.adapters.vectord.catalogue import Catalogue
from voiceassist.adapters.vectord.faults import Refused
from voiceassist.adapters.vectord.shard import Shard
from voiceassist.adapters.vectord.worker import Busy, Worker

VERSION = "1.20.0"  # of the interface, which clients compare with their own
BODY_BYTES = 64 * 1_048_576
REBUILD_POINTS = 10_000  # below this a scan of everything is faster than keeping an index
RETRY_AFTER = "1"
log = structlog.get_logger(__name__)
BodyType = TypeVar("BodyType", bound=wire.Body)
Handler = Callable[[Request], Awaitable[Any]]


class Door:
    """The routes over one catalogue; the engine is touched in the worker's thread only."""

    def __init__(self, data: Path, api_key: str, worker: Worker) -> None:
        self._data = data
        self._key = api_key.encode()
        self._worker = worker
        self._catalogue: Catalogue | None = None
        self._rebuilds: dict[str, asyncio.Task[None]] = {}

    async def open(self) -> None:
        self._catalogue = await self._worker.run(lambda: Catalogue(self._data))

    async def close(self) -> None:
        for task in self._rebuilds.values():
            task.cancel()
        await asyncio.gather(*self._rebuilds.values(), return_exceptions=True)
        await self._worker.run(self._open.close)
        self._worker.stop()

    @property
    def _open(self) -> Catalogue:
        if self._catalogue is None:
            raise Refused(503, "Service is starting")
        return self._catalogue

    def routes(self) -> list[Route]:
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/", self.version),
            ("GET", "/collections", self.collections),
            ("GET", "/aliases", self.aliases),
            ("POST", "/collections/aliases", self.change_aliases),
            ("GET", "/collections/{name}", self.info),
            ("PUT", "/collections/{name}", self.create),
            ("PATCH", "/collections/{name}", self.change),
            ("DELETE", "/collections/{name}", self.drop),
            ("GET", "/collections/{name}/exists", self.exists),
            ("GET", "/collections/{name}/aliases", self.aliases),
            ("PUT", "/collections/{name}/index", self.create_index),
            ("DELETE", "/collections/{name}/index/{field}", self.delete_index),
            ("PUT", "/collections/{name}/points", self.upsert),
            ("POST", "/collections/{name}/points", self.retrieve),
            ("POST", "/collections/{name}/points/query", self.query),
            ("POST", "/collections/{name}/points/query/batch", self.query_batch),
            ("POST", "/collections/{name}/points/query/groups", self.query_groups),
            ("POST", "/collections/{name}/points/scroll", self.scroll),
            ("POST", "/collections/{name}/points/count", self.count),
            ("POST", "/collections/{name}/facet", self.facet),
            ("POST", "/collections/{name}/points/batch", self.batch),
            *((method, f"/collections/{{name}}/{path}", self.write(kind)) for method, path, kind in WRITES),
        ]
        free = [Route(path, _healthy) for path in ("/healthz", "/livez")] + [Route("/readyz", self.ready)]
        return free + [Route(path, self.answer(handler), methods=[method]) for method, path, handler in table]

    def answer(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Qdrant's envelope around a handler, its key check and its errors."""

        async def endpoint(request: Request) -> Response:
            started = time.perf_counter()
            try:
                self._authenticate(request)
                return _reply(200, started, result=await handler(request))
            except Refused as refused:
                return _reply(refused.status, started, error=refused.message)
            except Busy:
                return _reply(503, started, error="Too many requests wait", headers={"Retry-After": RETRY_AFTER})
            except msgspec.MsgspecError as error:
                return _reply(400, started, error=f"Format error in JSON body: {error}")
            except Exception as error:  # noqa: BLE001 - the door's last word; the text may quote content
                route = getattr(request.scope.get("route"), "path", "other")  # not the path, which names a collection
                log.error("vectord.failed", route=route, error_type=type(error).__name__)
                return _reply(500, started, error="Service internal error")

        return endpoint

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._key):
            raise Refused(401, "Must provide an API key or an Authorization bearer token")

    async def ready(self, _request: Request) -> Response:
        return PlainTextResponse("all shards are ready", 200 if self._catalogue else 503)

    async def version(self, _request: Request) -> Any:
        return RAW | {"title": "vectord (qdrant-edge)", "version": VERSION}

    async def collections(self, _request: Request) -> Any:
        names = await self._worker.run(lambda: sorted(self._open.shards))
        return {"collections": [{"name": name} for name in names]}

    async def aliases(self, request: Request) -> Any:
        wanted = request.path_params.get("name")
        known = await self._worker.run(lambda: dict(self._open.aliases))
        pairs = [(alias, target) for alias, target in sorted(known.items()) if wanted in (None, target)]
        return {"aliases": [{"alias_name": alias, "collection_name": target} for alias, target in pairs]}

    async def change_aliases(self, request: Request) -> Any:
        body = await _body(request, wire.Aliases)
        await self._worker.run(lambda: self._open.alias(body))
        return True

    async def info(self, request: Request) -> Any:
        return await self._on(request, reads.describe)

    async def create(self, request: Request) -> Any:
        body = await _body(request, wire.Collection)
        name = request.path_params["name"]
        await self._worker.run(lambda: _checked(lambda: self._open.create(name, body)))
        return True

    async def change(self, request: Request) -> Any:
        body = await _body(request, wire.CollectionPatch)
        if request.path_params["name"] in self._rebuilds:
            raise Busy
        await self._on(request, lambda shard: shard.change(body))
        return True

    async def drop(self, request: Request) -> Any:
        name = request.path_params["name"]
        if task := self._rebuilds.pop(name, None):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return await self._worker.run(lambda: self._open.delete(name))

    async def exists(self, request: Request) -> Any:
        name = request.path_params["name"]
        known = await self._worker.run(lambda: name in self._open.shards or name in self._open.aliases)
        return {"exists": known}

    async def create_index(self, request: Request) -> Any:
        body = await _body(request, wire.FieldIndex)
        return _done(await self._on(request, lambda shard: shard.index_field(body)))

    async def delete_index(self, request: Request) -> Any:
        operation = edge.UpdateOperation.delete_field_index(request.path_params["field"])
        return _done(await self._on(request, lambda shard: shard.update([operation])))

    async def upsert(self, request: Request) -> Any:
        body = await _body(request, wire.Upsert)
        count = len(body.points or (body.batch.ids if body.batch else ()))
        number = await self._on(request, lambda shard: shard.update([points.upsert(body)], points=count))
        self._consider_rebuild(request.path_params["name"])
        return _done(number)

    def write(self, kind: str) -> Handler:
        body_type, build = points.BATCH[kind]

        async def handler(request: Request) -> Any:
            body = await _body(request, body_type)
            return _done(await self._on(request, lambda shard: shard.update([build(body)])))

        return handler

    async def batch(self, request: Request) -> Any:
        body = await _body(request, wire.Operations)
        number = await self._on(request, lambda shard: shard.update(points.batch(body)))
        return [_done(number) for _ in body.operations]

    async def retrieve(self, request: Request) -> Any:
        body = await _body(request, wire.Retrieve)
        ids: list[Any] = list(body.ids)
        chosen = queries.payload_choice(body.with_payload)
        return await self._on(
            request,
            lambda shard: [
                queries.record(item) for item in shard.engine.retrieve(ids, chosen, body.with_vector or False)
            ],
        )

    async def query(self, request: Request) -> Any:
        body = await _body(request, wire.Query)
        return {"points": await self._on(request, lambda shard: reads.search(shard, body))}

    async def query_batch(self, request: Request) -> Any:
        body = await _body(request, wire.QueryBatch)
        return await self._on(
            request, lambda shard: [{"points": reads.search(shard, search)} for search in body.searches]
        )

    async def query_groups(self, request: Request) -> Any:
        body = await _body(request, wire.QueryGroups)
        return {"groups": await self._on(request, lambda shard: reads.search_groups(shard, body))}

    async def scroll(self, request: Request) -> Any:
        body = await _body(request, wire.Scroll)
        found, following = await self._on(request, lambda shard: shard.engine.scroll(queries.scroll(body)))
        return {
            "points": [queries.record(item) for item in found],
            "next_page_offset": None if following is None else queries.point_id(following),
        }

    async def count(self, request: Request) -> Any:
        body = await _body(request, wire.Count)
        return {"count": await self._on(request, lambda shard: reads.count(shard, body))}

    async def facet(self, request: Request) -> Any:
        body = await _body(request, wire.Facet)
        return {"hits": await self._on(request, lambda shard: reads.facet(shard, body))}

    async def _on(self, request: Request, call: Callable[[Shard], Any]) -> Any:
        name = request.path_params["name"]
        return await self._worker.run(lambda: _checked(lambda: call(self._open.get(name))))

    def _consider_rebuild(self, name: str) -> None:
        shard = self._open.get(name)
        actual = shard.folder.name
        if shard.written >= REBUILD_POINTS and actual not in self._rebuilds:
            task = asyncio.create_task(self._rebuild(shard))
            self._rebuilds[actual] = task
            task.add_done_callback(lambda _: self._rebuilds.pop(actual, None))

    async def _rebuild(self, shard: Shard) -> None:
        """Index a copy in another process while the old one answers, then swap."""
        target = await self._worker.run(shard.begin_rebuild)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "voiceassist.adapters.vectord.optimize", str(target)
        )
        try:
            succeeded = await process.wait() == 0
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            await self._worker.run(lambda: shard.abandon_rebuild(target))
            raise
        finish = shard.finish_rebuild if succeeded else shard.abandon_rebuild
        await self._worker.run(lambda: finish(target))


WRITES = (
    ("POST", "points/delete", "delete"),
    ("POST", "points/payload", "set_payload"),
    ("PUT", "points/payload", "overwrite_payload"),
    ("POST", "points/payload/delete", "delete_payload"),
    ("POST", "points/payload/clear", "clear_payload"),
    ("PUT", "points/vectors", "update_vectors"),
    ("POST", "points/vectors/delete", "delete_vectors"),
)
RAW: dict[str, Any] = {"": None}  # marks an answer without envelope


def create_app(door: Door) -> Starlette:
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> Any:
        await door.open()
        yield
        await door.close()

    return Starlette(routes=door.routes(), lifespan=lifespan)


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("healthz check passed")


async def _body(request: Request, kind: type[BodyType]) -> BodyType:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > BODY_BYTES:
            raise Refused(413, f"Payload too large: a body may have {BODY_BYTES} bytes")
    return msgspec.json.decode(bytes(content) or b"{}", type=kind)


def _checked(call: Callable[[], Any]) -> Any:
    """The engine raises plain Exception for a wrong request; a fault of the disk is told apart by its words."""
    try:
        return call()
    except (Refused, msgspec.MsgspecError):
        raise
    except (TypeError, ValueError, LookupError, OverflowError):
        raise Refused(400, "Wrong input: a value has the wrong type") from None
    except Exception as error:
        if type(error) is not Exception:
            raise
        text = str(error)
        status = 500 if text.startswith(("Service", "IO", "Out of")) else 400
        raise Refused(status, text if status == 500 else f"Wrong input: {text}") from None


def _done(number: int) -> dict[str, Any]:
    return {"operation_id": number, "status": "completed"}


def _reply(
    status: int, started: float, *, result: Any = None, error: str | None = None, headers: dict[str, str] | None = None
) -> Response:
    document: dict[str, Any] = {"time": time.perf_counter() - started}
    if error is not None:
        document |= {"status": {"error": error}}
    elif isinstance(result, dict) and "" in result:
        document = {name: value for name, value in result.items() if name}
    else:
        document |= {"status": "ok", "result": result}
    return Response(msgspec.json.encode(document), status, headers, media_type="application/json")
