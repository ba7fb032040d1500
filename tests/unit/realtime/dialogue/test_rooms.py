"""A function is called on behalf of who speaks; a key without its scope asks nothing by voice either."""

import json

import httpx
import pytest

from realtime.dialogue.phrases import Skill
from realtime.dialogue.rooms import SECONDS, HttpRooms
from voiceassist.core.errors import (
    DependencyTimeoutError,
    ForbiddenError,
    NeedsInputError,
    UnavailableError,
    ValidationError,
)
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime import http, routing, tokens, workloads
from voiceassist.runtime.settings import Settings

WORKLOAD = workloads.derived("s" * 40)
SETTINGS = Settings(workload=WORKLOAD, room_url="http://rooms/{room}")
ONCALL = Skill("oncall", "/api/v1/oncall/ask", "oncall:read", ("who is on call",))


def speaker(*scopes):
    return Principal("u1", DEFAULT_TENANT, "user", scopes=frozenset(scopes))


@pytest.fixture
def answering(monkeypatch):
    """`answering(status, body)` makes the room answer so; the requests are kept."""
    kept = []

    def answer(status=200, body=None, error=None):
        def handle(request):
            kept.append(request)
            if error:
                raise error
            return httpx.Response(status, json={"text": "Dr. Okafor."} if body is None else body)

        client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
        monkeypatch.setattr(http, "client", lambda: client)
        monkeypatch.setattr(http, "load_settings", lambda: SETTINGS)
        return kept

    return answer


async def test_the_question_goes_to_the_room_in_the_speakers_name(answering):
    kept = answering()
    spoken = await HttpRooms(SETTINGS, speaker()).ask(ONCALL, "who is on call " + "x" * 3000)
    assert spoken.text == "Dr. Okafor."
    (request,) = kept
    assert str(request.url) == "http://rooms/oncall/api/v1/oncall/ask"
    assert len(json.loads(request.content)["question"]) == 2000
    assert request.extensions["timeout"]["read"] == SECONDS == 8.0
    token = request.headers["authorization"].removeprefix("Bearer ")
    assert tokens.verify(token, audience="oncall", workload=WORKLOAD).subject == "u1"


@pytest.mark.parametrize(
    ("scope", "has", "may"),
    [
        ("oncall:read", (), True),  # a person in the browser
        ("oncall:read", ("voice:talk", "oncall:read"), True),
        ("oncall:read", ("voice:talk",), False),
        ("", ("voice:talk", "calc:run"), False),  # nobody said what a key needs, so no key may
        ("", (), True),
    ],
)
async def test_a_key_needs_the_scope_of_the_function(answering, scope, has, may):
    kept = answering()
    asked = HttpRooms(SETTINGS, speaker(*has)).ask(Skill("oncall", "/api/v1/oncall/ask", scope, ()), "who is on call")
    if may:
        assert (await asked).text
    else:
        with pytest.raises(ForbiddenError):
            await asked
    assert len(kept) == int(may)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"code": "LIBRARY_STARTING"}, "LIBRARY_STARTING"),
        ({"code": "KB_UNAVAILABLE"}, "ROOM_FAILED"),
        ({"code": 7}, "ROOM_FAILED"),
        ({}, "ROOM_FAILED"),
    ],
)
async def test_that_the_library_is_being_prepared_is_the_one_reason_passed_on(answering, body, code):
    answering(status=503, body=body)
    with pytest.raises(UnavailableError) as failed:
        await HttpRooms(SETTINGS, speaker()).answer("how is gout treated")
    assert failed.value.code == code


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 403}, ForbiddenError),
        ({"status": 422}, NeedsInputError),
        ({"status": 400}, ValidationError),
        ({"status": 500}, UnavailableError),
        ({"status": 404}, UnavailableError),
        ({"body": {"text": ""}}, UnavailableError),
        ({"body": {"text": "x" * 2001}}, UnavailableError),
        ({"body": {"words": "no such contract"}}, UnavailableError),
        ({"body": {"text": "x", "more": 1}}, UnavailableError),
        ({"error": httpx.ConnectError("x")}, UnavailableError),
        ({"error": httpx.ReadTimeout("x")}, DependencyTimeoutError),
    ],
)
async def test_a_room_that_fails_is_an_error_of_the_house(answering, answer, error):
    answering(**answer)
    with pytest.raises(error):
        await HttpRooms(SETTINGS, speaker()).ask(ONCALL, "who is on call")


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({"errors": [{"pointer": "/inputs/x", "code": "NOT_COMPUTABLE", "detail": "Why."}]}, ["NOT_COMPUTABLE"]),
        ({"status": 400}, []),
        ({"errors": "no list"}, []),
        ([], []),
    ],
)
async def test_a_refusal_keeps_the_reasons_of_the_room(answering, body, codes):
    answering(body=body, status=400)
    with pytest.raises(ValidationError) as raised:
        await HttpRooms(SETTINGS, speaker()).ask(ONCALL, "who is on call")
    assert [one.code for one in raised.value.errors] == codes


async def test_a_search_asks_for_enough_passages_to_see_a_split(answering):
    found = {"items": [{"chunk_id": "c", "document_id": "d", "title": "T", "text": "x", "score": 0.5, "source": "S"}]}
    kept = answering(body=found)
    (passage,) = await HttpRooms(SETTINGS, speaker()).search("kidney disease")
    assert (passage.title, passage.score) == ("T", 0.5)
    assert str(kept[0].url) == "http://rooms/retrieval/api/v1/search"
    assert json.loads(kept[0].content) == {"query": "kidney disease", "limit": 50}


@pytest.mark.req("P11.8")
async def test_that_a_turn_stays_here_is_passed_on_and_that_something_went_out_is_heard(monkeypatch):
    kept = []

    def handle(request):
        kept.append(request.headers.get("x-voiceassist-route"))
        return httpx.Response(200, json={"text": "Dr. Okafor."}, headers={"x-voiceassist-went": "cloud"})

    client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    monkeypatch.setattr(http, "client", lambda: client)
    monkeypatch.setattr(http, "load_settings", lambda: SETTINGS)
    rooms = HttpRooms(SETTINGS, speaker())
    with routing.request(DEFAULT_TENANT, route="local"):
        await rooms.ask(ONCALL, "who is on call")
    with routing.request(DEFAULT_TENANT) as way:
        await rooms.ask(ONCALL, "who is on call")
    assert kept == ["local", None]
    assert way.cloud


@pytest.mark.req("P11.8")
async def test_a_room_that_must_keep_a_text_says_so(answering):
    answering(403, {"code": "PHI_BLOCKED", "detail": "no"})
    with pytest.raises(ForbiddenError) as refused:
        await HttpRooms(SETTINGS, speaker()).answer("gout")
    assert refused.value.code == "PHI_BLOCKED"
