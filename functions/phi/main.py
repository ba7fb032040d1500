"""The door of phi: find the structural identifiers of a text, or take them out. It keeps and logs nothing of it."""

import asyncio
import time
from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.phi import schema
from functions.phi.domain.model import Entity, redacted
from functions.phi.domain.scan import detect
from voiceassist.runtime import door, metrics
from voiceassist.runtime.http_room import http_app

room = door.Room("phi")
app = http_app(room, title="PHI")

AT_ONCE = 8_192  # characters that are scanned in some milliseconds; longer texts must not hold up the others


@app.post("/api/v1/phi/detect")
async def find(request: schema.Text) -> schema.Detected:
    """Where identifiers stand. `categories` says which kinds this version looks for and which it does not."""
    found = await scanned(request.text)
    return schema.Detected(entities=schema.entities_of(found), categories=schema.COVERAGE)


@app.post("/api/v1/phi/redact")
async def redact(request: schema.Text) -> schema.Redacted:
    """The text without them. Names and places are not found by this version, so the answer is not de-identified."""
    found = await scanned(request.text)
    text = redacted(request.text, found)
    return schema.Redacted(text=text, entities=schema.entities_of(found), categories=schema.COVERAGE)


async def scanned(text: str) -> tuple[Entity, ...]:
    began = time.perf_counter()
    found = await asyncio.to_thread(detect, text) if len(text) > AT_ONCE else detect(text)
    metrics.PHI_SCAN.observe(time.perf_counter() - began)
    for one in found:
        metrics.PHI_DETECTED.labels(one.label, "api").inc()
    return found


@functions_framework.aio.http
async def phi(_request: Request) -> Any:
    return room
