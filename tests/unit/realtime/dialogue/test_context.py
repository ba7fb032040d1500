"""What a dialogue has open survives the way to another process; what cannot be read is left behind."""

from collections import deque

from realtime.dialogue.clarify import asking, confirming, dosing
from realtime.dialogue.clarify.drugs import Doubt
from realtime.dialogue.clarify.topic import Topic
from realtime.dialogue.context import packed, unpack
from realtime.dialogue.manager import Dialogue, Open, Waiting
from realtime.dialogue.phrases import Skill
from realtime.dialogue.reply import Ask, Reply
from voiceassist.contracts.answers import Citation
from voiceassist.contracts.calculations import CalculatorResult, Interpretation, MissingInput


def full():
    dialogue = Dialogue(None)
    missing = MissingInput(name="creatinine", label="creatinine", question="What is the creatinine?")
    known = Interpretation(calculator_id="egfr", confidence=0.9, inputs={"age": 68}, missing=(missing,))
    dialogue.open = Open("egfr of a man of 68", known, "creatinine", 1)
    dialogue.waiting = Waiting(Skill("oncall", "/ask", "oncall:read", ("who is on call",)), "who is on call")
    dialogue.dose = dosing.Open("dose of apixaban", "apixaban", ("weight",), 1)
    citation = Citation(n=1, document_id="d", chunk_id="c", title="AF", source="Library", snippet="Text.")
    result = CalculatorResult(calculator_id="x", title="X", version="1", value=3, text="3")
    dialogue.last = Reply("Which?", (citation,), "supported", "Check.", result, Ask("Which?", ("a", "b"), "kind"))
    dialogue.row = 1
    dialogue.topics = deque(["AF", "Stroke"], 16)
    topic = Topic("treat ", "kidney disease", "")
    dialogue.asking.asked = asking.Asked(topic, ("acute", "chronic"), 1)
    dialogue.asking.answered = {"kidney disease": "chronic kidney disease"}
    dialogue.confirming.open = confirming.Open("start apixban", Doubt("apixban", 6, 13, ("apixaban",), True), (), 1)
    dialogue.confirming.insisted = {"zorbax"}
    return dialogue


def told(dialogue):
    return (
        dialogue.open, dialogue.waiting, dialogue.dose, dialogue.last, dialogue.row, list(dialogue.topics),
        dialogue.asking.asked, dialogue.asking.answered, dialogue.confirming.open, dialogue.confirming.insisted,
    )  # fmt: skip


def test_everything_that_is_open_or_known_comes_along():
    other = Dialogue(None)
    unpack(other, packed(full()))
    assert told(other) == told(full())
    assert other.topics.maxlen == 16
    other.row, other.open = 5, None
    other.go_back()
    assert told(other) == told(full()), "it can go back to where it came in"


def test_an_empty_dialogue_stays_one():
    other = Dialogue(None)
    unpack(other, packed(Dialogue(None)))
    assert told(other) == told(Dialogue(None))


def test_what_another_release_or_nobody_wrote_is_left_behind():
    for data in (b"", b"[]", b'{"open": 1}', packed(full()).replace(b'"n":1', b'"n":"one"')):
        dialogue = Dialogue(None)
        unpack(dialogue, data)
        assert told(dialogue) == told(Dialogue(None))
