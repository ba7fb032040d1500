"""The door of phi: find the identifiers of a text, take them out, or put others in. It keeps and logs none of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, TypeVar
from uuid import UUID

import functions_framework.aio
import orjson
from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic import ValidationError as Invalid
from starlette.requests import Request
from starlette.responses import Response

from functions.phi import access, answers, bodies, claims, listeners, rules, schema
from functions.phi.answers import Answer
from functions.phi.lines import MEDIA_TYPE, Lines, lines
from functions.phi.rules import Rules
from functions.phi.scanning import policy_in_force, rules_in_force, scanned
from voiceassist.core import clock, ids
from voiceassist.core.errors import ForbiddenError, SettingsError, ValidationError, VoiceAssistError
from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import Act, named
from voiceassist.runtime import door, problem, providers
from voiceassist.runtime.egress import policy
from voiceassist.runtime.http_room import fields_of, http_app
from voiceassist.runtime.pseudonyms.vault import SealedVault

room = door.Room("phi")
app = http_app(room, title="PHI", actions=access.ACTIONS)
listeners.listen(room)

Caller = Annotated[Principal, Depends(door.principal)]
Read = TypeVar("Read", bound=BaseModel)
CLAIMS_AT_ONCE = 2  # each is held in memory
claims_at_once = asyncio.Semaphore(CLAIMS_AT_ONCE)


@app.post("/api/v1/phi/detect", response_model=schema.Detected | schema.Batch, openapi_extra=bodies.SCAN)
async def detect(request: Request) -> Response:
    """Where identifiers stand. `categories` says which kinds are looked for under the rules in force and which not."""
    told = {"categories": schema.coverage(rules_in_force())}
    return await answered(request, schema.Scan, answers.detect, schema.Detected, told)


@app.post("/api/v1/phi/redact", response_model=schema.Redacted | schema.Batch, openapi_extra=bodies.SCAN)
async def redact(request: Request) -> Response:
    """The text with `[LABEL]` in the place of each."""
    told = {"categories": schema.coverage(rules_in_force())}
    return await answered(request, schema.Scan, answers.redact, schema.Redacted, told)


@app.post("/api/v1/phi/entities", response_model=schema.Told | schema.Batch, openapi_extra=bodies.SCAN)
async def entities(request: Request) -> Response:
    """Where they stand, and how many of each kind; nothing else."""
    return await answered(request, schema.Scan, answers.count, schema.Told, {})


@app.get("/api/v1/phi/entities")
async def kinds() -> schema.Catalogue:
    """Every kind there is, what finds it, and whether the rules in force look for it."""
    return schema.catalogue(rules_in_force())


@app.post("/api/v1/phi/classify", response_model=schema.Classified | schema.Batch, openapi_extra=bodies.SCAN)
async def classify(request: Request, caller: Caller) -> Response:
    """Whether there are any, of which kinds and how many, and where a model may be asked about it; no places."""
    answer = answers.classify(policy_of(caller))
    return await answered(request, schema.Scan, answer, schema.Classified, {})


@app.post(
    "/api/v1/phi/pseudonymise", response_model=schema.Pseudonymised | schema.Batch, openapi_extra=bodies.PSEUDONYMISE
)
async def pseudonymise(request: Request, caller: Caller) -> Response:
    """The text with random stand-ins, the same again within a session of the caller. This room puts no value back."""
    answer = answers.pseudonymise(vault, caller, policy_of(caller), clock.now().date())
    return await answered(request, schema.Pseudonymise, answer, schema.Pseudonymised, {})


@app.delete("/api/v1/phi/sessions/{session}", status_code=204)
async def forget(session: schema.Session, caller: Caller) -> None:
    """Forget the stand-ins of a session now; else they go half an hour after their last use."""
    await vault().forget(answers.conversation(caller, session))


@app.post("/api/v1/phi/objects", status_code=201, openapi_extra=bodies.TEXT)
async def claim(request: Request, caller: Caller) -> schema.Claim:
    """Store a large text, sealed, to be looked through by an event that names it; it is gone afterwards."""
    if caller.user_id is None or caller.role == "viewer":
        raise ForbiddenError("Your role may look at things and store none.")
    object_id = ids.new_id()
    async with claims_at_once:
        data = await door.read_limited(request, room.settings.limits.lines_bytes)
        if not data or not claims.is_text(data):
            raise ValidationError("The body is no UTF-8 text.", code=claims.NOT_TEXT)
        await record(request, "text.stored", object_id=object_id, bytes=len(data))
        keys = await providers.keyring().of(caller.tenant_id)
        await asyncio.to_thread(listeners.store().store, keys, caller.user_id, object_id, data)
    return schema.Claim(object_id=object_id, size_bytes=len(data))


@app.delete("/api/v1/phi/objects/{object_id}", status_code=204)
async def drop(object_id: UUID, request: Request, caller: Caller) -> None:
    """Delete a stored text of the caller's own; one that is not there is no error."""
    if caller.user_id is not None:
        await record(request, "text.deleted", object_id=object_id)
        await asyncio.to_thread(listeners.store().delete, caller.tenant_id, caller.user_id, object_id)


@app.post("/api/v1/phi/test")
async def test(request: schema.Trial, caller: Caller, http: Request) -> schema.Tried:
    """What rules and a policy that somebody thinks of would do with a text at every sink; nothing is kept."""
    if caller.role != "admin":
        raise ForbiddenError("Only administrators try rules and policies.")
    draft = request.draft
    try:
        under = Rules("draft", rules.packs(draft.packs_off), rules.minimum(draft.minimum))
        table = policy.load(None, draft.policy)
    except SettingsError:
        raise ValidationError("The draft cannot be read.", code="DRAFT_INVALID") from None
    await record(http, "text.tried", rules=True)
    found = await scanned(request.text, under=under, sink="test")
    today = clock.now().date()
    return schema.Tried(
        entities=schema.entities_of(found), outcomes=answers.outcomes(request.text, found, table, today)
    )


async def answered(
    request: Request, kind: type[schema.Scan], answer: Answer, whole: type[BaseModel], told: dict[str, Any]
) -> Response:
    """One text, a batch, or NDJSON, whose lines are single texts."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == MEDIA_TYPE:

        async def line(data: bytes) -> bytes:
            scan = read(kind, data)
            if scan.text is None:
                raise ValidationError("A line holds one text.")
            return (await answer(scan.text, scan)).model_dump_json().encode()

        await record(request, "text.scanned", lines=True)
        return Lines(lines(request.stream()), line, fault)
    scan = read(kind, await door.read_limited(request, room.settings.limits.body_bytes))
    await record(request, "text.scanned", object_id=scan.object_id, texts=len(scan.every))
    if scan.object_id is not None:
        return await by_reference(request.state.principal, scan, answer)
    told |= {"rules": schema.rule_set(rules_in_force())}
    items = [await answer(text, scan) for text in scan.every]
    if scan.texts is None:
        said: BaseModel = whole(**dict(items[0]), **told)
    else:
        said = schema.Batch(items=tuple(items), rules=told["rules"])
    return Response(said.model_dump_json(), media_type="application/json", headers={"cache-control": "no-store"})


async def record(request: Request, action: str, *, object_id: UUID | None = None, **facts: int | bool) -> None:
    """That somebody had texts looked at, before the first finding leaves; never the text."""
    objects = named("text", [object_id] if object_id else [])
    route = request.scope["path"].rpartition("/")[2] if action == "text.scanned" else ""
    told: dict[str, int | str | bool] = {**facts, **({"route": route} if route else {})}
    await providers.auditor(room.name).record(Act(request.state.principal, action, objects=objects, facts=told))


async def by_reference(caller: Principal, scan: schema.Scan, answer: Answer) -> Response:
    """A stored text portion by portion, a line each; `offset` is where its portion begins, in characters."""
    assert scan.object_id is not None  # noqa: S101 - why we are here
    owner_id = caller.user_id
    if owner_id is None:
        raise ForbiddenError("Only people and their keys have stored texts.")
    keys = await providers.keyring().of(caller.tenant_id)
    stored = claims.portions(listeners.store().fetch(keys, owner_id, scan.object_id))
    first = await asyncio.to_thread(next, stored, "")  # what is not there is told before the status is

    async def every() -> AsyncIterator[bytes]:
        portion = first
        while portion:
            yield portion.encode()
            portion = await asyncio.to_thread(next, stored, "")

    offset = 0

    async def line(data: bytes) -> bytes:
        nonlocal offset
        text = data.decode()
        item = await answer(text, scan)
        begins, offset = offset, offset + len(text)
        return orjson.dumps({"offset": begins, **item.model_dump()})

    return Lines(every(), line, fault)


def read(kind: type[Read], data: bytes) -> Read:
    try:
        return kind.model_validate_json(data)
    except Invalid as error:
        faults = [{"loc": ("body", *one["loc"]), "type": one["type"]} for one in error.errors(include_input=False)]
        errors = fields_of(RequestValidationError(faults))
        raise ValidationError("The request has wrong or missing fields.", errors=errors) from None


def fault(error: VoiceAssistError) -> bytes:
    import msgspec

    told = {key: value for key, value in problem.document(error).items() if key != "trace_id"}
    return msgspec.json.encode({"error": told})


def policy_of(caller: Principal) -> policy.Policy:
    return policy_in_force().of(caller.tenant_id)


def vault() -> SealedVault:
    return SealedVault(providers.redis(), providers.keyring())


@functions_framework.aio.http
async def phi(_request: Request) -> Any:
    return room
