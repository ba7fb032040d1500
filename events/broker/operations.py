"""Operations on events over HTTP: search, deliveries, dead letters, replay. Part of `/api/v1`, behind the gateway.

    GET  /api/v1/events                ?id= &type= &source= &after= &before=   newest first
    GET  /api/v1/events/deliveries     ?event= &trigger= &state=
    GET  /api/v1/events/dead-letters   ?trigger=
    GET  /api/v1/events/triggers       every Trigger: ready or why not, what waits, what is dead
    POST /api/v1/events/replay         a Selection; `dry_run` tells what would be sent
    POST /api/v1/events/discard        dead letters of a Selection are given up; `dry_run` tells which
    GET  /api/v1/events/replays        who sent what again or gave it up; append-only

Lists are {items, next_cursor}, at most 200 a page. Times are ISO 8601. Only admins and keys with `events:operate`
of admins; event data is never shown.
"""

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import Response

from events.broker.archive import MOST_LISTED, STATES, Again, Archive, Replay, Selection, replayed
from events.broker.discard import discarded
from events.broker.dispatcher import Dispatcher
from events.broker.jobs import Change, Fresh
from events.broker.store import Store
from events.broker.wiring_files import WiringFiles
from events.broker.writer import Writer
from voiceassist.contracts.event_log import MOST_REPLAYED, DiscardRequest, ReplayRequest
from voiceassist.core import ids
from voiceassist.core.errors import (
    FieldError,
    ForbiddenError,
    MethodNotAllowedError,
    NotFoundError,
    ValidationError,
)
from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import Act, Auditor
from voiceassist.runtime import logging, metrics

log = logging.get_logger(__name__)

ROOT = "/api/v1/events"
SCOPE = "events:operate"
DEFAULT_PAGE = 50

T = TypeVar("T")
Query = Mapping[str, str]


class Operations:
    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        writer: Writer,
        files: WiringFiles,
        auditor: Auditor | None = None,
    ) -> None:
        self._auditor = auditor
        self._store = store
        self._archive = Archive(store.path, store)
        self._dispatcher = dispatcher
        self._writer = writer
        self._files = files
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="event-archive")
        self._lists: dict[str, Callable[[Query], dict[str, Any]]] = {
            ROOT: self._events,
            f"{ROOT}/deliveries": self._deliveries,
            f"{ROOT}/dead-letters": lambda query: self._deliveries({**query, "state": "dead"}),
            f"{ROOT}/triggers": self._triggers,
            f"{ROOT}/replays": self._replays,
        }

    async def answer(self, method: str, path: str, query: str, principal: Principal, body: bytes) -> Response:
        if not (principal.is_service or principal.role == "admin"):
            raise ForbiddenError("Only administrators operate on events.")
        if work := {f"{ROOT}/replay": self._replay, f"{ROOT}/discard": self._discard}.get(path):
            if method != "POST":
                raise MethodNotAllowedError
            return _json(await work(principal, body), 202)
        show = self._lists.get(path)
        if show is None:
            raise NotFoundError
        if method not in {"GET", "HEAD"}:
            raise MethodNotAllowedError
        asked = dict(parse_qsl(query))
        return _json(await self._ask(lambda: show(asked)))

    async def _ask(self, question: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, question)

    def close(self) -> None:
        self._reader.submit(self._archive.close).result()
        self._reader.shutdown()

    def _events(self, query: Query) -> dict[str, Any]:
        wanted = _allowed(query, "id type source after before cursor limit")
        limit = _limit(query)
        found = self._archive.events(
            {**wanted, "after": _time(query, "after"), "before": _time(query, "before")}, limit=limit
        )
        return _page([_dated(item, "accepted_ms") for item in found], limit)

    def _deliveries(self, query: Query) -> dict[str, Any]:
        _allowed(query, "event trigger state cursor limit")
        state = query.get("state")
        if state is not None and state not in STATES:
            raise _wrong("state", "UNKNOWN_STATE")
        limit = _limit(query)
        wanted = {
            "event": _number(query, "event"),
            "route": query.get("trigger"),
            "state": STATES.index(state) if state else None,
            "cursor": _number(query, "cursor"),
        }
        return _page([_told(item) for item in self._archive.deliveries(wanted, limit=limit)], limit)

    def _replays(self, query: Query) -> dict[str, Any]:
        _allowed(query, "cursor limit")
        limit = _limit(query)
        found = self._archive.replays({"cursor": _number(query, "cursor")}, limit=limit)
        return _page([_dated(item, "at_ms") for item in found], limit)

    def _triggers(self, query: Query) -> dict[str, Any]:
        _allowed(query, "")
        counts = self._archive.counts()
        routing = self._dispatcher.routing
        items = [
            {
                "trigger": name,
                "broker": str(routing.routes[name].broker) if name in routing.routes else None,
                "subscriber": routing.routes[name].sink.url if name in routing.routes else None,
                "ready": condition.ready,
                "reason": condition.reason or None,
                "ordered": name in routing.routes and routing.routes[name].ordered,
                "waiting": counts.get((name, "waiting"), 0) + counts.get((name, "held"), 0),
                "dead": counts.get((name, "dead"), 0),
            }
            for name, condition in sorted(routing.conditions.items())
        ]
        return {"items": items, "next_cursor": None, "wiring_faults": dict(self._files.faults)}

    async def _replay(self, principal: Principal, body: bytes) -> dict[str, Any]:
        selection = selection_of(body)
        chosen = await self._chosen(selection)
        await self._record(principal, "event.replayed", selection, chosen)
        work = replayed(selection, chosen, **self._who(principal))
        done: tuple[Replay, Fresh] = await self._writer.submit(Change(work))
        told, fresh = done
        self._dispatcher.notify(fresh)
        metrics.EVENTS_REPLAYED.inc(told.replayed)
        log.info("events.replayed", count=told.replayed, mode="dry_run" if selection.dry_run else "sent")
        return _outcome(selection, told)

    async def _discard(self, principal: Principal, body: bytes) -> dict[str, Any]:
        selection = discard_of(body)
        chosen = await self._chosen(selection)
        await self._record(principal, "event.discarded", selection, chosen)
        work = discarded(selection, chosen, kept=self._store.retention.kept, **self._who(principal))
        told: Replay = await self._writer.submit(Change(work))
        metrics.EVENTS_DISCARDED.inc(told.replayed)
        log.warning("events.discarded", count=told.replayed, mode="dry_run" if selection.dry_run else "dropped")
        return _outcome(selection, told)

    async def _chosen(self, selection: Selection) -> list[Again]:
        routing = self._dispatcher.routing
        if selection.trigger and selection.trigger not in routing.conditions:
            raise _wrong("trigger", "UNKNOWN_TRIGGER")
        return await self._ask(lambda: self._archive.chosen(selection, routing))

    async def _record(self, principal: Principal, action: str, selection: Selection, chosen: list[Again]) -> None:
        """Before it is done; what cannot be put on record is not done. A dry run does nothing."""
        if self._auditor is not None and not selection.dry_run:
            await self._auditor.record(Act(principal, action, facts={"chosen": len(chosen)}))

    def _who(self, principal: Principal) -> dict[str, Any]:
        """Who asks, when, and the name of the record about it."""
        return {
            "subject": principal.subject,
            "tenant": str(principal.tenant_id),
            "record_id": str(ids.new_id()),
            "now": self._dispatcher.shared.now(),
        }


def _outcome(selection: Selection, told: Replay) -> dict[str, Any]:
    count = {"discarded" if selection.discard else "replayed": told.replayed}
    return {
        "id": told.id,
        "dry_run": selection.dry_run,
        "matched": told.matched,
        **count,
        "capped": told.matched > min(selection.limit, MOST_REPLAYED),
        "events": list(told.events),
    }


def selection_of(body: bytes) -> Selection:
    """What to send again; ValidationError with a pointer."""
    request = _decoded(body, ReplayRequest)
    if not _is_chosen(request) and not request.dead_letters:
        raise ValidationError("Choose what to send again: ids, type, source, times, a Trigger or the dead letters.")
    return _selection(request, dead_letters=request.dead_letters, discard=False)


def discard_of(body: bytes) -> Selection:
    """Which dead letters to give up; ValidationError with a pointer."""
    request = _decoded(body, DiscardRequest)
    if not _is_chosen(request):
        raise ValidationError("Choose which dead letters to give up: ids, type, source, times or a Trigger.")
    return _selection(request, dead_letters=True, discard=True)


R = TypeVar("R", ReplayRequest, DiscardRequest)


def _decoded(body: bytes, kind: type[R]) -> R:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("`$.")[2].rstrip("`")
        raise _wrong(field if field.isidentifier() else "", "INVALID") from None
    except (msgspec.DecodeError, RecursionError):
        raise ValidationError("The body is not JSON.") from None


def _is_chosen(request: ReplayRequest | DiscardRequest) -> bool:
    return any((request.ids, request.type, request.source, request.after, request.before, request.trigger))


def _selection(request: ReplayRequest | DiscardRequest, *, dead_letters: bool, discard: bool) -> Selection:
    return Selection(
        **{name: getattr(request, name) for name in ("ids", "type", "source", "trigger", "limit", "dry_run")},
        after=_milliseconds(request.after, "after"),
        before=_milliseconds(request.before, "before"),
        dead_letters=dead_letters,
        discard=discard,
    )


def _milliseconds(moment: dt.datetime | None, name: str) -> int | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise _wrong(name, "NO_TIME_ZONE")
    return int(moment.timestamp() * 1000)


def _allowed(query: Query, names: str) -> dict[str, Any]:
    if not query.keys() <= set(names.split()):
        raise ValidationError("The query has a parameter that is not known here.")
    return dict(query) | {"cursor": _number(query, "cursor")}


def _limit(query: Query) -> int:
    limit = _number(query, "limit")
    if limit is None:
        return DEFAULT_PAGE
    if not 1 <= limit <= MOST_LISTED:
        raise _wrong("limit", "OUT_OF_RANGE")
    return limit


def _number(query: Query, name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise _wrong(name, "NOT_A_NUMBER")
    return int(text)


def _time(query: Query, name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return _milliseconds(msgspec.convert(text, dt.datetime), name)
    except msgspec.ValidationError:
        raise _wrong(name, "NOT_RFC_3339") from None


def _wrong(name: str, code: str) -> ValidationError:
    return ValidationError("The request has a wrong field.", errors=(FieldError(f"/{name}" if name else "", code),))


def _dated(item: dict[str, Any], *names: str) -> dict[str, Any]:
    """Times as the API tells them: ISO 8601, UTC, to the millisecond."""
    dated = dict(item)
    for name in names:
        value = dated.pop(name)
        dated[name.removesuffix("_ms") + "_at" if name != "at_ms" else "at"] = None if value is None else iso(value)
    return dated


def _told(item: dict[str, Any]) -> dict[str, Any]:
    told = _dated(item, "due_ms", "finished_ms")
    told["event"] = _dated(item["event"], "accepted_ms")
    told["failed_attempts"] = [_dated(attempt, "at_ms") for attempt in item["failed_attempts"]]
    return told


def iso(milliseconds: int) -> str:
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _page(items: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    return {"items": items, "next_cursor": str(items[-1]["cursor"]) if len(items) == limit else None}


def _json(body: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
