"""Journey C4 from a spoken turn to the socket: a model outside that records what reaches it, and the real engine."""

import json
import re

import pytest

from functions.retrieval import service
from realtime.dialogue.manager import Dialogue
from realtime.engine import PhiNotice
from realtime.guard import Discreet, Guard
from voiceassist.contracts.calculations import Interpretation
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.core.text import sentences as sentences_of
from voiceassist.runtime import language
from voiceassist.runtime import logging as logs
from voiceassist.runtime.egress import Gate, Scanner, policy
from voiceassist.runtime.egress.detector import EngineDetector
from voiceassist.runtime.egress.web import Egress
from voiceassist.runtime.settings import Egress as EgressSettings
from voiceassist.runtime.settings import Language, Settings

pytestmark = [pytest.mark.req("P11.8"), pytest.mark.req("G24")]

PLAIN = "what dose of epinephrine do I give for anaphylaxis in an adult"
NAMED = f"patient john smith m r n four four one nine eight two {PLAIN}"
SECRETS = re.compile(r"john|smith|four four one|44198", re.IGNORECASE)


class Rooms:
    """The library behind the dialogue, with a language model outside."""

    def __init__(self, bench, model):
        self._bench, self._model = bench, model
        self.answers = []

    async def interpret(self, _text, **_options):
        return Interpretation()

    async def search(self, _question):
        return ()

    async def compute(self, *_):
        raise AssertionError("no question of these is a calculation")

    ask = compute

    async def answer(self, question):
        bench = self._bench
        answer, _ = await service.answer(
            question,
            sources={"memory": bench.index},
            embedder=bench.embedder,
            observe=lambda *_: None,
            spell=bench.spell,
            model=self._model,
        )
        self.answers.append(answer)
        return answer


class Killable:
    """The real engine, until it is killed."""

    def __init__(self):
        self._detector = EngineDetector()
        self.version = self._detector.version
        self.alive = True

    def find(self, text, *, known=(), kind=None):
        if not self.alive:
            raise MemoryError(text)
        return self._detector.find(text, known=known, kind=kind)


@pytest.fixture(scope="module")
def detector():
    return Killable()


@pytest.fixture
async def recorder(scripted_openai):
    def honest(passages, _request):
        said = [(text, [1]) for text in sentences_of(passages[1])[:2]]
        return [scripted_openai.sentences(*said)]

    async with scripted_openai.FakeOpenAi(honest) as server:
        yield server


@pytest.fixture
def turn(bench, recorder, detector, capsys):
    """`await turn(text, exceptions)` says it; gives the reply, the notice, the model that worded it and the log."""
    detector.alive = True
    logs.configure("test")

    async def say(text, exceptions=""):
        settings = Settings(
            language=Language(url=recorder.url, model="outside", allow="remote", seconds=5.0),
            egress=EgressSettings(allow_private=True),
        )
        gate = Gate(policy.load(None, exceptions), Scanner(lambda: detector), models=True)
        model = language.Gated(language.opened(settings, Egress(settings)), allow="remote", gate=gate)
        rooms = Rooms(bench, model)
        reply, notice = await Guard(gate, Principal("u1", DEFAULT_TENANT, "user")).watched(
            text, Dialogue(Discreet(rooms, gate)).reply
        )
        assert not SECRETS.search(capsys.readouterr().err)
        return reply, notice, rooms.answers[-1].model

    return say


@pytest.mark.req("C4.1")
@pytest.mark.req("C4.2")
@pytest.mark.req("C4.3")
async def test_a_spoken_patient_is_answered_here_and_the_page_is_told(turn, recorder):
    reply, notice, model = await turn(NAMED)
    assert notice == PhiNotice("local", "identifiers")
    assert recorder.requests == []
    assert (model, "mg" in reply.text) == (None, True)


@pytest.mark.req("C4.4")
async def test_the_same_question_without_the_patient_may_be_answered_outside(turn, recorder):
    reply, notice, model = await turn(PLAIN)
    assert (notice, model) == (None, "outside")
    assert len(recorder.requests) == 1
    assert "mg" in reply.text


@pytest.mark.req("C4.6")
async def test_with_the_detector_killed_everything_stays_here_and_the_voice_goes_on(turn, recorder, detector):
    await turn(PLAIN)
    detector.alive = False
    for text in (PLAIN, NAMED):
        reply, notice, model = await turn(text)
        assert (notice, model) == (PhiNotice("local", "unchecked"), None)
        assert reply.text
        assert ("mg" in reply.text) == (text == PLAIN)  # nobody can take the name out of the other, which finds nothing
    assert len(recorder.requests) == 1


async def test_where_policy_says_so_the_question_leaves_without_the_patient(turn, recorder):
    reply, notice, model = await turn(NAMED, "cloud_llm.*=pseudonymise")
    assert (notice, model) == (PhiNotice("cloud", "identifiers"), "outside")
    sent = json.dumps(recorder.requests)
    assert not SECRETS.search(sent)
    assert "the patient" in sent
    assert "mg" in reply.text
