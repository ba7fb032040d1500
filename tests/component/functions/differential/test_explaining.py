"""A differential explained by a language model that is honest, hostile, slow or away: only words may be its own."""

import asyncio
import json
from itertools import product

import httpx
import pytest

from functions.differential import explaining, library, main, schema, service, spoken
from functions.differential.domain.statements import statements
from functions.phi.domain.scan import detect
from voiceassist.contracts.answers import Question
from voiceassist.core.identity import service as service_identity
from voiceassist.core.text import words
from voiceassist.runtime import door, generation, language, tokens, workloads
from voiceassist.runtime.egress import Gate, Scanner, policy
from voiceassist.runtime.egress.web import Egress
from voiceassist.runtime.settings import Egress as EgressSettings
from voiceassist.runtime.settings import Language, Settings

pytestmark = pytest.mark.req("P5.20")

WORKLOAD = workloads.derived("s" * 40)
PLANTED = "Zebulon Quackenbush"
CASE = f"{PLANTED}, 68-year-old man, crushing chest pain for an hour, sweating, chest wall tenderness, no fever"


def gate_of(find=lambda _text: (), *, exceptions="", models=True):
    """The product's gate with a policy and a detector of the test's own."""

    class Detector:
        def find(self, text, *, known=(), kind=None):
            return find(text)

    return Gate(policy.load(None, exceptions), Scanner(Detector), models=models)


def gated(server, *, allow="local", seconds=5.0, gate=None):
    settings = Settings(
        language=Language(url=server.url, model="scripted", allow=allow, seconds=seconds),
        egress=EgressSettings(allow_private=True),
    )
    return language.Gated(language.opened(settings, Egress(settings)), allow=allow, gate=gate or gate_of())


def case(text=CASE):
    return service.understood(schema.DifferentialRequest(text=text, just_answer=True))


async def explained(model, text=CASE):
    one = case(text)
    return await explaining.explanation(one.ranking, one.findings, model, rest=generation.Health())


def honest(passages, _request):
    return [scripted_sentences(*((text, [number]) for number, text in list(passages.items())[:3]))]


def scripted_sentences(*said):
    return json.dumps({"sentences": [{"text": text, "citations": numbers} for text, numbers in said]})


@pytest.fixture
def fake(scripted_openai):
    return scripted_openai.FakeOpenAi


async def test_without_a_model_the_table_explains():
    told = await explained(None)
    assert (told.model, told.notice) == (None, "")
    assert told.sentences[0].text == "Acute coronary syndrome fits with crushing pain and sweating."
    assert told.sentences[1].text == "Acute coronary syndrome does not fit with chest wall tenderness."
    assert told.sentences[0].candidate == "acs"


async def test_an_honest_model_words_it_and_each_sentence_names_its_candidate(fake):
    async with fake(honest) as server:
        told = await explained(gated(server))
    assert told.model == "scripted"
    assert "language model scripted" in told.notice
    names = {one.diagnosis.id: one.diagnosis.name for one in case().ranking}
    assert len(told.sentences) == 3
    assert all(names[one.candidate] in one.text for one in told.sentences)


async def test_a_hostile_model_gets_nothing_invented_through(fake):
    """Another disease, another finding, the contrary, an order of its own, a drug: cited to every statement."""
    hostile = (
        "Pulmonary embolism fits with crushing pain and sweating.",
        "Acute coronary syndrome does not fit with crushing pain and sweating.",
        "Acute coronary syndrome fits with chest wall tenderness.",
        "Acute coronary syndrome is unlikely.",
        "Acute coronary syndrome fits with crushing pain, sweating and pleuritic pain.",
        "Acute coronary syndrome is excluded by chest wall tenderness.",
        "It fits with crushing pain and sweating.",
        "Chest wall pain comes first.",
        "Acute coronary syndrome is seldom urgent and would explain chest pain.",
        "The next tests for acute coronary syndrome are 12-lead ECG within 90 minutes.",
        "Give aspirin 300 mg for acute coronary syndrome.",
        "Flurbozamab fits with crushing pain and sweating.",
    )
    for part in (hostile[:6], hostile[6:]):

        def says(passages, _request, part=part):
            return [scripted_sentences(*((one, list(passages)) for one in part))]

        async with fake(says) as server:
            told = await explained(gated(server))
        assert (told.model, told.notice) == (None, explaining.NOTHING_SUPPORTED)
        assert not {one.text for one in told.sentences} & set(part)


def test_no_statement_of_one_candidate_is_let_through_for_another():
    """Every pair of candidates of a few presentations: names exchanged, sides exchanged."""
    tried = 0
    for text in ("chest pain, sweating, fever", "headache, fever, stiff neck", "dyspnoea, wheeze, ankle swelling"):
        said = statements(case(text).ranking)
        for one, other in product(said, said):
            if one.id != other.id:
                swapped = one.text.replace(one.title, other.title)
                if swapped not in {each.text for each in said}:
                    tried += 1
                    found = explaining.named_source_of(swapped, said)
                    # Part of what the table says of the other one too is true of it.
                    assert found is None or set(words(swapped)) <= set(words(found[1])), swapped
        for one in said:
            for word, contrary in (("fits", "does not fit"), ("does not fit", "fits"), ("more", "less")):
                if f" {word} " in one.text:
                    tried += 1
                    assert explaining.named_source_of(one.text.replace(f" {word} ", f" {contrary} "), said) is None
    assert tried >= 100


def test_every_statement_of_the_table_supports_itself_where_its_letters_are_plain():
    for presentation in library.table().presentations.values():
        for one in statements(case(f"{presentation.words[0]} and fever").ranking):
            if one.text.isascii():
                assert explaining.named_source_of(one.text, [one]) is not None, one.text


@pytest.mark.parametrize("output", ["", "no JSON", '{"sentences": 7}', "{" * 3000, '{"text": 9, "citations": [1]}'])
async def test_output_of_another_shape_leaves_the_table_s_words(fake, output):
    async with fake(lambda *_: [output] if output else []) as server:
        told = await explained(gated(server))
    assert told.model is None
    assert told.sentences == (await explained(None)).sentences


async def test_a_model_that_fails_or_is_slow_leaves_the_table_s_words(fake, scripted_openai, monkeypatch):
    own = (await explained(None)).sentences
    async with fake(lambda *_: [scripted_openai.BREAK]) as server:
        told = await explained(gated(server))
    assert (told.model, told.notice, told.sentences) == (None, explaining.NOTICES["DOWN"], own)
    monkeypatch.setattr(explaining, "SECONDS", 0.3)
    rest = generation.Health()
    async with fake(lambda *_: [scripted_openai.HANG]) as server:
        one = case()
        told = await asyncio.wait_for(
            explaining.explanation(one.ranking, one.findings, gated(server, seconds=30), rest=rest), 5
        )
    assert (told.model, told.notice, told.sentences) == (None, explaining.NOTICES["DOWN"], own)
    assert rest.rests("scripted")


async def test_a_check_that_fails_lets_nothing_generated_through(fake, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret words")

    monkeypatch.setattr(explaining, "named_source_of", broken)
    async with fake(honest) as server:
        told = await explained(gated(server))
    assert (told.model, told.notice) == (None, explaining.NOTICES["NOT_CHECKED"])


@pytest.mark.req("G24")
async def test_a_model_gets_names_of_the_table_and_nothing_that_was_written(fake):
    gate = gate_of(detect)
    async with fake(honest) as server:
        told = await explained(gated(server, allow="remote", gate=gate), f"{CASE}, born 3/7/1950")
        sent = str(server.requests)
        denied = await explained(gated(server, allow="remote", gate=gate_of(models=False)))
    assert told.model == "scripted"
    assert "crushing pain" in sent
    assert not any(one in sent for one in (PLANTED, "1950", "68", "an hour"))
    assert (denied.model, denied.notice) == (None, explaining.NOTICES["NOT_SENT"])
    assert len(server.requests) == 1


@pytest.fixture
async def client(monkeypatch):
    monkeypatch.setattr(door, "load_settings", lambda: Settings(workload=WORKLOAD))
    token = tokens.mint(service_identity("gateway"), issuer="gateway", audience="differential", workload=WORKLOAD)
    bearer = {"authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=await main.differential(None))
    async with httpx.AsyncClient(transport=transport, base_url="http://differential", headers=bearer) as client:
        yield client


async def test_the_list_is_the_same_whatever_the_model_says(client, fake, monkeypatch):
    def reorders(passages, _request):
        return [scripted_sentences(("Panic attack comes first.", list(passages)), *honest_of(passages))]

    def honest_of(passages):
        return [(text, [number]) for number, text in passages.items()][:1]

    body = {"text": CASE, "explain": True}
    monkeypatch.setattr(explaining, "health", generation.Health())
    async with fake(reorders) as server:
        monkeypatch.setattr(explaining, "model", lambda: gated(server))
        worded = (await client.post("/api/v1/differential", json=body)).json()
    monkeypatch.setattr(explaining, "model", lambda: None)
    plain = (await client.post("/api/v1/differential", json=body)).json()
    bare = (await client.post("/api/v1/differential", json={"text": CASE})).json()
    assert worded.pop("explanation")["model"] == "scripted"
    assert plain.pop("explanation")["model"] is None
    assert bare.pop("explanation") is None
    assert worded == plain == bare


async def test_by_voice_it_is_explained_when_asked_for(client, fake, monkeypatch):
    monkeypatch.setattr(explaining, "health", generation.Health())
    async with fake(honest) as server:
        monkeypatch.setattr(explaining, "model", lambda: gated(server))
        asked = {"question": f"explain the differential for {CASE}"}
        told = (await client.post("/api/v1/differential/ask", json=asked)).json()
        assert len(server.requests) == 1
        await client.post("/api/v1/differential/ask", json={"question": f"differential for {CASE}"})
        assert len(server.requests) == 1
    assert told["text"].startswith("Exclude first: Acute coronary syndrome [1]")
    assert "Acute coronary syndrome fits with crushing pain and sweating [1]." in told["text"]
    assert len([word for word in told["text"].split() if not word.startswith("[")]) <= spoken.WORDS
    assert "language model scripted" in told["notice"]
    assert "No clinician has reviewed" in told["notice"]


def test_explaining_is_wanted_only_where_it_is_said():
    assert spoken.wants_explanation(Question(question="Explain the differential for headache"))
    assert not spoken.wants_explanation(Question(question="differential for unexplained weight loss"))
