"""The door of calculators: list, show, compute, and read a sentence as a request to one of them."""

from typing import Annotated, Any

import functions_framework.aio
from fastapi import Depends, Path
from starlette.requests import Request

from functions.calculators import access, schema, service
from functions.calculators.domain.registry import calculators as catalogue
from voiceassist.contracts.calculations import CalculatorResult, ComputeRequest, Interpretation, InterpretRequest
from voiceassist.core import ids
from voiceassist.core.errors import NeedsInputError, UnavailableError, ValidationError
from voiceassist.core.identity import Principal
from voiceassist.runtime import door, logging, metrics
from voiceassist.runtime.http_room import http_app

log = logging.get_logger(__name__)

room = door.Room("calculators")
app = http_app(room, title="Calculators", actions=access.ACTIONS)

Caller = Annotated[Principal, Depends(door.principal)]
# Told in the OpenAPI, read when that is asked for; another id is 404.
Id = Annotated[str, Path(json_schema_extra=lambda schema: schema.update(enum=list(catalogue())))]


@app.get("/api/v1/calculators")
async def list_calculators() -> schema.Summaries:
    return service.listed()


@app.post("/api/v1/calculators/interpret")
async def interpret(request: InterpretRequest) -> Interpretation:
    """Read a sentence, or the reply to an open question, as a calculator and its inputs."""
    return service.interpreted(request)


@app.get("/api/v1/calculators/{calculator_id}")
async def show(calculator_id: Id) -> schema.Detail:
    """A calculator with the JSON Schema of its inputs, its bands and its sources."""
    return service.shown(calculator_id)


@app.post("/api/v1/calculators/{calculator_id}/compute")
async def compute(calculator_id: Id, request: ComputeRequest, caller: Caller) -> CalculatorResult:
    """422 NEEDS_INPUT lists what is missing; 400 VALIDATION_ERROR what cannot be right, with range and likely unit."""
    try:
        result = service.computed(calculator_id, request)
    except (NeedsInputError, ValidationError) as error:  # the id is one of ours by then: it may be a label
        metrics.CALCULATOR_RUNS.labels(calculator_id, error.code.lower()).inc()
        raise
    metrics.CALCULATOR_RUNS.labels(result.calculator_id, "computed").inc()
    await _tell(result, caller)
    return result


async def _tell(result: CalculatorResult, caller: Principal) -> None:
    """Say that something was computed, by counts only; a result is never held back because nobody can listen."""
    if not room.settings.postgres.dsn:
        return
    from events.catalog import CalculatorComputed
    from voiceassist.runtime import outbox, providers

    payload = CalculatorComputed(
        calculation_id=ids.new_id(),
        tenant_id=caller.tenant_id,
        user_id=caller.user_id,
        calculator_id=result.calculator_id,
        version=result.version,
        inputs=len(result.inputs),
        assumed=sum(one.assumed for one in result.inputs),
    )
    key = str(payload.calculation_id)
    event = outbox.event_of(room.name, payload.TYPE, payload, subject=key, key=key)
    try:
        async with providers.database().transaction(caller) as connection:
            await outbox.add(connection, room.name, event)
    except UnavailableError:
        log.warning("calculator.event_lost", room=room.name)


@functions_framework.aio.http
async def calculators(_request: Request) -> Any:
    return room
