"""The doors of cases and rounds: what a clinician has told of a patient, and nobody another's."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from functions.conversations import access, case_store, casework
from functions.conversations import case_schema as schema
from functions.conversations.kit import kit
from voiceassist.core.identity import Principal
from voiceassist.runtime import door, http_room

router = http_room.router(access.ACTIONS)
Caller = Annotated[Principal, Depends(door.principal)]


@router.get("/api/v1/cases")
async def list_cases(
    caller: Caller,
    cursor: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = case_store.PAGE,
) -> schema.Cases:
    """One's own, the newest first."""
    return await casework.listed(kit(), caller, cursor, limit)


@router.post("/api/v1/cases", status_code=201)
async def make_case(asked: schema.NewCase, caller: Caller) -> schema.Case:
    return await casework.made(kit(), caller, asked)


@router.get("/api/v1/cases/{case_id}")
async def show_case(case_id: UUID, caller: Caller) -> schema.Case:
    """With its facts, newest first."""
    return await casework.shown(kit(), caller, case_id)


@router.patch("/api/v1/cases/{case_id}")
async def retitle_case(case_id: UUID, asked: schema.Retitled, caller: Caller) -> schema.Case:
    return await casework.retitled(kit(), caller, case_id, asked)


@router.post("/api/v1/cases/{case_id}/facts", status_code=201)
async def tell_facts(case_id: UUID, asked: schema.NewFacts, caller: Caller) -> schema.Case:
    """The case with what was added; a corrected value is a new fact, the wrong one is erased."""
    return await casework.told(kit(), caller, case_id, asked)


@router.delete("/api/v1/cases/{case_id}/facts/{fact_id}", status_code=204)
async def erase_fact(case_id: UUID, fact_id: UUID, caller: Caller) -> None:
    await casework.erased(kit(), caller, case_id, fact_id)


@router.delete("/api/v1/cases/{case_id}", status_code=204)
async def delete_case(case_id: UUID, caller: Caller) -> None:
    """With its facts; conversations about it stay by their own time."""
    await casework.removed(kit(), caller, case_id)


@router.get("/api/v1/rounds")
async def show_rounds(caller: Caller) -> schema.Rounds:
    """One's own, with the seconds that are left of them."""
    return await casework.rounds(kit(), caller)


@router.post("/api/v1/rounds")
async def start_rounds(caller: Caller) -> schema.Rounds:
    """For four hours; those under way go on as they are."""
    return await casework.started(kit(), caller)


@router.delete("/api/v1/rounds", status_code=204)
async def end_rounds(caller: Caller) -> None:
    """Wipe them now: their cases and facts, what was said about these, and unsigned notes. The audit is kept."""
    await casework.ended(kit(), caller)
