"""One's own conversations: listed, read, searched, taken along, deleted; nobody another's."""

import base64
import hashlib
import io
from dataclasses import replace
from datetime import datetime

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from events.catalog import Ping
from events.envelope import CloudEvent
from voiceassist.core import ids
from voiceassist.core.identity import service
from voiceassist.ports.auditing import Remembering
from voiceassist.runtime import memory, providers
from voiceassist.runtime.memory import Kept

from .conftest import SCORE, SOURCES

PATH = "/api/v1/conversations"
ANSWER = Kept(
    "item_2", 2, "assistant", "output_audio", "Anticoagulation is recommended.", interrupted=True,
    facts={"citation.list": SOURCES, "calculator.result": SCORE},
)  # fmt: skip


async def test_a_list_has_ones_own_newest_first_with_how_each_begins(caller, person, keep, room):
    owner, other = await person(), await person()
    first = await keep(owner, "How do I treat atrial fibrillation?", "With anticoagulation.")
    second = await keep(owner, "What is sepsis?")
    await keep(other, "Something of another person")
    async with caller(room, owner) as client:
        page = (await client.get(PATH)).json()
    assert [one["id"] for one in page["items"]] == [str(second), str(first)]
    assert [(one["title"], one["items"]) for one in page["items"]] == [
        ("What is sepsis?", 1),
        ("How do I treat atrial fibrillation?", 2),
    ]
    assert page["keep_days"] == 30
    async with caller(room, owner) as client:
        part = (await client.get(PATH, params={"limit": 1})).json()
        rest = (await client.get(PATH, params={"limit": 1, "cursor": part["next_cursor"]})).json()
    assert [one["id"] for one in part["items"] + rest["items"]] == [str(second), str(first)]


async def test_a_list_tells_what_came_out_of_each_sealed_and_anew_when_it_went_on(caller, person, keep, room, database):
    owner = await person()
    talk = await keep(
        owner, "How do I treat atrial fibrillation?", replace(ANSWER, text="Anticoagulation is wise [1].")
    )
    await keep(owner, "What is sepsis?")
    async with caller(room, owner) as client:

        async def told():
            return {one["title"]: one["summary"] for one in (await client.get(PATH)).json()["items"]}

        assert await told() == {
            "What is sepsis?": "",
            "How do I treat atrial fibrillation?": "3 points. Anticoagulation is wise.",
        }
        async with database.transaction(owner) as connection:
            stored = "select summary from conversations where id = :id"
            sealed = (await connection.execute(text(stored), {"id": talk})).scalar_one()
        assert b"points" not in bytes(sealed)
        later = replace(ANSWER, item_id="item_4", number=4, text="Apixaban is given [1].")
        await keep(owner, later, conversation_id=talk)
        assert (await told())["How do I treat atrial fibrillation?"].endswith("Apixaban is given.")


async def test_a_conversation_is_shown_with_what_stood_beside_its_words(caller, person, keep, room):
    owner = await person()
    conversation = await keep(owner, "How do I treat atrial fibrillation?", ANSWER)
    async with caller(room, owner) as client:
        shown = (await client.get(f"{PATH}/{conversation}")).json()
    asked, answered = shown["turns"]
    assert (asked["role"], asked["text"], asked["seq"]) == ("user", "How do I treat atrial fibrillation?", 1)
    assert (answered["role"], answered["text"], answered["interrupted"]) == (
        "assistant", "Anticoagulation is recommended.", True,
    )  # fmt: skip
    assert answered["citations"][0]["title"] == "Atrial fibrillation"
    assert (answered["result"]["value"], answered["answer"]) == (3, "supported")


@pytest.mark.parametrize("method", ["get", "delete", "export"])
async def test_nobody_reaches_a_conversation_of_another(caller, person, keep, room, method):
    owner = await person()
    conversation = await keep(owner, "What is sepsis?")
    for other in (await person(), await person(tenant_id=ids.new_id())):
        async with caller(room, other) as client:
            path = f"{PATH}/{conversation}"
            answer = await (
                client.delete(path) if method == "delete" else client.get(path + "/export" * (method == "export"))
            )
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
            assert (await client.post(f"{PATH}/search", json={"query": "sepsis"})).json()["items"] == []
            await client.delete(PATH)
    for role in ("admin", "viewer"):
        async with caller(room, await person(role)) as client:
            assert (await client.get(f"{PATH}/{conversation}")).status_code == 403
    async with caller(room, owner) as client:
        assert (await client.get(f"{PATH}/{conversation}")).status_code == 200


async def test_a_search_finds_every_word_in_one_turn_and_shows_where(caller, person, keep, room):
    owner = await person()
    wanted = await keep(owner, "What about Ménière's disease in a young woman?", "It is treated with betahistine.")
    await keep(owner, "What is a young gentleman's disease?")
    async with caller(room, owner) as client:

        async def found(query):
            return (await client.post(f"{PATH}/search", json={"query": query})).json()

        hits = await found("meniere YOUNG")
        assert [(hit["id"], hit["item_id"]) for hit in hits["items"]] == [(str(wanted), "item_1")]
        assert "Ménière" in hits["items"][0]["snippet"]
        assert hits["complete"] is True
        assert [hit["item_id"] for hit in (await found("betahist"))["items"]] == ["item_2"]
        assert (await found("young betahistine"))["items"] == [], "of one turn, not of a conversation"
        assert (await found("histine"))["items"] == []
        assert (await found("??"))["items"] == []
        assert len((await found("disease"))["items"]) == 2
        refused = await client.post(f"{PATH}/search", json={"query": "x" * 201})
        assert refused.status_code == 400
        assert "xxx" not in refused.text


async def test_a_search_says_when_it_did_not_look_everywhere(caller, person, keep, room, monkeypatch):
    owner = await person()
    await keep(owner, "An old question", "An answer")
    await keep(owner, "A new question", "An answer")
    monkeypatch.setattr("functions.conversations.store.MOST_SEARCHED", 2)
    async with caller(room, owner) as client:
        hits = (await client.post(f"{PATH}/search", json={"query": "question"})).json()
    assert ([hit["title"] for hit in hits["items"]], hits["complete"]) == (["A new question"], False)


async def test_an_export_is_whole_in_each_format(caller, person, keep, room):
    owner = await person()
    conversation = await keep(owner, "How do I treat <AF> with eGFR ≥ 30 & more?", ANSWER)
    async with caller(room, owner) as client:
        path = f"{PATH}/{conversation}/export"
        plain = await client.get(path, params={"format": "json"})
        assert plain.json() == (await client.get(f"{PATH}/{conversation}")).json()
        assert 'filename="conversation-' in plain.headers["content-disposition"]

        pdf = await client.get(path, params={"format": "pdf"})
        assert pdf.headers["content-type"] == "application/pdf"
        pages = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
        wanted = ("How do I treat <AF> with eGFR ≥ 30 & more?", "Anticoagulation is recommended.", "Stopped here")
        wanted += ("age 68 years", "Atrial fibrillation, Stroke, 2024", "Not a part of the health record")
        for words in wanted:
            assert words in " ".join(pages.split())

        fhir = await client.get(path, params={"format": "fhir"})
        assert fhir.headers["content-type"] == "application/fhir+json"
        reference = fhir.json()
        assert (reference["resourceType"], reference["status"], reference["docStatus"]) == (
            "DocumentReference", "current", "preliminary",
        )  # fmt: skip
        assert reference["type"]["coding"] == [{"system": "http://loinc.org", "code": "34109-9", "display": "Note"}]
        assert "subject" not in reference
        datetime.fromisoformat(reference["date"])
        (content,) = reference["content"]
        data = base64.b64decode(content["attachment"]["data"])
        assert data.startswith(b"%PDF-")
        assert content["attachment"]["size"] == len(data)
        assert base64.b64decode(content["attachment"]["hash"]) == hashlib.sha1(data, usedforsecurity=False).digest()
        assert (await client.get(path, params={"format": "docx"})).status_code == 400


async def test_what_is_deleted_is_gone_and_the_rest_stays(caller, person, keep, room, database):
    owner = await person()
    gone, kept = await keep(owner, "Delete me", "Yes"), await keep(owner, "Keep me")
    async with caller(room, owner) as client:
        assert (await client.delete(f"{PATH}/{gone}")).status_code == 204
        assert (await client.delete(f"{PATH}/{gone}")).status_code == 404
        assert [one["id"] for one in (await client.get(PATH)).json()["items"]] == [str(kept)]
        assert (await client.delete(PATH)).status_code == 204
        assert (await client.get(PATH)).json()["items"] == []
    async with database.transaction(service("test")) as connection:
        counted = "select count(*) from conversation_items where owner_id = :owner"
        assert (await connection.execute(text(counted), {"owner": owner.user_id})).scalar_one() == 0


async def test_what_was_kept_for_long_enough_is_not_shown_and_deleted_at_night(
    caller, person, keep, room, database, deliver
):
    owner = await person()
    old, new = await keep(owner, "An old question"), await keep(owner, "A new question")
    async with database.transaction(owner) as connection:
        await connection.execute(
            text("update conversations set expires_at = now() - interval '1 minute' where id = :id"), {"id": old}
        )
    async with caller(room, owner) as client:
        assert [one["id"] for one in (await client.get(PATH)).json()["items"]] == [str(new)]
        assert (await client.get(f"{PATH}/{old}")).status_code == 404
        assert len((await client.post(f"{PATH}/search", json={"query": "question"})).json()["items"]) == 1

    def tick(schedule):
        return CloudEvent(
            id=str(ids.new_id()), source="/pings", type=Ping.TYPE, data=b"{}", datacontenttype="application/json",
            extensions={"schedule": schedule},
        )  # fmt: skip

    assert await deliver(room, tick("conversations-nightly")) == 204
    assert await deliver(room, tick("another")) == 422
    async with database.transaction(owner) as connection:
        rows = (await connection.execute(text("select id from conversations"))).scalars().all()
        items = (await connection.execute(text("select count(*) from conversation_items"))).scalar_one()
    assert (rows, items) == ([new], 1)


async def test_each_look_is_on_record_by_ids_alone(caller, person, keep, room, monkeypatch):
    remembered = Remembering()
    monkeypatch.setattr(providers, "auditor", lambda _part: remembered)
    owner = await person()
    conversation = await keep(owner, "A secretword of this test")
    missing = ids.new_id()
    async with caller(room, owner) as client:
        await client.get(PATH)
        await client.get(f"{PATH}/{conversation}")
        await client.get(f"{PATH}/{missing}")
        await client.post(f"{PATH}/search", json={"query": "secretword"})
        await client.get(f"{PATH}/{conversation}/export", params={"format": "fhir"})
        await client.delete(f"{PATH}/{conversation}")
    acts = [(act.action, act.outcome, act.objects) for act in remembered.acts if act.action.startswith("conversation")]
    one = (f"conversation:{conversation}",)
    assert acts == [
        ("conversation.listed", "success", one),
        ("conversation.read", "success", one),
        ("conversation.read", "not_found", (f"conversation:{missing}",)),
        ("conversation.searched", "success", one),
        ("conversation.exported", "success", one),
        ("conversation.deleted", "success", one),
    ]
    assert "secretword" not in str(remembered.acts)


async def test_words_that_do_not_open_are_an_error_and_no_other_words(caller, person, keep, room, database):
    """A value that somebody moved to another row does not open."""
    owner = await person()
    conversation = await keep(owner, "One", "Two")
    async with database.transaction(owner) as connection:
        await connection.execute(
            text("update conversation_items set body = (select body from conversation_items where id = :one)"),
            {"one": memory.row_of(conversation, "item_1")},
        )
    async with caller(room, owner) as client:
        answer = await client.get(f"{PATH}/{conversation}")
    assert answer.status_code >= 500
    assert "Two" not in answer.text
