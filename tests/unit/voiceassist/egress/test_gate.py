"""What of a text leaves, and that nothing does when anything is wrong."""

import asyncio
import re
import threading
from collections.abc import Sequence
from uuid import UUID

import pytest

from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import metrics, routing
from voiceassist.runtime.egress import (
    DetectorUnavailableError,
    Gate,
    NothingLeavesError,
    PhiBlockedError,
    PhiViolationError,
    Scanner,
    policy,
)
from voiceassist.runtime.egress.scanning import LARGEST, OVERLAP, SEGMENT, Found, merged
from voiceassist.runtime.pseudonyms.vault import Conversation, MemoryVault

pytestmark = [pytest.mark.req("G24"), pytest.mark.req("P11.8")]

TENANT = UUID("01900000-0000-7000-8000-0000000000aa")
TALK = Conversation(TENANT, "talk-1")
QUESTION = "Colchicine for John Smith, MRN 4419820, seen 3/7/2024?"
SECRETS = re.compile(r"john|smith|4419820|3/7/2024", re.IGNORECASE)
PATTERNS = (
    ("NAME", r"\b(?:John )?Smith\b|\bjohn smith\b"),
    ("MRN", r"\b\d{5,7}\b"),
    ("DATE", r"\d{1,2}/\d{1,2}/\d{4}"),
    ("PHONE", r"\d{3}-\d{3}-\d{4}"),
)


class Patterns:
    """A detector as small as can be; `known` are found too."""

    version = "tiny-1"

    def find(self, text: str, *, known: Sequence[str] = (), kind: str | None = None) -> list[Found]:
        patterns = [*PATTERNS, *(("OTHER_ID", re.escape(one)) for one in known)]
        return [
            Found(match.start(), match.end(), (label,))
            for label, pattern in patterns
            for match in re.finditer(pattern, text)
        ]


def gate(exceptions="", *, detector=None, models=True, vault=None, **bounds):
    told = []
    scanner = Scanner(lambda: detector or Patterns(), **bounds)
    made = Gate(policy.load(None, exceptions), scanner, models=models, vault=vault, record=told.append)
    return made, told


PSEUDONYMS = "cloud_llm.*=pseudonymise"


async def test_a_question_without_identifiers_passes_as_it_is():
    made, told = gate()
    passed = await made.outgoing("cloud_llm", ["What dose of colchicine in gout?"])
    assert passed.texts == ("What dose of colchicine in gout?",)
    assert [(one.action, one.labels, one.reason) for one in told] == [("allow", {}, "")]


@pytest.mark.parametrize(
    ("sink", "reason"), [("cloud_llm", "KEEP_LOCAL"), ("embeddings", "KEEP_LOCAL"), ("mail", "BLOCKED")]
)
async def test_by_default_identifiers_stay(sink, reason):
    made, told = gate()
    with pytest.raises(PhiBlockedError) as blocked:
        await made.outgoing(sink, ["What dose?", QUESTION])
    assert (blocked.value.code, blocked.value.reason) == ("PHI_BLOCKED", reason)
    assert not SECRETS.search(repr(blocked.value) + blocked.value.detail)
    assert (told[0].reason, told[0].labels) == (reason, {"DATE": 1, "MRN": 1, "NAME": 1})


async def test_models_outside_are_denied_unless_enabled_and_when_the_user_keeps_it_local():
    made, told = gate(models=False)
    for sink in ("cloud_llm", "embeddings"):
        with pytest.raises(NothingLeavesError):
            await made.outgoing(sink, ["What dose?"])
    assert {one.reason for one in told} == {"NOT_ALLOWED"}
    made, _ = gate(PSEUDONYMS)

    with routing.request(route="local"):
        with pytest.raises(NothingLeavesError):
            await made.outgoing("cloud_llm", ["What dose?"])
        with pytest.raises(NothingLeavesError):
            await asyncio.to_thread(made.outgoing_now, "embeddings", ["What dose?"])
        with routing.request(route="cloud"), pytest.raises(NothingLeavesError):
            await made.outgoing("cloud_llm", ["What dose?"])
        assert routing.headers() == {"x-voiceassist-route": "local"}
    assert routing.headers() == {}
    assert (await made.outgoing("cloud_llm", ["What dose?"])).texts == ("What dose?",)


async def test_pseudonyms_go_out_and_come_back():
    made, told = gate(PSEUDONYMS)
    passed = await made.outgoing("cloud_llm", [QUESTION], public=["Call 800-222-1222 for poisons."])
    assert not SECRETS.search(passed.texts[0])
    assert "800-222-1222" not in passed.public[0]
    assert re.fullmatch(
        r"Colchicine for \[\[NAME_\d+\]\], MRN \[\[MRN_\d+\]\], seen \[\[DATE_\d+\]\]\?", passed.texts[0]
    )
    assert passed.restoring.whole(passed.texts[0]) == QUESTION
    assert passed.restoring.whole(passed.public[0]) == "Call 800-222-1222 for poisons."
    assert told[0].action == "pseudonymise"


async def test_what_was_published_does_not_keep_a_clean_question_here():
    made, _ = gate()
    passed = await made.outgoing("cloud_llm", ["What dose?"], public=["Call 800-222-1222."])
    assert re.fullmatch(r"Call \[\[PHONE_\d+\]\]\.", passed.public[0])


async def test_a_conversation_keeps_its_stand_ins_and_another_has_others():
    vault = MemoryVault()
    made, _ = gate(PSEUDONYMS, vault=vault)
    first = (await made.outgoing("cloud_llm", ["See Smith"], conversation=TALK)).texts
    assert (await made.outgoing("cloud_llm", ["See Smith"], conversation=TALK)).texts == first
    others = {
        (await made.outgoing("cloud_llm", ["See Smith"], conversation=Conversation(tenant, name))).texts
        for tenant, name in ((TENANT, "talk-2"), (TENANT, "talk-3"), (UUID(int=1), "talk-1"))
    }
    assert others != {first}
    await vault.forget(TALK)
    tries = [(await made.outgoing("cloud_llm", ["See Smith"])).texts for _ in range(5)]
    assert len({*tries, first}) > 2


async def test_a_vault_that_is_away_lets_nothing_out():
    class Away(MemoryVault):
        async def use(self, conversation, work):
            raise UnavailableError("away", code="PSEUDONYMS_UNAVAILABLE")

    made, told = gate(PSEUDONYMS, vault=Away())
    with pytest.raises(UnavailableError):
        await made.outgoing("cloud_llm", [QUESTION], conversation=TALK)
    assert told[-1].reason == "PSEUDONYMS_UNAVAILABLE"


async def test_a_tenant_has_its_own_policy():
    told = policy.Policy(policy.load(None, PSEUDONYMS).table, tenants={TENANT: policy.default()})
    made = Gate(told, Scanner(Patterns), models=True, vault=MemoryVault(), record=lambda _: None)
    assert (await made.outgoing("cloud_llm", [QUESTION], conversation=Conversation(UUID(int=1), "a"))).labels
    with pytest.raises(PhiBlockedError):
        await made.outgoing("cloud_llm", [QUESTION], conversation=TALK)
    with routing.request(TENANT), pytest.raises(PhiBlockedError):
        await made.outgoing("cloud_llm", [QUESTION])


async def test_the_strictest_action_of_a_finding_counts():
    class Both(Patterns):
        def find(self, text, *, known=(), kind=None):
            return [Found(0, 6, ("NAME",)), Found(3, 9, ("SSN",))]

    made, _ = gate(f"{PSEUDONYMS}, cloud_llm.SSN=redact", detector=Both())
    assert re.fullmatch(r"\[\[NAME_\d+\]\] rest", (await made.outgoing("cloud_llm", ["abcdefghi rest"])).texts[0])
    made, _ = gate(f"{PSEUDONYMS}, cloud_llm.SSN=block", detector=Both())
    with pytest.raises(PhiBlockedError):
        await made.outgoing("cloud_llm", ["abcdefghi rest"])


async def test_identifiers_of_the_open_case_are_handed_to_the_detector():
    made, _ = gate("cloud_llm.*=redact")
    passed = await made.outgoing("cloud_llm", ["is the man in bed seven well"], known=["bed seven"])
    assert passed.texts == ("is the man in [OTHER_ID] well",)


@pytest.mark.req("C4.5")
class TestQuestionsToTheWorld:
    @pytest.mark.parametrize("sink", ["literature", "search"])
    @pytest.mark.parametrize(
        ("question", "suggestion"),
        [
            ("gout treatment for John Smith", "gout treatment for the patient"),
            ("patient john smith mrn 4419820 with gout", "the patient with gout"),
            ("patient john smith m r n 4419820 with gout", "the patient with gout"),
            ("Does Mr. Smith, MRN: 4419820, need colchicine?", "Does the patient need colchicine?"),
            ("statins for Smith born on 3/7/1950 and renal failure", "statins for the patient and renal failure"),
            ("reviews on gout in my patient Smith (4419820)", "reviews on gout in the patient"),
        ],
    )
    async def test_a_name_is_refused_with_a_rewording(self, sink, question, suggestion):
        made, told = gate()
        with pytest.raises(PhiViolationError) as refused:
            await made.outgoing(sink, [question])
        assert refused.value.code == "PHI_VIOLATION"
        assert refused.value.suggestion == suggestion
        assert not SECRETS.search(refused.value.detail)
        assert told[0].reason == "BLOCKED"

    async def test_a_rewording_that_still_names_somebody_is_not_suggested(self):
        class Everything(Patterns):
            def find(self, text, *, known=(), kind=None):
                return [Found(0, 1, ("NAME",))]

        made, _ = gate(detector=Everything())
        with pytest.raises(PhiViolationError) as refused:
            await made.outgoing("search", ["x and y"])
        assert refused.value.suggestion == ""

    async def test_a_question_without_identifiers_may_be_asked(self):
        made, _ = gate()
        assert (await made.outgoing("literature", ["colchicine in gout"])).texts == ("colchicine in gout",)


class Raises(Patterns):
    def find(self, text, *, known=(), kind=None):
        raise RuntimeError(f"cannot read {text}")


class Outside(Patterns):
    def find(self, text, *, known=(), kind=None):
        return [Found(0, len(text) + 1, ("NAME",))]


class Hangs(Patterns):
    def __init__(self):
        self.go_on = threading.Event()
        self.calls = 0

    def find(self, text, *, known=(), kind=None):
        self.calls += 1
        self.go_on.wait(20)
        return []


def cannot_load():
    raise OSError("no lists")


class TestFailure:
    @pytest.mark.parametrize("detector", [Raises(), Outside()])
    async def test_an_error_of_the_detector_keeps_everything_here(self, detector, capsys):
        made, told = gate(PSEUDONYMS, detector=detector)
        for sink in policy.SINKS:
            with pytest.raises(DetectorUnavailableError) as down:
                await made.outgoing(sink, [QUESTION])
            assert down.value.reason == "ERROR"
        with pytest.raises(DetectorUnavailableError):
            await asyncio.to_thread(made.outgoing_now, "embeddings", [QUESTION])
        assert {(one.action, one.reason) for one in told} == {("refuse", "ERROR")}
        assert not SECRETS.search("".join(capsys.readouterr()))
        assert (await made.look(QUESTION)).identifies

    async def test_a_detector_that_cannot_be_loaded(self):
        made = Gate(policy.default(), Scanner(cannot_load), models=True, record=lambda _: None)
        with pytest.raises(DetectorUnavailableError):
            await made.outgoing("cloud_llm", ["What dose?"])

    async def test_a_detector_that_hangs_is_not_waited_for_twice(self):
        now = [0.0]
        hanging = Hangs()
        made, _ = gate(PSEUDONYMS, detector=hanging, seconds=0.05, threads=1, clock=lambda: now[0])
        made.scanner.warm()
        reasons = []
        for _ in range(3):
            with pytest.raises(DetectorUnavailableError) as down:
                await made.outgoing("cloud_llm", [QUESTION])
            reasons.append(down.value.reason)
        assert reasons == ["TIMEOUT", "RESTING", "RESTING"]
        assert hanging.calls == 1
        hanging.go_on.set()
        now[0] = 11.0
        assert (await made.outgoing("cloud_llm", ["What dose?"])).texts == ("What dose?",)

    async def test_too_much_to_do_is_a_no(self):
        hanging = Hangs()
        made, _ = gate(PSEUDONYMS, detector=hanging, seconds=5.0, threads=1, waiting=1)
        made.scanner.warm()
        running = [asyncio.create_task(made.outgoing("cloud_llm", ["a"]))]
        while not hanging.calls:
            await asyncio.sleep(0.005)
        running.append(asyncio.create_task(made.outgoing("cloud_llm", ["b"])))
        await asyncio.sleep(0.01)
        with pytest.raises(DetectorUnavailableError) as down:
            await made.outgoing("cloud_llm", ["c"])
        assert down.value.reason == "OVERLOAD"
        hanging.go_on.set()
        assert [one.texts for one in await asyncio.gather(*running)] == [("a",), ("b",)]

    async def test_the_event_loop_goes_on_while_a_text_is_looked_at(self):
        hanging = Hangs()
        made, _ = gate(PSEUDONYMS, detector=hanging, threads=1)
        made.scanner.warm()
        task = asyncio.create_task(made.outgoing("cloud_llm", ["a"]))
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not task.done()
        hanging.go_on.set()
        await task

    async def test_a_text_that_is_too_large_is_refused_unread(self):
        made, _ = gate(PSEUDONYMS)
        with pytest.raises(DetectorUnavailableError) as down:
            await made.outgoing("cloud_llm", ["x" * (LARGEST + 1)])
        assert down.value.reason == "TOO_LARGE"


async def test_long_texts_are_looked_at_in_parts_that_overlap():
    made, _ = gate("cloud_llm.*=redact")
    step = SEGMENT - OVERLAP
    for place in (SEGMENT - 8, SEGMENT - 1, SEGMENT, step - 1, step, 2 * step - 5):
        text = " " * place + "212-867-5309" + " " * (60_000 - place)
        assert (await made.outgoing("cloud_llm", [text])).texts[0].strip() == "[PHONE]"


def test_findings_are_merged_to_what_covers_them():
    found = [(5, 9, "B", 0.5, "crf"), (0, 6, "A", 0.9, "field"), (9, 10, "C", 0.3, ""), (0, 2, "A", 0.2, "crf")]
    assert merged(found, 10) == (Found(0, 9, ("A", "B"), 0.9, ("field", "crf")), Found(9, 10, ("C",), 0.3))
    for wrong in ((-1, 2), (3, 3), (0, 11)):
        with pytest.raises(ValueError):
            merged([(*wrong, "A", 0.5, "")], 10)


class TestAudit:
    async def test_a_decision_tells_numbers_and_names_of_ours(self):
        made, told = gate(PSEUDONYMS)
        await made.outgoing("cloud_llm", [QUESTION], document_id="doc-1")
        (one,) = told
        assert (one.sink, one.document_id, one.policy, one.digest) == (
            "cloud_llm", "doc-1", "default", made.policy.digest,
        )  # fmt: skip
        assert (one.rules, one.length, one.labels) == ("tiny-1", "to-64", {"DATE": 1, "MRN": 1, "NAME": 1})
        assert one.seconds >= 0
        assert not SECRETS.search(repr(one))

    async def test_it_goes_into_log_and_metrics(self, capsys):
        from voiceassist.runtime import logging

        logging.configure("test")

        def value(metric, *labels):
            return metric.labels(*labels)._value.get()

        before = value(metrics.PHI_DETECTED, "MRN", "mail"), value(metrics.PHI_BLOCKED, "mail", "BLOCKED")
        made = Gate(policy.default(), Scanner(Patterns), models=True)
        with pytest.raises(PhiBlockedError):
            await made.outgoing("mail", [QUESTION])
        after = value(metrics.PHI_DETECTED, "MRN", "mail"), value(metrics.PHI_BLOCKED, "mail", "BLOCKED")
        assert after == (before[0] + 1, before[1] + 1)
        said = capsys.readouterr().err
        assert '"event": "phi.decision"' in said
        wanted = {"sink": "mail", "action": "block", "rules": "tiny-1", "length_class": "to-64"}
        for part in (*(f'"{name}": "{told}"' for name, told in wanted.items()), '"labels": "DATE:1 MRN:1 NAME:1"'):
            assert part in said
        assert made.policy.digest in said
        assert not SECRETS.search(said)
