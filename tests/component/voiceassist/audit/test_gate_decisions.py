"""Decisions of the gate stand in the chain of the tenant of whoever asked, from coroutines and from threads."""

import asyncio
import json
import re

import pytest

from voiceassist.adapters.postgres import Database
from voiceassist.runtime import routing
from voiceassist.runtime.auditing import Writer
from voiceassist.runtime.egress import Gate, PhiBlockedError, Scanner, policy
from voiceassist.runtime.egress.recording import Audit
from voiceassist.runtime.egress.scanning import Found


class Detector:
    version = "rules-0123456789abcdef"

    def find(self, text, *, known=(), kind=None):
        return [Found(match.start(), match.end(), ("NAME",), 0.8, ("crf",)) for match in re.finditer("Smith", text)]


async def test_a_decision_is_an_entry(settings, writer, keys, doctor, entries):
    def apart():
        return Writer(Database(settings.postgres.dsn, pool_size=1), keys, part="gate", chains=4)

    gate = Gate(
        policy.load(None, "embeddings.*=redact"), Scanner(Detector), models=True, audit=Audit(writer, apart=apart)
    )
    with routing.request(doctor.tenant_id, caller=doctor):
        with pytest.raises(PhiBlockedError):
            await gate.outgoing("cloud_llm", ["see Smith"])
        passed = [await asyncio.to_thread(gate.outgoing_now, "embeddings", ["see Smith"]) for _ in range(2)]
    assert [one.texts for one in passed] == [("see [NAME]",)] * 2
    found = [json.loads(one.body) for chain in (await entries()).values() for one in chain]
    told = sorted((one["facts"]["sink"], one["facts"]["action"], one["outcome"]) for one in found)
    assert told == [("cloud_llm", "keep_local", "refused"), *[("embeddings", "redact", "success")] * 2]
    assert {one["by"]["user"] for one in found} == {str(doctor.user_id)}
    assert {one["facts"]["NAME"] for one in found} == {1}
    assert "Smith" not in str(found)
