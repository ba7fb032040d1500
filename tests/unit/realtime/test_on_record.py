"""A turn is on record before its words or its answer go anywhere; where it cannot be, they are withheld."""

from types import SimpleNamespace

import pytest

from realtime.connection import Connection
from realtime.effects import Answer, Transcribe
from realtime.engine import Words
from realtime.protocol.settings import Pcm
from voiceassist.core.errors import UnavailableError

pytestmark = pytest.mark.req("P11.4")


class Engine:
    def __init__(self, order):
        self.order = order

    async def transcribe(self, _samples, _rate, _keywords, **_options):
        return "heard"

    async def answer(self, _text, **_options):
        self.order.append("answered")
        yield Words("Answer.")


class Session:
    """Keeps what it is told."""

    def __init__(self, order):
        self.told, self.order, self.is_answering = [], order, False

    def transcribed(self, key, words):
        self.order.append("words")
        self.told.append(("transcribed", key, words))
        return []

    def piece(self, response_id, piece, _sound, _milliseconds):
        self.order.append("piece")
        self.told.append(("piece", response_id, piece.text))
        return []

    def answered(self, response_id, *, failed):
        self.told.append(("answered", response_id, failed))
        return []


@pytest.fixture
def turn():
    order = []
    made = SimpleNamespace(order=order, session=Session(order), broken=False)

    async def record(action, item):
        if made.broken:
            raise UnavailableError("no", code="AUDIT_UNAVAILABLE")
        order.append(f"{action} {item}")

    made.connection = Connection(SimpleNamespace(), made.session, Engine(order), record)
    return made


async def test_words_and_answer_follow_their_record(turn):
    await turn.connection._read(Transcribe("words_1", b"\x00" * 480, Pcm()))
    await turn.connection._answer(Answer("resp_1", "a question", spoken=False, wire=Pcm()))
    assert turn.order == ["voice.transcribed words_1", "words", "voice.answered resp_1", "answered", "piece"]
    assert turn.session.told == [
        ("transcribed", "words_1", "heard"),
        ("piece", "resp_1", "Answer."),
        ("answered", "resp_1", False),
    ]


async def test_without_a_record_neither_words_nor_answer_leave(turn):
    turn.broken = True
    await turn.connection._read(Transcribe("words_1", b"\x00" * 480, Pcm()))
    await turn.connection._answer(Answer("resp_1", "a question", spoken=False, wire=Pcm()))
    assert turn.session.told == [("transcribed", "words_1", None), ("answered", "resp_1", True)]
    assert "answered" not in turn.order, "the engine was not even asked"
