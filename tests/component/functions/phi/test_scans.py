"""Scans by event, and sessions of stand-ins, on the real stores."""

import asyncio

import msgspec
import pytest
from sqlalchemy import text

from events.catalog import PhiScanRequested
from events.envelope import CloudEvent
from functions.phi import listeners
from functions.phi.domain.model import LABELS
from functions.phi.main import room as phi
from voiceassist.core import ids
from voiceassist.core.errors import NotFoundError, UnavailableError
from voiceassist.core.identity import service
from voiceassist.runtime import outbox, providers

pytestmark = pytest.mark.req("P11.6", "I2.1")

SSN, NAME = "123-45-6789", "Quackenbush"
NOTE = f"SSN {SSN}, MRN 00-12-34, mr. {NAME}\n" * 50


@pytest.fixture
def ask(caller):
    async def send(who, method, path, **options):
        async with caller(phi, who) as client:
            return await client.request(method, f"/api/v1/phi/{path}", **options)

    return send


@pytest.fixture
async def stored(ask, person):
    who = await person()
    answer = await ask(who, "POST", "objects", content=NOTE, headers={"content-type": "text/plain"})
    assert answer.status_code == 201, answer.text
    return who, answer.json()["object_id"]


def requested(who, object_id, *, event_id=None, **changes):
    payload = PhiScanRequested(
        scan_id=ids.new_id(), tenant_id=who.tenant_id, owner_id=who.user_id, object_id=object_id, kind="note"
    )
    payload = msgspec.structs.replace(payload, **changes)
    return payload, CloudEvent(
        id=event_id or str(ids.new_id()),
        source="/integrator",
        type=PhiScanRequested.TYPE,
        datacontenttype="application/json",
        data=msgspec.json.encode(payload),
        extensions={"ownerid": str(who.user_id), "tenantid": str(who.tenant_id)},
    )


def path_of(who, object_id):
    return f"scans/{who.tenant_id}/{who.user_id}/{object_id}"


async def test_a_stored_text_is_looked_through_and_gone(stored, deliver, said, capfd):
    who, object_id = stored
    sealed = providers.objects().get(path_of(who, object_id))
    assert NAME.encode() not in sealed
    payload, event = requested(who, object_id)
    assert await deliver(phi, event) == 204
    (completed,) = await said(payload.scan_id)
    data = msgspec.json.decode(completed.data)
    assert (completed.type, data["ssn"], data["mrn"]) == ("org.voiceassist.phi.scan_completed.v1", 50, 50)
    assert data["characters"] == len(NOTE)
    assert data["findings"] == sum(data[label.lower()] for label in LABELS)
    assert completed.extensions["ownerid"] == str(who.user_id)
    assert NAME.encode() not in completed.data
    with pytest.raises(NotFoundError):
        providers.objects().get(path_of(who, object_id))
    told = "".join(capfd.readouterr())
    assert NAME not in told
    assert SSN not in told


async def test_a_stored_text_is_answered_portion_by_portion(ask, person, monkeypatch):
    who, other = await person(), await person()
    note = NOTE * 25
    stored = await ask(who, "POST", "objects", content=note, headers={"content-type": "text/plain"})
    wanted = {"object_id": stored.json()["object_id"]}
    answer = await ask(who, "POST", "redact", json=wanted)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    lines = [msgspec.json.decode(line) for line in answer.text.splitlines()]
    assert len(lines) > 1
    assert SSN not in answer.text
    assert "".join(line["text"] for line in lines).count("[SSN]") == 50 * 25
    found = [line["offset"] + one["start"] for line in lines for one in line["entities"] if one["label"] == "SSN"]
    assert {note[start : start + len(SSN)] for start in found} == {SSN}
    classes = [
        msgspec.json.decode(line) for line in (await ask(who, "POST", "classify", json=wanted)).text.splitlines()
    ]
    assert sum(one["categories"]["SSN"] for one in classes) == 50 * 25
    for someone, path in ((other, wanted), (who, {"object_id": str(ids.new_id())})):
        refused = await ask(someone, "POST", "redact", json=path)
        assert (refused.status_code, refused.json()["code"]) == (404, "NOT_FOUND")
    assert (await ask(service("ingestion"), "POST", "redact", json=wanted)).status_code == 403
    assert (await ask(other, "DELETE", f"objects/{wanted['object_id']}")).status_code == 204
    assert (await ask(who, "POST", "classify", json=wanted)).status_code == 200
    assert (await ask(who, "DELETE", f"objects/{wanted['object_id']}")).status_code == 204
    assert (await ask(who, "POST", "classify", json=wanted)).status_code == 404


async def test_a_stored_text_that_breaks_off_ends_with_an_error_in_its_place(stored, ask, monkeypatch):
    who, object_id = stored
    frames = [NOTE.encode()] * 40 + [b"SSN \xff" + SSN.encode()]
    monkeypatch.setattr(listeners.Claims, "fetch", lambda *_arguments: iter(frames))
    answer = await ask(who, "POST", "entities", json={"object_id": object_id})
    *told, last = [msgspec.json.decode(line) for line in answer.text.splitlines()]
    assert len(told) >= 2
    assert last["error"]["code"] == "TEXT_NOT_UTF8"
    assert SSN not in answer.text


async def test_the_same_event_twice_also_at_once_has_one_effect(stored, deliver, said):
    who, object_id = stored
    payload, event = requested(who, object_id)
    assert await asyncio.gather(*(deliver(phi, event) for _ in range(3))) == [204, 204, 204]
    assert await deliver(phi, event) == 204
    assert len(await said(payload.scan_id)) == 1


async def test_somebody_elses_object_and_one_that_is_not_there_are_dead_letters(stored, deliver, person, said):
    who, object_id = stored
    for other, wanted in ((await person(), object_id), (who, ids.new_id())):
        payload, event = requested(other, wanted)
        assert await deliver(phi, event) == 422
        assert await said(payload.scan_id) == []
    assert providers.objects().get(path_of(who, object_id))


async def test_the_dead_letter_has_its_code_and_no_text(stored, caller, person):
    from events.envelope import encode_binary

    who, object_id = stored
    providers.objects().put(path_of(who, object_id), b"\x01" + NOTE.encode())
    broken, missing = requested(who, object_id)[1], requested(who, ids.new_id())[1]
    keys = await providers.keyring().of(who.tenant_id)
    listeners.store().store(keys, who.user_id, no_text := ids.new_id(), b"SSN \xff" + SSN.encode())
    garbled = requested(who, no_text)[1]
    async with caller(phi, service("broker")) as client:
        for event, code in ((broken, "OBJECT_BROKEN"), (missing, "OBJECT_NOT_FOUND"), (garbled, "TEXT_NOT_UTF8")):
            headers, body = encode_binary(event)
            answer = await client.post("/", headers=dict(headers), content=body)
            assert (answer.status_code, answer.json()["code"]) == (422, code)
            assert SSN not in answer.text
            assert NAME not in answer.text


async def test_a_store_that_is_away_makes_the_event_come_again(stored, deliver, said, monkeypatch):
    who, object_id = stored
    payload, event = requested(who, object_id)

    def away(*_arguments):
        raise UnavailableError("down", code="STORAGE_UNAVAILABLE")

    with monkeypatch.context() as patch:
        patch.setattr(listeners.Claims, "fetch", away)
        assert await deliver(phi, event) == 503
    assert await said(payload.scan_id) == []
    assert await deliver(phi, event) == 204
    assert len(await said(payload.scan_id)) == 1


async def test_an_object_that_cannot_be_deleted_is_left_and_the_scan_counts(stored, deliver, said, monkeypatch, capfd):
    who, object_id = stored
    payload, event = requested(who, object_id)

    def away(*_arguments):
        raise UnavailableError("down")

    with monkeypatch.context() as patch:
        patch.setattr(listeners.Claims, "delete", away)
        assert await deliver(phi, event) == 204
    assert "scan.object_left" in capfd.readouterr().err
    assert len(await said(payload.scan_id)) == 1
    assert await deliver(phi, event) == 204  # once more, and it is gone
    with pytest.raises(NotFoundError):
        providers.objects().get(path_of(who, object_id))


async def test_the_event_and_the_memory_of_it_are_one_transaction(stored, deliver, said, monkeypatch, database):
    who, object_id = stored
    payload, event = requested(who, object_id)

    async def fails(*_arguments):
        raise RuntimeError(NAME)

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "add", fails)
        assert await deliver(phi, event) == 500
    async with database.transaction(service("test")) as connection:
        rows = await connection.execute(text("select 1 from processed_events where event_id = :id"), {"id": event.id})
        assert rows.all() == []
    assert await deliver(phi, event) == 204
    assert len(await said(payload.scan_id)) == 1


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00" + SSN.encode()])
async def test_what_is_no_text_is_not_stored(ask, person, body):
    answer = await ask(await person(), "POST", "objects", content=body, headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (400, "TEXT_NOT_UTF8")
    assert SSN not in answer.text


async def test_a_viewer_and_a_part_of_the_house_store_nothing(ask, person):
    for who in (await person("viewer"), service("ingestion")):
        answer = await ask(who, "POST", "objects", content=NOTE, headers={"content-type": "text/plain"})
        assert answer.status_code == 403


async def test_an_object_that_is_too_large_is_413(ask, person):
    size = phi.settings.limits.lines_bytes + 1
    answer = await ask(await person(), "POST", "objects", content=b"x" * size, headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_session_of_a_caller_keeps_its_stand_ins_sealed_until_it_is_forgotten(ask, person):
    who, other = await person(), await person()
    session = f"ward-{ids.new_id()}"

    async def shown(caller):
        answer = await ask(caller, "POST", "pseudonymise", json={"text": f"SSN {SSN}", "session": session})
        assert answer.status_code == 200, answer.text
        return answer.json()["entities"][0]["pseudonym"]

    first = await shown(who)
    assert await shown(who) == first
    assert await shown(other) != first, "a name of a session is its caller's own"
    redis = providers.redis()
    values = [await redis.get(key) async for key in redis.scan_iter(f"*{session}*")]
    assert len(values) == 2
    assert all(SSN.encode() not in value for value in values)
    assert (await ask(who, "DELETE", f"sessions/{session}")).status_code == 204
    assert await shown(who) != first


async def test_without_the_vault_a_session_is_refused_and_a_request_alone_is_answered(ask, person, monkeypatch):
    who = await person()

    async def away(*_arguments):
        raise UnavailableError("down", code="PSEUDONYMS_UNAVAILABLE")

    from voiceassist.runtime.pseudonyms.vault import SealedVault

    monkeypatch.setattr(SealedVault, "use", away)
    answer = await ask(who, "POST", "pseudonymise", json={"text": f"SSN {SSN}", "session": "ward"})
    assert (answer.status_code, answer.json()["code"]) == (503, "PSEUDONYMS_UNAVAILABLE")
    assert (await ask(who, "POST", "pseudonymise", json={"text": f"SSN {SSN}"})).status_code == 200
