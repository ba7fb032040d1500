"""Notes: drafted from a conversation and its case, edited, signed by a physician, exported; gone or kept in time."""

import base64
import io
from dataclasses import replace

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from functions.conversations import main
from functions.conversations.kit import kit
from functions.conversations.routes import cases as case_routes
from functions.conversations.routes import notes as note_routes
from voiceassist.core import ids
from voiceassist.core.identity import service
from voiceassist.runtime.memory import Kept

from .conftest import SCORE, SOURCES
from .test_cases import CASES, MAN, ROUNDS, Time, counted, hourly, recorded  # noqa: F401 - a fixture

pytestmark = pytest.mark.req("P4.19")

NOTES = "/api/v1/notes"
ANSWER = Kept(
    "item_2", 2, "assistant", "output_audio", "Anticoagulation is recommended [1]. Just trust me.",
    facts={"citation.list": SOURCES, "calculator.result": SCORE},
)  # fmt: skip


@pytest.fixture
def time(monkeypatch, room):
    now = Time()
    for module in (case_routes, note_routes, main):
        monkeypatch.setattr(module, "kit", lambda: replace(kit(), now=now))
    return now


@pytest.fixture
def physician(person, database):
    async def make(**more):
        owner = await person(**more)
        async with database.transaction(service("test", owner.tenant_id)) as connection:
            named = "update users set display_name = 'Dr. Ada Quill' where id = :id"
            await connection.execute(text(named), {"id": owner.user_id})
        return replace(owner, profile="physician")

    return make


@pytest.fixture
def draft(caller, keep, room, database):
    """A note about a case that was talked about, in the author's name."""

    async def make(owner, *, rounds=False):
        async with caller(room, owner) as client:
            if rounds:
                await client.post(ROUNDS)
            case = (await client.post(CASES, json={"title": "Bed 12", "rounds": rounds, "facts": [MAN]})).json()
            talk = await keep(owner, "How do I treat it?", ANSWER)
            async with database.transaction(owner) as connection:
                await connection.execute(
                    text("update conversations set case_id = :case where id = :id"), {"case": case["id"], "id": talk}
                )
            made = await client.post(NOTES, json={"conversation_id": str(talk)})
        assert made.status_code == 201, made.text
        return made.json()

    return make


def texts(note):
    return {section["name"]: [one["text"] for one in section["sentences"]] for section in note["sections"]}


def as_it_is(note, **changes):
    sections = [
        {"name": one["name"], "sentences": [{"id": s["id"], "text": s["text"]} for s in one["sentences"]]}
        for one in note["sections"]
    ]
    return {"revision": note["revision"], "sections": sections, **changes}


async def test_a_note_is_drafted_from_a_conversation_and_its_case(caller, physician, draft, room):
    owner = await physician()
    note = await draft(owner)
    assert texts(note) == {
        "assessment": ["65-year-old man.", "3 points. Inputs: age 68 years."],
        "plan": ["Anticoagulation is recommended [1]."],
    }
    assert (note["title"], note["state"], note["watermark"]) == ("Bed 12", "draft", "AI-assisted draft")
    assert [one["origin"]["kind"] for section in note["sections"] for one in section["sentences"]] == [
        "fact", "calculator", "answer",
    ]  # fmt: skip
    assert note["sources"][0]["title"] == "Atrial fibrillation"
    async with caller(room, owner) as client:
        assert (await client.get(f"{NOTES}/{note['id']}")).json() == note
        assert [one["id"] for one in (await client.get(NOTES)).json()["items"]] == [note["id"]]
        for body, status, code in (
            ({}, 400, "VALIDATION_ERROR"),
            ({"conversation_id": str(ids.new_id())}, 404, "NOT_FOUND"),
            ({"case_id": str(ids.new_id())}, 404, "NOT_FOUND"),
            ({"conversation_id": note["conversation_id"], "case_id": str(ids.new_id())}, 404, "NOT_FOUND"),
            ({"case_id": note["case_id"], "format": "novel"}, 400, "VALIDATION_ERROR"),
        ):
            answer = await client.post(NOTES, json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        bare = (await client.post(CASES, json={"title": "Nothing yet"})).json()
        answer = await client.post(NOTES, json={"case_id": bare["id"]})
        assert (answer.status_code, answer.json()["code"]) == (422, "NEEDS_INPUT")


async def test_it_is_edited_signed_and_then_changes_no_more(caller, physician, draft, room, time):
    owner = await physician()
    note = await draft(owner)
    path = f"{NOTES}/{note['id']}"
    changed = as_it_is(note)
    changed["sections"][1]["sentences"].append({"text": "See again in a week."})
    async with caller(room, owner) as client:
        edited = (await client.put(path, json=changed)).json()
        assert texts(edited)["plan"] == ["Anticoagulation is recommended [1].", "See again in a week."]
        for answer in (
            await client.put(path, json=changed), await client.post(f"{path}/sign", json={"revision": 1}),
        ):  # fmt: skip
            assert (answer.status_code, answer.json()["code"]) == (409, "NOTE_CHANGED")
        signed = (await client.post(f"{path}/sign", json={"revision": edited["revision"]})).json()
        assert (signed["state"], signed["signed_by"], signed["watermark"]) == ("signed", "Dr. Ada Quill", None)
        for answer in (
            await client.put(path, json=as_it_is(signed)),
            await client.post(f"{path}/sign", json={"revision": signed["revision"]}),
            await client.delete(path),
            await client.delete(f"{CASES}/{note['case_id']}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "NOTE_SIGNED")
        assert (await client.get(path)).json() == signed
        time.passes(days=6 * 365)
        assert (await client.get(path)).status_code == 200
        assert (await client.get(f"{CASES}/{note['case_id']}")).status_code == 200


async def test_who_is_no_physician_drafts_and_neither_signs_nor_exports(caller, physician, draft, room):
    nurse = replace(await physician(), profile="nurse")
    note = await draft(nurse)
    async with caller(room, nurse) as client:
        path = f"{NOTES}/{note['id']}"
        assert (await client.put(path, json=as_it_is(note))).status_code == 200
        assert (await client.post(f"{path}/sign", json={"revision": 2})).status_code == 403
        assert (await client.get(f"{path}/export")).status_code == 403
        assert (await client.get(path)).json()["state"] == "draft"


async def test_nobody_reaches_a_note_of_another(caller, physician, draft, room):
    note = await draft(await physician())
    path = f"{NOTES}/{note['id']}"
    for other in (await physician(), await physician(tenant_id=ids.new_id())):
        async with caller(room, other) as client:
            assert (await client.get(NOTES)).json()["items"] == []
            for method, where, body in (
                ("GET", path, None), ("PUT", path, as_it_is(note)), ("DELETE", path, None),
                ("POST", f"{path}/sign", {"revision": 1}), ("GET", f"{path}/export", None),
                ("POST", NOTES, {"conversation_id": note["conversation_id"]}),
            ):  # fmt: skip
                assert (await client.request(method, where, json=body)).status_code == 404


async def test_an_unsigned_draft_is_gone_after_a_day_and_a_signed_note_is_kept(
    caller, physician, draft, room, database, deliver, time
):
    owner = await physician()
    kept, lost = await draft(owner), await draft(owner)
    async with caller(room, owner) as client:
        await client.post(f"{NOTES}/{kept['id']}/sign", json={"revision": 1})
        time.passes(hours=23)
        assert (await client.put(f"{NOTES}/{lost['id']}", json=as_it_is(lost))).status_code == 200
        time.passes(hours=1)
        assert (await client.get(f"{NOTES}/{lost['id']}")).status_code == 404, "editing does not prolong it"
        assert await deliver(room, hourly()) == 204
        assert await counted(database, "notes", owner) == 1
        assert [one["id"] for one in (await client.get(NOTES)).json()["items"]] == [kept["id"]]
        time.passes(days=2_192)
        assert (await client.get(NOTES)).json()["items"] == []


async def test_of_rounds_only_what_was_signed_stays(caller, physician, draft, room, time):
    owner = await physician()
    kept, lost = await draft(owner, rounds=True), await draft(owner, rounds=True)
    async with caller(room, owner) as client:
        await client.post(f"{NOTES}/{kept['id']}/sign", json={"revision": 1})
        time.passes(hours=4)
        assert (await client.get(CASES)).json()["items"] == []
        left = (await client.get(NOTES)).json()["items"]
        assert [(one["id"], one["case_id"], one["conversation_id"]) for one in left] == [(kept["id"], None, None)]
        assert (await client.get(f"{NOTES}/{lost['id']}")).status_code == 404


async def test_an_export_has_the_watermark_until_it_is_signed(caller, physician, draft, room):
    owner = await physician()
    note = await draft(owner)
    path = f"{NOTES}/{note['id']}"

    async def pages(content):
        return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())

    async with caller(room, owner) as client:
        printed = await pages((await client.get(f"{path}/export")).content)
        for words in (
            "AI-assisted draft, not signed",
            "Anticoagulation is recommended [1].",
            "(quoted from an answer)",
        ):
            assert words in printed
        assert printed.count("AI-assisted draft") == 2, "across the page and at its foot"
        fhir = (await client.get(f"{path}/export", params={"format": "fhir"})).json()
        assert (fhir["docStatus"], "authenticator" in fhir) == ("preliminary", False)
        await client.post(f"{path}/sign", json={"revision": 1})
        printed = await pages((await client.get(f"{path}/export")).content)
        assert "AI-assisted draft" not in printed
        assert "Signed by Dr. Ada Quill" in printed
        fhir = (await client.get(f"{path}/export", params={"format": "fhir"})).json()
        assert (fhir["docStatus"], fhir["authenticator"]) == ("final", {"display": "Dr. Ada Quill"})
        assert fhir["type"]["coding"][0] == {
            "system": "http://loinc.org", "code": "11506-3", "display": "Progress note",
        }  # fmt: skip
        assert base64.b64decode(fhir["content"][0]["attachment"]["data"]).startswith(b"%PDF-")
        assert (await client.get(f"{path}/export", params={"format": "json"})).json()["state"] == "signed"


@pytest.mark.usefixtures("recorded")
async def test_each_touch_is_on_record_and_without_record_nothing_happens(caller, physician, draft, room, recorded):  # noqa: F811
    owner = await physician()
    note = await draft(owner)
    path = f"{NOTES}/{note['id']}"
    async with caller(room, owner) as client:
        recorded.broken = True
        for answer in (
            await client.put(path, json=as_it_is(note)), await client.post(f"{path}/sign", json={"revision": 1}),
            await client.get(path), await client.delete(path),
        ):  # fmt: skip
            assert (answer.status_code, answer.json()["code"]) == (503, "AUDIT_UNAVAILABLE")
        recorded.broken = False
        assert (await client.get(path)).json()["revision"] == 1
        await client.post(f"{path}/sign", json={"revision": 1})
        await client.put(path, json=as_it_is(note))
        await client.get(f"{path}/export")
    acts = [(act.action, act.outcome) for act in recorded.acts if act.action.startswith("note.")]
    assert acts == [
        ("note.drafted", "success"), ("note.read", "success"), ("note.signed", "success"),
        ("note.updated", "refused"), ("note.exported", "success"),
    ]  # fmt: skip
    assert "Bed 12" not in str(recorded.acts)
