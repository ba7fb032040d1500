"""Stores that answer page by page: knowledge (Qdrant), logs (Loki), traces (Jaeger). Bounded: more is no full look."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from voiceassist.adapters.vectors.qdrant import Qdrant
from voiceassist.core import clock
from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import http

if TYPE_CHECKING:
    from voiceassist.runtime.settings import Settings

PAGE = 1_000
MOST_PAGES = 500
SECONDS = 30.0


class StoreError(UnavailableError):
    def __init__(self, code: str) -> None:
        super().__init__("The store gave no full answer.", code=code)


async def knowledge_of(qdrant: Qdrant) -> AsyncIterator[bytes]:
    """Payloads of every collection, as JSON."""
    for collection in (await qdrant.call("GET", "/collections"))["collections"]:
        offset: Any = None
        for _ in range(MOST_PAGES):
            wanted = {"limit": PAGE, "with_payload": True, "with_vector": False, "offset": offset}
            page = await qdrant.call("POST", f"/collections/{collection['name']}/points/scroll", wanted)
            yield msgspec.json.encode(page["points"])
            offset = page.get("next_page_offset")
            if offset is None:
                break
        else:
            raise StoreError("TOO_MUCH")


async def log_store(settings: "Settings", since: datetime) -> AsyncIterator[bytes]:
    """Lines of Loki's `query_range` since a moment, oldest first; the query selects streams and names no value."""
    start, end = _nanoseconds(since), _nanoseconds(clock.now())
    for _ in range(MOST_PAGES):
        params = {"query": settings.canary.logs_query, "start": str(start), "end": str(end), "limit": str(PAGE)}
        told = await _asked(f"{settings.canary.logs_url}/loki/api/v1/query_range", params | {"direction": "forward"})
        try:
            values = [value for stream in told["data"]["result"] for value in stream["values"]]
            yield msgspec.json.encode(told)
            last = max((int(value[0]) for value in values), default=start)
        except (KeyError, TypeError, ValueError, IndexError):
            raise StoreError("LOGS_UNREADABLE") from None
        if len(values) < PAGE:
            return
        if last == start:  # more lines of one moment than a page has
            raise StoreError("TOO_MUCH")
        start = last
    raise StoreError("TOO_MUCH")


async def trace_store(settings: "Settings", since: datetime) -> AsyncIterator[bytes]:
    """Traces of each service in Jaeger's query API since a moment."""
    base = settings.canary.traces_url
    services = (await _asked(f"{base}/api/services", {})).get("data")
    if not isinstance(services, list):
        raise StoreError("TRACES_UNREADABLE")
    start, end = _nanoseconds(since) // 1000, _nanoseconds(clock.now()) // 1000
    for name in services:
        params = {"service": str(name), "start": str(start), "end": str(end), "limit": str(PAGE)}
        told = await _asked(f"{base}/api/traces", params)
        if len(told.get("data") or ()) >= PAGE:
            raise StoreError("TOO_MUCH")
        yield msgspec.json.encode(told)


async def _asked(url: str, params: dict[str, str]) -> dict[str, Any]:
    import httpx

    try:
        answer = await http.client().get(url, params=params, timeout=SECONDS)
        told = msgspec.json.decode(answer.content) if answer.status_code == 200 else None
    except (httpx.HTTPError, msgspec.DecodeError):
        told = None
    if not isinstance(told, dict):
        raise StoreError("STORE_UNAVAILABLE")
    return told


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000
