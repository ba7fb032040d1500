"""An integrator's event is looked through before it is stored: refused by place and kind, or with values replaced."""

import json
import re

import pytest

from events.envelope import CloudEvent
from voiceassist.core.errors import PayloadTooLargeError
from voiceassist.runtime.egress import Gate, Scanner, policy, screening
from voiceassist.runtime.egress.scanning import DetectorUnavailableError, Found
from voiceassist.runtime.egress.screening import EventPhiError, screened

SHAPES = {"NAME": r"John Smith", "MRN": r"\b44\d{5}\b", "SSN": r"\d{3}-\d\d-\d{4}"}
CLEAN = {"ward": "7b", "beds": 12, "ok": True, "none": None, "at": "2026-01-01T00:00:00Z"}


def find(text):
    return [
        Found(match.start(), match.end(), (label,))
        for label, shape in SHAPES.items()
        for match in re.finditer(shape, text)
    ]


def gate(exceptions="", finding=find):
    decided = []

    class Detector:
        version = "test"

        def find(self, text, *, known=(), kind=None):
            return finding(text)

    made = Gate(policy.load(None, exceptions), Scanner(Detector, seconds=0.5), record=decided.append)
    return made, decided


def event(data=None, **attributes):
    body = data if data is None or isinstance(data, bytes) else json.dumps(data).encode()
    told = {"id": "1", "source": "https://his.example/a", "type": "com.example.seen"} | attributes
    return CloudEvent(**told, data=body, datacontenttype="application/json")


def places(error):
    return {(one.pointer, one.code) for one in error.value.errors}


async def test_what_names_nobody_enters_as_it_came():
    made, decided = gate()
    for data in (CLEAN, [], "text", 7, None, b"\xff\xfe not json"):
        one = event(data)
        assert await screened(made, [one]) == (one,)
    assert {one.action for one in decided} == {"allow"}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"a": {"b": ["x", "for John Smith"]}}, ("/data/a/b/1", "NAME")),
        ({"mrn": 4412345}, ("/data/mrn", "MRN")),
        ({"mrn": "4412345"}, ("/data/mrn", "MRN")),
        ({"John Smith": "x"}, ("/data/*", "NAME")),
        ({"bed of 123-45-6789": {"n": "John Smith"}}, ("/data/*/n", "NAME")),
        ("John Smith", ("/data", "NAME")),
        (b"not json: John Smith", ("/data", "NAME")),
        (b"\x00\xff John Smith", ("/data", "NAME")),
    ],
)
async def test_a_refusal_names_the_place_and_the_kind_and_never_the_value(data, place):
    made, decided = gate()
    with pytest.raises(EventPhiError) as refused:
        await screened(made, [event(data)])
    assert place in places(refused)
    told = f"{refused.value.detail} {refused.value.errors} {refused.value}"
    assert not find(told)
    assert refused.value.status == 403
    assert decided[-1].reason == "BLOCKED"


@pytest.mark.parametrize("name", ["id", "source", "subject", "note"])
async def test_attributes_are_looked_at_too(name):
    told = {"subject": "John Smith", "note": "about John Smith", "id": "44-John Smith", "source": "/123-45-6789"}[name]
    one = event(CLEAN, **({"extensions": {"note": told}} if name == "note" else {name: told}))
    for exceptions in ("", "event.*=redact"):
        with pytest.raises(EventPhiError) as refused:
            await screened(gate(exceptions)[0], [one])
        assert {pointer for pointer, _ in places(refused)} == {f"/{name}"}


async def test_in_a_batch_the_place_begins_with_the_number_and_nothing_enters():
    with pytest.raises(EventPhiError) as refused:
        await screened(gate()[0], [event(CLEAN), event({"n": "John Smith"})], batch=True)
    assert places(refused) == {("/1/data/n", "NAME")}


async def test_by_policy_values_are_replaced_where_they_stand():
    made, _ = gate("event.*=redact")
    one = event({"a": ["so John Smith said", 4412345], "b": CLEAN})
    (told,) = await screened(made, [one])
    assert json.loads(told.data) == {"a": ["so [NAME] said", "[MRN]"], "b": CLEAN}
    assert (told.id, told.source) == (one.id, one.source)
    for data in ({"John Smith": 1}, b"John Smith", "John Smith"):
        with pytest.raises(EventPhiError):
            await screened(made, [event(data)])
    with pytest.raises(EventPhiError):  # the policy blocks one kind
        await screened(gate("event.*=redact, event.MRN=block")[0], [event({"a": 4412345})])


async def test_nobody_to_look_or_too_much_to_look_at_is_a_no(monkeypatch):
    def broken(_text):
        raise MemoryError

    made, decided = gate(finding=broken)
    with pytest.raises(DetectorUnavailableError):
        await screened(made, [event({"a": "words"})])
    assert decided[-1].action == "refuse"
    with pytest.raises(PayloadTooLargeError):
        await screened(gate()[0], [event({"a": "words " * 100_000})])
    monkeypatch.setattr(screening, "MOST_FIELDS", 3)
    with pytest.raises(PayloadTooLargeError):
        await screened(gate()[0], [event(["a b"] * 4)])


async def test_a_deep_document_is_looked_through_to_its_end():
    deep = '{"a":' * 400 + '"John Smith"' + "}" * 400
    with pytest.raises(EventPhiError):
        await screened(gate()[0], [event(deep.encode())])
    with pytest.raises(EventPhiError):
        await screened(gate()[0], [event(b"[" * 200_000 + b'"John Smith"')])
