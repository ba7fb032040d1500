"""The door as the gateway and the voice call it, in this process."""

import httpx
import pytest

from functions.differential import main, spoken
from functions.differential.library import table
from voiceassist.contracts.answers import Question, Spoken
from voiceassist.core.identity import service
from voiceassist.runtime import door, tokens, workloads
from voiceassist.runtime.settings import Settings

WORKLOAD = workloads.derived("s" * 40)
PATH = "/api/v1/differential"
PLANTED = "Zebulon Quackenbush"


@pytest.fixture
async def client(monkeypatch):
    monkeypatch.setattr(door, "load_settings", lambda: Settings(workload=WORKLOAD))
    transport = httpx.ASGITransport(app=await main.differential(None))
    # Minted now: a token lives for a minute, and tests are collected long before the last of them runs.
    token = tokens.mint(service("gateway"), issuer="gateway", audience="differential", workload=WORKLOAD)
    bearer = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://differential", headers=bearer) as client:
        yield client


async def asked(client, question):
    answer = await client.post(f"{PATH}/ask", json={"question": question})
    assert answer.status_code == 200
    return Spoken.model_validate_json(answer.content)


@pytest.mark.req("P5.20")
async def test_a_ranking_tells_everything(client):
    text = f"{PLANTED}, 68-year-old man, crushing chest pain for an hour, sweating, no fever, chest wall not tender"
    answer = await client.post(PATH, json={"text": text})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["presentations"], told["reviewed"]) == ("ranked", ["chest pain"], False)
    assert "No clinician has reviewed" in told["notice"]
    assert told["version"] == table().version
    assert {"crushing pain", "sweating"} <= set(told["understood"]["present"])
    assert "fever" in told["understood"]["absent"]
    assert told["patient"] == {"age_from": 68.0, "age_to": 68.0, "sex": "male", "onset": ["acute"]}
    assert (told["not_used"], told["known"]) == ([], [])
    assert told["red_flags"]["present"] == ["crushing pain"]
    assert "tearing pain" in told["red_flags"]["to_look_for"]
    first = told["candidates"][0]
    assert (first["id"], first["urgency"], first["place"], first["fit"]) == ("acs", "emergency", 1, 1)
    assert {"crushing pain", "sweating"} <= set(first["matching"])
    assert "pain on exertion" in first["missing"]
    assert first["tests"][0] == "12-lead ECG within 10 minutes"
    assert first["citations"][0]["doi"] == "10.1093/eurheartj/ehad191"
    assert PLANTED not in answer.text


async def test_findings_by_name_count_like_those_of_a_text_and_win_over_it(client):
    body = {
        "present": ["headache", "Stiff neck"], "absent": ["fever"], "text": "fever, 20-year-old", "age": 50,
        "sex": "female", "onset": "sudden",
    }  # fmt: skip
    told = (await client.post(PATH, json=body)).json()
    assert told["understood"]["absent"] == ["fever"]
    assert told["patient"] == {"age_from": 50.0, "age_to": 50.0, "sex": "female", "onset": ["sudden"]}
    assert told["candidates"][0]["id"] == "sah"


async def test_what_is_missing_is_asked_for(client):
    answer = await client.post(PATH, json={"text": "back pain in a 40-year-old"})
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "NEEDS_INPUT"
    assert [error["pointer"] for error in problem["errors"]] == ["/sex", "/onset"]
    assert problem["errors"][1]["detail"] == "Since when, and did it begin suddenly?"


async def test_just_answer_uses_nothing_that_is_not_known_and_says_so(client):
    told = (await client.post(PATH, json={"text": "back pain", "just_answer": True})).json()
    assert told["not_used"] == ["age", "sex", "onset"]
    assert told["patient"] == {"age_from": None, "age_to": None, "sex": None, "onset": []}
    assert all(one["unusual"] == [] for one in told["candidates"])


async def test_a_red_flag_does_not_wait_for_age_and_sex(client):
    told = (await client.post(PATH, json={"text": "back pain and saddle numbness"})).json()
    assert told["red_flags"]["present"] == ["saddle numbness"]
    assert told["candidates"][0]["id"] == "cauda-equina"


async def test_an_unknown_presentation_is_told_with_what_is_known(client):
    told = (await client.post(PATH, json={"text": "the hinge of the door squeaks"})).json()
    assert (told["status"], told["candidates"]) == ("unknown_presentation", [])
    assert told["known"] == list(table().presentations)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"text": " "}, {"text": "x" * 4001}, {"text": "cough", "age": -1}, {"text": "cough", "age": 131},
        {"text": "cough", "sex": PLANTED}, {"text": "cough", "onset": "later"}, {"text": "cough", PLANTED: 1},
        {"present": [PLANTED], "just_answer": True}, {"present": ["cough"], "absent": ["cough"], "just_answer": True},
        {"present": [""]}, {"present": ["cough"], "absent": [PLANTED]},
    ],
)  # fmt: skip
async def test_what_cannot_be_used_is_refused_without_an_echo(client, body):
    answer = await client.post(PATH, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert PLANTED not in answer.text


async def test_an_unknown_finding_is_pointed_at(client):
    problem = (await client.post(PATH, json={"present": ["cough", PLANTED], "just_answer": True})).json()
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("/present/1", "UNKNOWN_FINDING")]


async def test_the_table_tells_what_it_knows(client):
    told = (await client.get(f"{PATH}/presentations")).json()
    assert [one["name"] for one in told["items"]] == list(table().presentations)
    assert told["reviewed"] is False


async def test_what_is_no_question_is_refused(client):
    for body in ({}, {"question": ""}, {"question": "x", "other": 1}, {"question": "x" * 2001}):
        answer = await client.post(f"{PATH}/ask", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("POST", "/ask"), ("GET", "/presentations")])
async def test_an_unknown_caller_is_not_answered(client, method, path):
    client.headers.pop("authorization")
    assert (await client.request(method, PATH + path, json={"question": "x"})).status_code == 401


@pytest.mark.req("P5.20")
async def test_by_voice_age_sex_and_onset_are_asked_in_two_questions_and_then_it_answers(client):
    said = "differential for back pain"
    first = await asked(client, said)
    assert (first.text, first.asks) == (spoken.WHO, "age and sex")
    said += ". thirty-four, a man"
    second = await asked(client, said)
    assert (second.text, second.asks) == ("Since when, and did it begin suddenly?", "onset")
    third = await asked(client, f"{said}. for three days, after lifting")
    assert third.asks == ""
    assert "Mechanical low back pain" in third.text
    assert "Not known" not in third.text


async def test_by_voice_only_what_is_missing_is_asked(client):
    assert (
        await asked(client, "differential for back pain in a man since yesterday")
    ).text == "How old is the patient?"
    assert (await asked(client, "differential for back pain since yesterday, 40 years old")).asks == "sex"


async def test_by_voice_just_answer_is_honoured_and_what_was_not_used_is_said(client):
    answer = await asked(client, "what could cause back pain. Just answer.")
    assert answer.asks == ""
    assert "Not known and not used: age, sex and onset." in answer.text


async def test_by_voice_a_red_flag_is_answered_at_once(client):
    answer = await asked(client, "what could cause the sudden worst headache of her life")
    assert answer.asks == ""
    assert answer.text.startswith("Exclude first: Subarachnoid haemorrhage [1]")
    assert answer.citations[0].year == 2023


@pytest.mark.parametrize(
    "question", ["differential", "differential diagnosis please", "differential for a squeaking hinge"]
)
async def test_by_voice_what_is_not_known_is_said(client, question):
    answer = await asked(client, question)
    assert (answer.asks, answer.citations) == ("", ())
    assert "complaint" in answer.text


@pytest.mark.req("P5.20")
def test_what_is_said_aloud_is_short_marks_its_sources_and_names_the_diagnosis(case):
    question = Question(question=f"differential for {case.text}")
    answer = spoken.answered(question, spoken.case_of(question))
    words = [word for word in answer.text.split() if not word.startswith("[")]
    assert len(words) <= spoken.WORDS
    assert answer.asks == ""
    assert answer.citations
    assert all(f"[{citation.n}]" in answer.text for citation in answer.citations)
    assert "No clinician has reviewed" in answer.notice
