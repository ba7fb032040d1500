"""The patient told to the realtime service: in writing, in instructions, in events it does not know, and by voice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from functions.canary.domain import session
from functions.canary.domain.patient import Patient
from voiceassist.cli import conversation
from voiceassist.core.errors import VoiceAssistError
from voiceassist.runtime.engines.layout import Layout

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

QUIET_SECONDS = 0.3


async def told(layout: Layout, patient: Patient, sounds: Sequence[bytes] = ()) -> list[conversation.Turn]:
    """Everything there is to say; `sounds` are pcm16 (24 kHz, mono). The turns that were answered."""
    async with _address(layout, patient) as socket:
        for event in session.events(patient):
            await socket.send(event)
        await _quiet(socket)
        turns = [await conversation.write(socket, text) for text in (patient.note, patient.speech)]
        return [*turns, *[await conversation.speak(socket, sound) for sound in sounds]]


@asynccontextmanager
async def _address(layout: Layout, patient: Patient) -> "AsyncIterator[ClientConnection]":
    """Also by addresses that name the patient, which may be refused."""
    query = urlencode({one.category: one.value for one in patient.identifiers})
    for path in (f"/{patient.family}", f"/?{query}"):
        try:
            async with conversation.connect(layout, None, beside=path):
                pass
        except VoiceAssistError:
            continue
    async with conversation.connect(layout, None) as socket:
        yield socket


async def _quiet(socket: "ClientConnection") -> None:
    """Until nothing more comes: refusals, and an answer to what could be one."""
    while True:
        try:
            await asyncio.wait_for(socket.recv(), QUIET_SECONDS)
        except TimeoutError:
            return
