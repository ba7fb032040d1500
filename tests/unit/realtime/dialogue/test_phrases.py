"""Which sentences are for a function of the hospital's own, and which are not."""

import pytest

from realtime.dialogue import phrases
from realtime.dialogue.phrases import CLINICAL, Phrasebook, Skill, plain
from voiceassist.runtime.wiring import Room

ONCALL = Skill(
    "oncall", "/api/v1/oncall/ask", "oncall:read", ("who is on call", "on-call doctor", "who is on call for *")
)
MENU = Skill("menu", "/api/v1/menu/ask", "", ("what is for lunch", "canteen menu"))
BOOK = Phrasebook([ONCALL, MENU])


@pytest.mark.parametrize(
    "said",
    [
        "Who is on call?",
        "who's on call",
        "Who’s on call tonight?",
        "Hey, can you tell me who is on call right now, please?",
        "Okay, who is the on-call doctor?",
        "On call doctor, please.",
        "I need the on-call doctor",
        "Who is on call for cardiology this evening?",
        "WHO IS ON CALL AT THE MOMENT",
        "who is on call for the intensive care unit",
        "do you know who is on call",
    ],
)
def test_a_phrase_is_recognised_with_what_people_say_around_it(said):
    assert BOOK.find(said) is ONCALL


@pytest.mark.parametrize(
    "said",
    [
        "should I wake the on-call doctor at a potassium of 6.8",
        "when do I call the doctor for chest pain",
        "who is on call and how do I treat sepsis",
        "is the on-call doctor allowed to prescribe morphine",
        "who is on dialysis",
        "who should be on call for a massive transfusion of a trauma patient with a shock index above one",
        "call",
        "",
        "who is on",
        "who is on call " * 40,
        *CLINICAL,
    ],
)
def test_anything_more_is_a_question_for_the_library(said):
    assert BOOK.find(said) is None


def test_articles_apostrophes_and_hyphens_do_not_matter():
    assert plain("Who's the on-call doctor?") == plain("who is on call doctor") == "who is on call doctor"
    assert BOOK.find("What's for lunch today?") is MENU
    assert BOOK.examples() == ("who is on call", "what is for lunch")


def room(name="oncall", *said, **fields):
    known = {
        "routes": (f"/api/v1/{name}",),
        "voice": f"/api/v1/{name}/ask",
        "phrases": said or ("who is on call",),
        "scope": f"{name}:read",
    }
    names = [one for one in Room.__dataclass_fields__ if one not in known]
    return Room(name=name, **dict.fromkeys(set(names) - {"name"}), **(known | fields))


def test_what_the_wiring_declares_is_read():
    book, faults = phrases.read([room(), room("silent", phrases=(), voice="")])
    assert faults == ()
    assert book.skills == (Skill("oncall", "/api/v1/oncall/ask", "oncall:read", ("who is on call",)),)


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        (room(phrases=()), "belong together"),
        (room(voice=""), "belong together"),
        (room(voice="/api/v1/other"), "no route of its own"),
        (room(voice="/api/v1/oncallother"), "no route of its own"),
        (room("oncall", "menu"), "says too little"),
        (room("oncall", "who is"), "says too little"),
        (room("oncall", "tell me *"), "says too little"),
        (room("oncall", "one two three four five six seven eight nine ten eleven twelve thirteen"), "longer than"),
        (room("oncall", "good morning"), "small talk"),
        (room("oncall", "how do I treat *"), "clinical question"),
        (room("oncall", "what is the dose of *"), "clinical question"),
        (room("oncall", "calculate the *"), "clinical question"),
        (room("oncall", "what is the **"), "clinical question"),
        (room("oncall", "rota ** today"), "not at its end"),
    ],
)
def test_a_phrase_that_would_mislead_is_reported_and_its_room_is_not_asked(declared, sentence):
    book, faults = phrases.read([room("menu", "canteen menu"), declared])
    assert any(sentence in fault for fault in faults), faults
    assert all(fault.startswith("oncall: ") for fault in faults)
    assert [skill.room for skill in book.skills] == ["menu"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("who is on call", "who's on call"),
        ("who is on call for *", "who is on call for surgery"),
        ("who is on call for surgery", "who is on call for *"),
        ("duty doctor", "tell me the duty doctor"),
        ("rota for **", "rota for surgery"),
        ("rota for surgery", "rota for **"),
    ],
)
def test_two_rooms_cannot_wait_for_the_same_sentence(first, second):
    book, (fault,) = phrases.read([room("one", first), room("two", second)])
    assert "two: " in fault
    assert "another function" in fault
    assert [skill.room for skill in book.skills] == ["one"]


RANKS = Skill("differential", "/api/v1/differential/ask", "differential:read", ("differential for **",))


@pytest.mark.req("P5.20")
@pytest.mark.parametrize(
    "said",
    [
        "differential for chest pain",
        "Can you give me the differential for a 68-year-old man with crushing chest pain, sweating and nausea?",
        f"Differential for {'pain, ' * 200}",
    ],
)
def test_two_stars_stand_for_whatever_else_is_said(said):
    assert Phrasebook([ONCALL, RANKS]).find(said) is RANKS


@pytest.mark.parametrize("said", ["differential for", "a differential for chest", "x differential for chest pain"])
def test_two_stars_still_need_a_word_and_the_beginning(said):
    found = Phrasebook([RANKS]).find(said)
    assert (found is RANKS) == (said == "a differential for chest")
