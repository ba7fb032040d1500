"""What the canary is made of: a patient with 18 kinds of identifiers, and a search that finds each in every form."""

import base64
import io
from random import Random
from urllib.parse import quote

import pytest

from functions.canary.domain import patient, traces
from functions.canary.domain.traces import Search, Trace
from voiceassist.cli.canaries import sinks


@pytest.fixture
def one():
    return patient.made(Random(3))


def test_all_eighteen_categories_have_a_value_of_their_own(one):
    assert [each.category for each in one.identifiers] == list("ABCDEFGHIJKLMNOPQR")
    assert len({each.value for each in one.identifiers}) == 18
    assert one.identifiers[0].value != patient.made(Random(4)).identifiers[0].value


def test_every_value_is_found_plain_and_encoded_and_never_repeated(one):
    search = Search(one)
    for each in one.identifiers:
        encoded = [each.value, each.value.upper(), quote(each.value, safe=""), each.value.encode().hex()]
        encoded += [base64.b64encode(b"x" * shift + each.value.encode() + b"yz").decode() for shift in range(3)]
        encoded += [patient.spoken(each.value)]
        for text in encoded:
            found = search.found("here", f"before {text} after".encode())
            assert each.category in {trace.category for trace in found}, text
            assert each.value not in str(found)


def test_what_is_cut_between_two_pieces_of_a_file_is_found(one, monkeypatch):
    monkeypatch.setattr(traces, "PIECE", 4096)
    data = b"." * 4090 + one.identifiers[6].value.encode() + b"." * 4096
    assert [trace.category for trace in Search(one).found_in("file", io.BytesIO(data))] == ["G"]


def test_another_patient_is_no_trace(one):
    assert Search(one).found("here", patient.made(Random(4)).note.encode()) == []


def test_only_what_an_owner_entered_for_themselves_is_no_leak():
    own, other = (Trace(f"postgres {column}", "A", "plain", 1) for column in ("api_keys.name", "outbox.event"))
    assert sinks.leaks([own, other]) == [other]
