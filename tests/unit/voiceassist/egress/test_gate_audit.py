"""Every decision of the gate is on record before anything leaves, in kinds and counts and without the text."""

import asyncio
import json
import re
from uuid import UUID

import pytest

from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.auditing import Remembering
from voiceassist.runtime import routing
from voiceassist.runtime.egress import Gate, NothingLeavesError, PhiBlockedError, Scanner, policy
from voiceassist.runtime.egress.decisions import Decision
from voiceassist.runtime.egress.recording import Audit, facts
from voiceassist.runtime.egress.scanning import DetectorUnavailableError

TENANT = UUID("01900000-0000-7000-8000-0000000000aa")
CALLER = Principal(subject="u", tenant_id=TENANT, role="user", user_id=UUID(int=7))
DOCUMENT = "0199a3c2-7d1e-7a40-9b6e-3f1d2c4b5a69"


class Finding:
    label, score, source = "NAME", 0.8, "context"

    def __init__(self, match):
        self.start, self.end = match.span()


def find(text):
    return [Finding(match) for match in re.finditer("John Smith", text)]


@pytest.fixture
def auditor():
    return Remembering()


@pytest.fixture
def gate(auditor):
    def make(exceptions="", *, finding=find, models=True):
        class Detector:
            version = "rules-12345678"

            def find(self, text, *, known=(), kind=None):
                return finding(text)

        audit = Audit(auditor, apart=lambda: auditor, part="retrieval")
        return Gate(policy.load(None, exceptions), Scanner(Detector, seconds=0.5), models=models, audit=audit)

    return make


async def test_what_passes_is_on_record_with_who_asked(gate, auditor):
    with routing.request(TENANT, caller=CALLER):
        await gate("cloud_llm.*=redact").outgoing("cloud_llm", ["to John Smith", "x"], document_id=DOCUMENT)
    (act,) = auditor.acts
    assert (act.principal, act.action, act.outcome) == (CALLER, "text.decided", "success")
    assert act.objects == (f"text:{DOCUMENT}",)
    told = dict(act.facts)
    assert told.pop("milliseconds") >= 0
    assert re.fullmatch("[a-p]{16}", told.pop("policy_digest"))
    assert told == {
        "sink": "cloud_llm", "action": "redact", "reason": "", "policy": "default", "rules": "rules-hijklmno",
        "length": "to-64", "layers": "context", "least_score": 80, "NAME": 1,
    }  # fmt: skip
    assert "Smith" not in str(act)


@pytest.mark.parametrize(
    ("options", "outcome", "error"),
    [
        ({}, "refused", PhiBlockedError),
        ({"models": False}, "refused", NothingLeavesError),
        ({"finding": lambda _text: 1 / 0}, "failed", DetectorUnavailableError),
    ],
)
async def test_what_is_refused_is_on_record(gate, auditor, options, outcome, error):
    made = gate(**options)
    with pytest.raises(error):
        await made.outgoing("cloud_llm", ["to John Smith"])
    with pytest.raises(error):
        await asyncio.to_thread(made.outgoing_now, "cloud_llm", ["to John Smith"])
    assert [act.outcome for act in auditor.acts] == [outcome] * 2
    assert auditor.acts[0].principal == service("retrieval")


async def test_what_cannot_be_put_on_record_does_not_leave(gate, auditor):
    made = gate("event.*=allow")
    assert (await made.outgoing("cloud_llm", ["plain"])).texts == ("plain",)
    auditor.broken = True
    for call in (
        made.outgoing("cloud_llm", ["plain"]),
        made.inspect("event", "plain"),
        asyncio.to_thread(made.outgoing_now, "embeddings", ["plain"]),
    ):
        with pytest.raises(UnavailableError) as refused:
            await call
        assert refused.value.code == "AUDIT_UNAVAILABLE"


async def test_nothing_to_look_at_is_no_decision(gate, auditor):
    await gate().outgoing("webhook", [])
    assert auditor.acts == []


def test_facts_stay_facts_whatever_the_digests_and_kinds():
    labels = {label: number + 1 for number, label in enumerate(policy.LABELS)}
    one = Decision("event", "block", labels, "hospital-3", "1234567890123456", "rules-9999999999999999", "over-32768",
                   1.5, "not an id: John Smith", "BLOCKED", ("context", "crf"), 0.3)  # fmt: skip
    told = facts(one)
    assert told["other_kinds"] + sum(told[name] for name in labels if name in told) == sum(labels.values())
    act = Audit(Remembering(), apart=Remembering)._act(one)
    assert act.objects == ()
    assert "Smith" not in json.dumps(dict(act.facts))
