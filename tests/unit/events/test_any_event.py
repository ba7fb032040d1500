"""Any event at all survives every mode, and any bytes at all are an event or one plain refusal."""

import json
import random

import jsonschema
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from events.envelope import (
    CloudEvent,
    EnvelopeError,
    decode,
    decode_batch,
    encode_batch,
    encode_binary,
    encode_structured,
)
from voiceassist.core.errors import UnsupportedFormatError

MIB = 1_048_576
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"

# --- every alphabet the specification gives an attribute ---

NONCHARACTERS = [chr(n) for n in range(0xFDD0, 0xFDF0)] + [
    chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF)
]
characters = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=NONCHARACTERS)
texts = st.text(characters, min_size=1, max_size=40)
uri_parts = st.sampled_from("ABCZabcz0189-._~:/?#[]@!$&'()*+,;=") | st.integers(0, 255).map("%{:02X}".format)
uri_references = st.lists(uri_parts, min_size=1, max_size=30).map("".join)
schemas = st.builds("{}:{}".format, st.from_regex(r"[A-Za-z][A-Za-z0-9+.-]{0,8}", fullmatch=True), uri_references)
media_types = st.sampled_from(
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/Vnd.x+JSON",
        "text/json",
        "text/plain",
        "application/octet-stream",
        "application/vnd.apache.thrift.binary",
        'multipart/mixed; boundary="a b"',
    ]
)
names = st.from_regex(r"x[a-z0-9]{0,19}", fullmatch=True)
integers = st.integers(-(2**31), 2**31 - 1)
json_texts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(characters),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(characters, max_size=5), inner, max_size=3),
    max_leaves=6,
).flatmap(lambda value: st.sampled_from([None, 1]).map(lambda indent: json.dumps(value, indent=indent).encode()))
datas = st.none() | st.just(b"") | st.binary(max_size=300) | json_texts


@st.composite
def times(draw):
    """Every form of RFC 3339: either case, any fraction, any offset, leap seconds."""
    clock, second = draw(st.times()), draw(st.integers(0, 60))
    fraction = draw(st.just("") | st.integers(0, 10**12).map(".{}".format))
    offset = draw(st.sampled_from("Zz") | st.times().map("+{:%H:%M}".format) | st.times().map("-{:%H:%M}".format))
    return f"{draw(st.dates())}{draw(st.sampled_from('Tt'))}{clock:%H:%M}:{second:02}{fraction}{offset}"


events = st.builds(
    CloudEvent,
    id=texts,
    source=uri_references,
    type=texts,
    subject=st.none() | texts,
    time=st.none() | times(),
    datacontenttype=st.none() | media_types,
    dataschema=st.none() | schemas,
    data=datas,
    extensions=st.dictionaries(names, st.text(characters, max_size=20) | integers | st.booleans(), max_size=4),
)


def as_text(value):
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def after_headers(event):
    """What binary mode keeps: values of extensions as text; no body and an empty one are the same."""
    extensions = {name: as_text(value) for name, value in event.extensions.items()}
    return msgspec.structs.replace(event, extensions=extensions, data=event.data or None)


# --- there and back ---


@given(events)
@settings(max_examples=400, deadline=None)
def test_any_event_survives_structured_mode(event):
    assert decode(*encode_structured(event)) == event


@given(events)
@settings(max_examples=400, deadline=None)
def test_any_event_survives_binary_mode_with_extensions_as_text(event):
    headers, body = encode_binary(event)
    assert body == (event.data or b"")
    wire = [(name.upper().encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    assert decode(wire, body) == after_headers(event)


@given(st.lists(events, max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_events_survive_a_batch(batch):
    assert decode_batch(*encode_batch(batch)) == tuple(batch)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("datacontenttype", [None, "application/json", "application/octet-stream"])
def test_a_mebibyte_survives_every_mode(seed, datacontenttype):
    source = random.Random(seed)
    for data in (source.randbytes(MIB), json.dumps({"text": "ü" * (MIB // 6)}).encode(), b"\xff" * MIB, b"[" * MIB):
        event = CloudEvent(id="1", source="/s", type="t", datacontenttype=datacontenttype, data=data)
        assert decode(*encode_binary(event)) == event
        assert decode(*encode_structured(event)) == event
        assert decode_batch(*encode_batch([event])) == (event,)


@given(events)
@settings(max_examples=100, deadline=None)
def test_a_structured_event_satisfies_the_published_schema(conformance, event):
    published = json.loads((conformance / "cloudevents-spec/cloudevents/formats/cloudevents.json").read_text())
    jsonschema.validate(json.loads(encode_structured(event)[1]), published)


# --- anything else is refused in one way ---

headers = st.dictionaries(
    st.sampled_from(
        ["ce-id", "ce-source", "ce-type", "ce-specversion", "ce-time", "ce-subject", "ce-dataschema", "ce-x", "ce-"]
    )
    | st.binary(max_size=12).map(lambda name: "ce-" + name.decode("latin-1"))
    | st.just("content-type"),
    st.binary(max_size=20).map(lambda value: value.decode("latin-1"))
    | st.sampled_from(["1.0", "0.3", "/s", STRUCTURED, BATCHED, "%", "%ff", '"a', '""', "application/json"]),
    max_size=8,
)


def read_anyhow(sent, body):
    """Whatever a stranger sends: an event, several, or one of two refusals; nothing else may be raised."""
    for read in (decode, decode_batch):
        for legacy in (False, True):
            try:
                read(sent, body, legacy=legacy)
            except (EnvelopeError, UnsupportedFormatError):
                continue


@given(headers, st.binary(max_size=300))
@settings(max_examples=500, deadline=None)
def test_random_headers_and_bytes_are_refused_in_one_way(sent, body):
    read_anyhow(sent, body)
    read_anyhow([(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()], body)


@given(st.binary(max_size=300), st.sampled_from([STRUCTURED, BATCHED]))
@example(b"[]", STRUCTURED)
@example(b'{"specversion":"1.0","id":"\\ud800","source":"/s","type":"t"}', STRUCTURED)
@example(b'{"specversion":"1.0","id":"1","source":"/s","type":"t","data":' + b"9" * 5000 + b"}", STRUCTURED)
@example(b"[" * 100_000, BATCHED)
@settings(max_examples=500, deadline=None)
def test_random_bytes_are_never_an_event(body, kind):
    read = decode if kind == STRUCTURED else decode_batch
    if kind == BATCHED and body.strip(b" \t\r\n") == b"[]":
        assert read({"content-type": kind}, body) == ()
        return
    with pytest.raises(EnvelopeError):
        read({"content-type": kind}, body)


@given(events, st.data())
@settings(max_examples=400, deadline=None)
def test_an_event_that_was_damaged_on_its_way_is_read_or_refused(event, data):
    for encode in (encode_structured, lambda one: encode_batch([one])):
        sent, body = encode(event)
        at = data.draw(st.integers(0, len(body)))
        cut = data.draw(st.integers(0, 3))
        read_anyhow(sent, body[:at] + data.draw(st.binary(max_size=3)) + body[at + cut :])


NOISE = {
    "noise": random.Random(5).randbytes(MIB),
    "braces": b"{" * MIB,
    "deep": b'{"a":' * (MIB // 5),
    "\xff": b"\xff" * MIB,
}


@pytest.mark.parametrize("body", NOISE.values(), ids=NOISE)
def test_a_mebibyte_of_noise_is_refused(body):
    with pytest.raises(EnvelopeError):
        decode({"content-type": STRUCTURED}, body)
    with pytest.raises(EnvelopeError):
        decode_batch({"content-type": BATCHED}, body)
    with pytest.raises(EnvelopeError):
        decode({}, body)
