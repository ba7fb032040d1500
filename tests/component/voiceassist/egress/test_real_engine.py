"""The gate with the product's own engine, its lists and its policy."""

import json
import random
import re

import msgspec
import pytest

from events.catalog import EVENT_TYPES
from events.envelope import CloudEvent, json_event
from voiceassist.core import ids
from voiceassist.runtime.egress import Gate, PhiBlockedError, PhiViolationError, Scanner, policy
from voiceassist.runtime.egress.detector import EngineDetector
from voiceassist.runtime.egress.outside import said_by
from voiceassist.runtime.egress.screening import EventPhiError, screened
from voiceassist.runtime.egress.streaming import Redacting, redacted

pytestmark = [pytest.mark.req("P11.6"), pytest.mark.req("G24")]

SPOKEN = "how do I treat gout in patient john smith m r n four four one nine eight two"
PLAIN = (
    "how do I treat gout",
    "what is the dose of apixaban in a 68 year old man with a creatinine of 1.4",
    "first line therapy for parkinson disease",
    "vancomycin trough in severe MRSA infection",
    "CHA2DS2-VASc of 3, what now",
)
NOTE = (
    "Mr. John Smith, MRN 4419820, was seen on 3/7/2024 at Lakeside General Hospital by Dr. Maria Gonzalez. "
    "Call 212-867-5309 or write to john.smith@mail.example.org. Colchicine 0.5 mg twice a day for Smith's gout. "
)
SECRETS = re.compile(r"john|smith|gonzalez|4419820|3/7/2024|867-5309|four four one", re.IGNORECASE)


@pytest.fixture(scope="module")
def detector():
    return EngineDetector()


@pytest.fixture
def gate(detector):
    def make(exceptions=""):
        return Gate(policy.load(None, exceptions), Scanner(lambda: detector), models=True)

    return make


@pytest.mark.parametrize("question", PLAIN)
async def test_general_knowledge_may_leave(gate, question):
    assert (await gate().outgoing("cloud_llm", [question])).texts == (question,)


@pytest.mark.parametrize("text", [SPOKEN, NOTE])
async def test_whoever_is_named_stays_or_leaves_as_somebody_else(gate, text):
    with pytest.raises(PhiBlockedError):
        await gate().outgoing("cloud_llm", [text])
    passed = await gate("cloud_llm.*=pseudonymise").outgoing("cloud_llm", [text])
    assert not SECRETS.search(passed.texts[0])
    assert "gout" in passed.texts[0]
    assert SECRETS.search(passed.restoring.whole(passed.texts[0]))


async def test_the_same_person_is_the_same_stand_in(gate):
    passed = await gate("cloud_llm.*=pseudonymise").outgoing("cloud_llm", [NOTE, SPOKEN])
    first = set(re.findall(r"\[\[NAME_\d+\]\]", passed.texts[0]))
    assert set(re.findall(r"\[\[NAME_\d+\]\]", passed.texts[1])) < first


@pytest.mark.req("C4.5")
async def test_the_world_is_asked_about_the_patient(gate):
    with pytest.raises(PhiViolationError) as refused:
        await gate().outgoing("literature", ["colchicine trials in gout for John Smith, MRN 4419820"])
    assert refused.value.suggestion == "colchicine trials in gout for the patient"


def test_a_decision_names_the_rules(detector):
    assert re.fullmatch(r"rules-[0-9a-f]{16}", detector.version)


@pytest.mark.parametrize("text", [NOTE, f"{PLAIN[0]}. {SPOKEN}. {PLAIN[1]}"])
def test_no_cut_changes_what_is_redacted(detector, text):
    def put(one, _text):
        return f"[{one.label}]"

    whole = redacted(text, detector.find, put)
    assert not SECRETS.search(whole)
    chance = random.Random(7)
    for _ in range(60):
        stream = Redacting(detector.find, put)
        cuts = sorted(chance.randint(0, len(text)) for _ in range(chance.randint(1, 30)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert "".join([*map(stream.feed, pieces), stream.flush()]) == whole


@pytest.mark.parametrize("name", EVENT_TYPES)
async def test_our_own_events_reach_integrators(gate, name):
    """Ids, hashes, counts and codes are nobody's."""
    data = json.dumps(msgspec.to_builtins(EVENT_TYPES[name].example)).encode()
    trace = f"00-{'ab12' * 8}-{'cd34' * 4}-01"
    beside = {"tenantid": str(ids.new_id()), "ownerid": str(ids.new_id()), "partitionkey": str(ids.new_id())}
    event = CloudEvent(
        id=str(ids.new_id()),
        source="/functions/ingestion",
        type=name,
        subject=str(ids.new_id()),
        time="2026-11-24T12:00:00Z",
        data=data,
        extensions=beside | {"traceparent": trace},
    )
    assert said_by(event) == []
    await gate().outgoing("webhook", said_by(event))
    named = json.dumps({"note": "John Smith, MRN 4419820"}).encode()
    with pytest.raises(PhiBlockedError):
        await gate().outgoing("webhook", said_by(msgspec.structs.replace(event, data=named)))


ORDINARY = [
    {"ward": "7b", "beds": 12, "status": "open", "at": "2026-01-01T00:00:00Z", "count": 123456},
    {"order_id": "ORD-881235", "amount": 129.95, "admitted": "2026-03-04", "link": "https://his.example.org/o/a"},
    {"message": "Backup of node 3 done in 12 min", "host": "db-1.internal", "lab": "K 4.2 mmol/L"},
]


@pytest.mark.parametrize("data", ORDINARY)
async def test_an_integrators_ordinary_events_enter_as_they_came(gate, data):
    event = json_event(data, id="ORD-88123", source="https://his.example.org/orders", type="org.example.order.placed")
    assert await screened(gate(), [event]) == (event,)


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({"text": "Mrs. Margaret Brelkovich was admitted"}, "/data/text"),
        ({"case": {"mrn": 4418273}}, "/data/case/mrn"),
        ({"contact": ["mail to m.brelkovich@mail.example"]}, "/data/contact/0"),
        ({"ssn": "536-22-8145"}, "/data/ssn"),
    ],
)
async def test_an_integrators_event_about_somebody_is_refused(gate, data, pointer):
    event = json_event(data, id="1", source="https://his.example.org/orders", type="org.example.order.placed")
    with pytest.raises(EventPhiError) as refused:
        await screened(gate(), [event])
    assert {one.pointer for one in refused.value.errors} == {pointer}
