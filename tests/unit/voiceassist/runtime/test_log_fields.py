"""The two gates of a log line: which keys, and what may stand in a value; identifiers are planted under every key."""

import pytest

from functions.phi.domain.model import redacted
from functions.phi.domain.scan import detect
from voiceassist.runtime.log_fields import ALLOWED, IDS, NUMBERS, Fields

PLANTED = (
    "123-45-6789", "zebulon.quackenbush@example.org", "(212) 555-0142", "03/07/1960", "1960-03-07", "10.20.30.40",
    "MRN 00-12-34", "4111 1111 1111 1111", "4111111111111111", "https://example.org/p/1?name=Zebulon",
    "1HGCM82633A004352", "00:1B:44:11:3A:B7", "Boston, MA 02115",
)  # fmt: skip


@pytest.fixture
def fields():
    return Fields(lambda text: redacted(text, detect(text)))


def test_a_key_that_is_not_declared_is_dropped_with_its_value(fields):
    assert fields(None, "info", {"event": "x.done", "patient": "Zebulon", "text": "a"}) == {"event": "x.done"}


@pytest.mark.parametrize("value", PLANTED)
@pytest.mark.parametrize("key", sorted(ALLOWED))
def test_no_identifier_passes_under_any_key(fields, key, value):
    told = fields(None, "info", {key: value, "event": "x.done"} if key != "event" else {key: value})
    assert value not in str(told)


@pytest.mark.parametrize(
    "kept",
    [
        {"event": "room.answered", "room": "phi", "route": "/api/v1/phi/{scan_id}", "status": 200, "duration_ms": 1.5},
        {"trace_id": "ab" * 16, "document_id": "0199a3c2-7d1e-7a40-9b6e-3f1d2c4b5a69", "count": 1_000_000},
        {"session_id": "sess_0199a3c27d1e7a409b6e3f1d2c4b5a69", "code": "PHI_SCAN_UNAVAILABLE"},
        {"where": "door.py:140", "stack": "door.py:140 service.py:22", "causes": "ValueError>KeyError"},
        {"trigger": "subscription-0199a3c2-7d1e-7a40-9b6e-3f1d2c4b5a69"},
        {"error_type": "UnavailableError", "tenant_id": None, "port": 8443},
    ],
)
def test_what_we_write_ourselves_passes_unsearched_and_unchanged(kept):
    def searched(_text):
        pytest.fail("it was searched")

    assert Fields(searched)(None, "info", dict(kept)) == kept


def test_free_text_is_searched_and_the_rest_of_it_kept(fields):
    told = fields(None, "warning", {"event": "sink.refused", "reason": "no answer for 123-45-6789 today"})
    assert told["reason"] == "no answer for [SSN] today"


@pytest.mark.parametrize("key", sorted(NUMBERS | IDS))
def test_figures_with_no_end_are_searched_as_text(fields, key):
    assert fields(None, "info", {key: 4_111_111_111_111_111})[key] == "[ACCOUNT]"


def test_objects_are_told_by_their_type(fields):
    class Patient:
        def __str__(self):
            return "Zebulon"

    assert fields(None, "info", {"reason": Patient(), "model": {"a": "Zebulon"}, "state": ["Zebulon"]}) == {
        "reason": "[Patient]",
        "model": "[dict]",
        "state": "[list]",
    }


def test_without_a_search_the_text_is_withheld():
    def broken(_text):
        raise RuntimeError

    assert Fields(broken)(None, "info", {"reason": "Zebulon Quackenbush"}) == {"reason": "[19 characters]"}
