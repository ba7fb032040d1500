"""What a note is made of, word by word, and what its author makes of it."""

from datetime import UTC, datetime

import pytest

from functions.conversations import drafting
from functions.conversations.note_schema import EditedSection, EditedSentence
from voiceassist.core import ids
from voiceassist.runtime.cases import Fact
from voiceassist.runtime.memory import Kept

pytestmark = pytest.mark.req("P4.19")

DAY = datetime(2026, 3, 3, 8, tzinfo=UTC)


def fact(kind, text):
    return Fact(ids.new_id(), kind, text, DAY, DAY)


def source(n, chunk):
    return {"n": n, "document_id": "d", "chunk_id": chunk, "title": "Heart failure", "source": "S", "snippet": "x"}


def answer(text, *sources, number=2, interrupted=False, **facts):
    facts = {name.replace("_", "."): told for name, told in facts.items()}
    listed = {"citation.list": {"citations": list(sources), "status": "supported", "notice": ""}} if sources else {}
    return Kept(
        f"item_{number}", number, "assistant", "output_text", text, interrupted=interrupted, facts=listed | facts
    )


def score(value, calculator="cha2ds2_vasc"):
    inputs = [
        {"name": "age", "label": "age", "value": 68.0, "unit": "years"},
        {"name": "diabetes", "label": "diabetes", "value": False, "assumed": True},
    ]
    told = {
        "calculator_id": calculator,
        "title": "T",
        "version": "1",
        "value": value,
        "text": f"Score: {value} points.",
    }
    return {"result": told | {"inputs": inputs}}


def drafted(form="ap", facts=(), items=()):
    return drafting.drafted(form, "Title", facts, items)


def words(content):
    return {section.name: [one.text for one in section.sentences] for section in content.sections}


def test_sentences_with_a_source_are_quoted_with_it_and_others_stay_out():
    talk = [
        Kept("item_1", 1, "user", "input_text", "How do I treat it? I recommend nothing [1]."),
        answer(
            "Loop diuretics are recommended [2]. Trust me. It is caused by the heart [1]. Do this [7].",
            source(1, "a"), source(2, "b"),
        ),
        answer("Give more [1].", source(1, "c"), number=4),
        answer("Loop diuretics are recommended [1].", source(1, "b"), number=6),
    ]  # fmt: skip
    content = drafted(items=talk)
    assert words(content) == {
        "assessment": ["It is caused by the heart [2]."],
        "plan": ["Loop diuretics are recommended [1].", "Give more [3]."],
    }
    first, second = content.sections[1].sentences
    assert (first.origin.kind, first.origin.id, first.citations) == ("answer", "item_2", (1,))
    assert (second.origin.id, second.citations) == ("item_4", (3,))
    assert [(one.n, one.chunk_id) for one in content.sources] == [(1, "b"), (2, "a"), (3, "c")]


def test_what_was_not_heard_is_not_in_it():
    cut = answer("Loop diuretics are recommended [1]. Digoxin is given [1] whe", source(1, "a"), interrupted=True)
    assert words(drafted(items=[cut]))["plan"] == ["Loop diuretics are recommended [1]."]


def test_facts_stand_in_their_sections_with_their_day():
    facts = [
        fact("person", "65-year-old man"), fact("problem", "hypertension"), fact("medication", "ramipril 5 mg"),
        fact("allergy", "penicillin"), fact("lab", "creatinine 1.4 mg/dL"), fact("vital", "heart rate 90"),
    ]  # fmt: skip
    soap = words(drafted("soap", facts))
    assert soap["subjective"] == [
        "65-year-old man.", "Hypertension.", "Medication: Ramipril 5 mg.", "Allergy: Penicillin.",
    ]  # fmt: skip
    assert soap["objective"] == ["Creatinine 1.4 mg/dL (2026-03-03).", "Heart rate 90 (2026-03-03)."]
    content = drafted("ap", facts)
    assert words(content) == {"assessment": ["65-year-old man.", "Hypertension."], "plan": []}
    assert content.sections[0].sentences[0].origin.id == str(facts[0].id)


def test_of_a_calculator_the_last_result_counts_with_what_went_into_it():
    talk = [
        answer("x", calculator_result=score(2)),
        answer("x", number=4, calculator_result=score(7, "news2")),
        answer("x", number=6, calculator_result=score(3)),
    ]
    assert words(drafted(items=talk))["assessment"] == [
        "Score: 7 points. Inputs: age 68 years, diabetes no (assumed).",
        "Score: 3 points. Inputs: age 68 years, diabetes no (assumed).",
    ]


def test_out_of_nothing_no_note_is_made():
    assert drafted(items=[answer("Trust me."), Kept("i", 1, "user", "input_text", "Please draft.")]) is None
    assert drafted("ap", [fact("medication", "ramipril 5 mg")]) is None


def test_what_the_author_changes_says_so_and_what_they_write_is_theirs():
    content = drafted("ap", [fact("person", "65-year-old man"), fact("problem", "hypertension")])
    man, pressure = content.sections[0].sentences
    wanted = [
        EditedSection(
            name="assessment",
            sentences=(
                EditedSentence(id=pressure.id, text="Hypertension, controlled."),
                EditedSentence(id=man.id, text=man.text),
                EditedSentence(id=man.id, text=man.text),
                EditedSentence(id="nobody's", text="Feels better."),
            ),
        ),
        EditedSection(name="plan", sentences=(EditedSentence(text="See again in a week."),)),
        EditedSection(name="subjective", sentences=(EditedSentence(text="Not of this form."),)),
    ]
    after = drafting.edited(content, wanted)
    assert words(after) == {
        "assessment": ["Hypertension, controlled.", man.text, man.text, "Feels better."],
        "plan": ["See again in a week."],
    }
    told = [one for section in after.sections for one in section.sentences]
    assert [(one.origin.kind, one.edited) for one in told] == [
        ("fact", True), ("fact", False), ("fact", False), ("author", False), ("author", False),
    ]  # fmt: skip
    assert told[0].id == pressure.id
    assert len({one.id for one in told}) == len(told)
    again = drafting.edited(
        after, [EditedSection(name="plan", sentences=(EditedSentence(id=told[-1].id, text="In two weeks."),))]
    )
    assert words(again) == {"assessment": [], "plan": ["In two weeks."]}
    assert again.sections[1].sentences[0].origin.kind == "author"
