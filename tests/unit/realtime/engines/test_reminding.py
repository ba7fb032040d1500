"""What somebody talked about lately has a small place in the list of words the recogniser expects."""

from realtime.dialogue.clarify.drugs import Drugs
from realtime.dialogue.expecting import RECENT
from realtime.engines.local import LocalEngine
from realtime.speech import terms
from voiceassist.core.identity import DEFAULT_TENANT, Principal

TEXTS = ["Esophagogastroduodenoscopy for Mrs Wojciechowska with rhabdomyolysis, thrombocytopenia and pancreatitis."]


async def test_they_take_the_last_places_behind_what_is_expected_and_the_usual_terms():
    engine = LocalEngine(None, rooms=lambda _: None, drugs=Drugs())
    session = engine.open(Principal("u", DEFAULT_TENANT, "user"))
    assert session.expected() == list(terms.DEFAULT_TERMS)
    await session.remind(TEXTS)
    session.dialogue.topics.append("Tumor lysis")
    found = session.expected(["Kirkcudbright"])
    reminded = engine.expecting.familiar(TEXTS)
    assert {"rhabdomyolysis", "thrombocytopenia", "pancreatitis"} <= set(reminded)
    assert len(reminded) <= RECENT
    usual = list(terms.DEFAULT_TERMS[: terms.LIMIT - 2 - len(reminded)])
    assert found == ["Kirkcudbright", "Tumor lysis", *usual, *reminded]
    assert not [word for word in found if "wojciechowska" in word.lower()]
    engine.close()
