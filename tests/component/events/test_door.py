"""A real door at the end of the broker: identity, typed payload, 422 to the dead letters, one trace."""

import asyncio

import httpx

from events.catalog import EVENT_TYPES, DocumentDeleted, DocumentIndexed
from events.envelope import json_event
from voiceassist.runtime import door, tracing
from voiceassist.runtime.settings import Settings

from .conftest import WORKLOAD, free_port, serving, trigger


def mounted(room):
    """The room under its name, as the local host serves it."""

    async def app(scope, receive, send):
        await room({**scope, "path": scope["path"].removeprefix("/sample")}, receive, send)

    return app


async def test_a_room_hears_its_events_and_refuses_the_others(broker, subscriber, monkeypatch):
    monkeypatch.setattr(door, "load_settings", lambda: Settings(workload=WORKLOAD))
    room = door.Room("sample")
    heard = asyncio.Queue()

    @room.on(DocumentDeleted.TYPE)
    async def deleted(event, payload):
        await heard.put((event.id, payload, tracing.current_trace_id()))

    port = free_port()
    server, task = await serving(mounted(room), port)
    at_room = trigger("room", type_prefix="org.voiceassist.")
    at_room["spec"]["subscriber"] = {"ref": {"kind": "Service", "name": "sample"}}
    keeper = trigger("keeper", room="deadsink", broker="dead-letters", dead_letter=False)
    keeper["spec"]["subscriber"] = {"uri": f"http://127.0.0.1:{subscriber.port}/deadsink"}
    broker.subscriber_port = port  # so that the ref leads to the room: http://127.0.0.1:<port>/sample/
    broker.wire(at_room, keeper)
    try:
        await broker.start()
        payload = EVENT_TYPES[DocumentDeleted.TYPE].example
        trace = "00-" + "c" * 32 + "-" + "d" * 16 + "-01"
        wrong = json_event(EVENT_TYPES[DocumentIndexed.TYPE].example, id="2", source="/t", type=DocumentIndexed.TYPE)
        right = json_event(payload, id="1", source="/t", type=DocumentDeleted.TYPE, extensions={"traceparent": trace})
        await broker.say(right, wrong)
        (letter,) = await subscriber.wait_for(1, room="deadsink")
        assert (letter.id, letter.extensions["knativeerrorcode"]) == ("2", "422")
        assert await asyncio.wait_for(heard.get(), 10) == ("1", payload, "c" * 32)
        async with httpx.AsyncClient() as stranger:
            answer = await stranger.post(f"http://127.0.0.1:{port}/sample/", content=b"{}")
        assert answer.status_code == 401
    finally:
        server.should_exit = server.force_exit = True
        await task
