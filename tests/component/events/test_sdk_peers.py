"""Both lines of the CloudEvents SDK as peers: what one side writes the other reads, and where they err we do not.

The first line is installed here (functions-framework pins it), the second in an environment of its own.
"""

import base64
import importlib.metadata
import json
import subprocess
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from cloudevents.conversion import to_binary, to_structured
from cloudevents.http import CloudEvent as SdkEvent
from cloudevents.http import from_http

from events.envelope import (
    BatchNotAcceptedError,
    CloudEvent,
    EnvelopeError,
    decode,
    decode_batch,
    encode_batch,
    encode_binary,
    encode_structured,
    json_event,
)

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".make/sdk2/bin/python"
WRITE = {"binary": to_binary, "structured": to_structured}
TIME = "2026-01-01T00:00:00+00:00"
MINIMAL = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
SECRET = "Zebulon-Quackenbush"


class PeerError(Exception):
    """The peer refused; the name of its exception."""


class FirstLine:
    def write(self, mode, attributes, data):
        headers, body = WRITE[mode](SdkEvent(dict(attributes), data))
        return headers, body or b""

    def read(self, headers, body):
        try:
            event = from_http(headers, body)
        except Exception as error:
            raise PeerError(type(error).__name__) from error
        return dict(event.get_attributes()), event.get_data()


class SecondLine:
    def __init__(self):
        program = Path(__file__).with_name("sdk2_peer.py")
        self.process = subprocess.Popen(
            [PYTHON, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    def write(self, mode, attributes, data):
        told = {"base64": base64.b64encode(data).decode()} if isinstance(data, bytes) else {"data": data}
        answer = self.ask(way="write", mode=mode, attributes=attributes, **told)
        return answer["headers"], base64.b64decode(answer["body"])

    def read(self, headers, body):
        answer = self.ask(way="read", headers=headers, body=base64.b64encode(body).decode())
        return answer["attributes"], base64.b64decode(answer["base64"]) if "base64" in answer else answer["data"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def peers():
    if not PYTHON.exists():
        pytest.fail("the SDK's second line is not installed: run make install-dev")
    second = SecondLine()
    yield {"1.12": FirstLine(), "2.x": second}
    second.close()


@pytest.fixture(params=["1.12", "2.x"])
def peer(request, peers):
    return peers[request.param]


def test_the_peers_are_of_the_two_lines():
    (folder,) = (PYTHON.parents[1] / "lib").glob("python*/site-packages/cloudevents-*.dist-info")
    assert importlib.metadata.version("cloudevents").startswith("1.")
    assert folder.name.startswith("cloudevents-2.")


# --- they write, we read ---

RICH = MINIMAL | {"time": TIME, "subject": "doc-1", "dataschema": "urn:x:y", "partitionkey": "k"}
DATA = [
    ("application/json", {"hello": "world", "n": [1, 2.5, None]}),
    ("application/vnd.x+json", {"hello": "wörld"}),
    ("application/octet-stream", b"\xff\x00\r\n"),
    ("text/plain; charset=utf-8", "plain"),
    (None, None),
]


def same_moment(left, right):
    return datetime.fromisoformat(left) == datetime.fromisoformat(right)


@pytest.mark.parametrize("mode", WRITE)
@pytest.mark.parametrize(("kind", "data"), DATA)
def test_what_a_peer_writes_is_read(peer, mode, kind, data):
    attributes = RICH | ({"datacontenttype": kind} if kind else {})
    event = decode(*peer.write(mode, attributes, data))
    assert same_moment(event.time, TIME)
    assert event.attributes() | {"time": TIME} == attributes
    if isinstance(data, dict):
        assert json.loads(event.data) == data
    elif isinstance(data, str):
        assert event.data in {data.encode(), json.dumps(data).encode()}  # 1.12 puts quotes around text in binary mode
    else:
        assert event.data == data


def test_a_batch_of_what_a_peer_writes_is_read(peer):
    bodies = [peer.write("structured", RICH | {"id": str(n)}, {"n": n})[1] for n in range(3)]
    batch = decode_batch({"content-type": "application/cloudevents-batch+json"}, b"[" + b",".join(bodies) + b"]")
    assert [event.id for event in batch] == ["0", "1", "2"]
    assert [json.loads(event.data) for event in batch] == [{"n": 0}, {"n": 1}, {"n": 2}]


# --- we write, they read ---

OURS = CloudEvent(
    **(MINIMAL | {"time": "2026-01-01T00:00:00Z", "subject": "doc-1", "dataschema": "urn:x:y"}),
    extensions={"partitionkey": "k", "hops": 3, "urgent": True},
)


@pytest.mark.parametrize("encode", [encode_binary, encode_structured])
@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("application/json", b'{"a": [1, 2.50]}', {"a": [1, 2.5]}),
        ("application/octet-stream", b"\xff\x00", b"\xff\x00"),
        (None, None, None),
    ],
)
def test_a_peer_reads_what_we_write(peer, encode, kind, data, expected):
    event = msgspec.structs.replace(OURS, datacontenttype=kind, data=data)
    attributes, read = peer.read(*encode(event))
    assert read == expected
    assert same_moment(attributes.pop("time").replace("Z", "+00:00"), TIME)
    wanted = {name: value for name, value in event.attributes().items() if name != "time"}
    if encode is encode_binary:
        wanted |= {"hops": "3", "urgent": "true"}
    assert {name: value for name, value in attributes.items() if value is not None} == wanted


@pytest.mark.parametrize("encode", [encode_binary, encode_structured])
def test_the_second_line_reads_every_character_we_write(peers, encode):
    event = json_event({}, id="ü 1", source="/s", type='t "5%"', subject="Euro € 😀", time="2026-01-01T00:00:00Z")
    attributes, _ = peers["2.x"].read(*encode(event))
    assert (attributes["id"], attributes["type"], attributes["subject"]) == ("ü 1", 't "5%"', "Euro € 😀")


# --- their defects, one by one: what each line makes of a request, and our rule ---

BINARY = {f"ce-{name}": value for name, value in MINIMAL.items()}
STRUCTURED = {"content-type": "application/cloudevents+json"}


def header(name, value, body=b""):
    return BINARY | {name: value}, body


def members(**changes):
    return STRUCTURED, json.dumps(MINIMAL | changes).encode()


ACCEPTED = "accepted"
INVALID = "CloudEventValidationError"
TWICE = b'{"specversion":"1.0","id":"1","id":"2","source":"/s","type":"t"}'
# What is wrong: the request, what 1.12 and 2.x make of it, and the attribute and reason of our refusal.
DEFECTS = {
    "an empty id": (header("ce-id", ""), ACCEPTED, INVALID, ("id", "EMPTY")),
    "an empty source": (header("ce-source", ""), ACCEPTED, INVALID, ("source", "EMPTY")),
    "an empty type": (header("ce-type", ""), ACCEPTED, INVALID, ("type", "EMPTY")),
    "an underscore": (header("ce-bad_name", SECRET), ACCEPTED, INVALID, ("", "BAD_ATTRIBUTE_NAME")),
    "a time that is none": (header("ce-time", "yesterday"), ACCEPTED, "ValueError", ("time", "NOT_RFC_3339")),
    "data twice": (members(data=1, data_base64="AA=="), ACCEPTED, INVALID, ("data_base64", "DATA_TWICE")),
    "a JSON key twice": ((STRUCTURED, TWICE), ACCEPTED, ACCEPTED, ("", "DUPLICATE")),
    "an object": (members(ext={"name": SECRET}), ACCEPTED, ACCEPTED, ("ext", "NOT_A_SIMPLE_VALUE")),
    "an array": (members(ext=[SECRET]), ACCEPTED, ACCEPTED, ("ext", "NOT_A_SIMPLE_VALUE")),
    "a large integer": (members(ext=2**31), ACCEPTED, ACCEPTED, ("ext", "OUT_OF_RANGE")),
    "an unknown version": (
        header("ce-specversion", "9000.1"),
        "InvalidRequiredFields",
        INVALID,
        ("specversion", "UNKNOWN_VERSION"),
    ),
    "a stray percent sign": (header("ce-subject", "5%"), ACCEPTED, ACCEPTED, ("subject", "BAD_PERCENT_ENCODING")),
    "no JSON": ((STRUCTURED, SECRET.encode()), "MissingRequiredFields", "JSONDecodeError", ("", "NOT_JSON")),
}


def outcome(peer, headers, body):
    try:
        peer.read(headers, body)
    except PeerError as error:
        return str(error)
    return ACCEPTED


@pytest.mark.parametrize("name", DEFECTS)
def test_what_must_be_refused(peers, name):
    (headers, body), first, second, ours = DEFECTS[name]
    assert (outcome(peers["1.12"], headers, body), outcome(peers["2.x"], headers, body)) == (first, second)
    with pytest.raises(EnvelopeError) as refused:
        decode(headers, body)
    assert (refused.value.attribute, refused.value.reason) == ours
    assert SECRET not in str(refused.value) + repr(refused.value.errors) + repr(refused.value.__cause__)


def test_a_percent_coded_subject_is_decoded(peers):
    headers, body = header("ce-subject", "Euro%20%E2%82%AC")
    assert peers["1.12"].read(headers, body)[0]["subject"] == "Euro%20%E2%82%AC"
    assert peers["2.x"].read(headers, body)[0]["subject"] == "Euro €"
    assert decode(headers, body).subject == "Euro €"


def test_a_header_in_double_quotes_of_an_older_sender_loses_them(peer):
    headers, body = header("ce-subject", '"a b"')
    assert peer.read(headers, body)[0]["subject"] == '"a b"'
    assert decode(headers, body).subject == "a b"


def test_header_values_on_the_way_out_are_printable_ascii(peers):
    attributes = MINIMAL | {"time": TIME, "subject": "Euro € 5%"}
    raw, _ = peers["1.12"].write("binary", attributes, None)
    assert raw["ce-subject"] == "Euro € 5%"
    with pytest.raises(EnvelopeError) as refused:
        decode(raw, b"")
    assert refused.value.reason == "NOT_ASCII"
    coded, body = peers["2.x"].write("binary", attributes, None)
    assert encode_binary(decode(coded, body))[0]["ce-subject"] == coded["ce-subject"] == "Euro%20%E2%82%AC%205%25"


def test_a_missing_time_is_not_made_up(peer):
    headers, body = BINARY, b""
    assert "time" in peer.read(headers, body)[0]
    assert decode(headers, body).time is None
    assert "ce-time" not in encode_binary(decode(headers, body))[0]


def test_null_is_an_attribute_that_is_not_there(peers):
    headers, body = members(subject=None, ext=None)
    assert "ext" in peers["1.12"].read(headers, body)[0]
    assert outcome(peers["2.x"], headers, body) == INVALID
    assert decode(headers, body) == CloudEvent(**MINIMAL)


def test_a_batch_is_read_by_us_alone(peers):
    headers, body = encode_batch([OURS])
    assert outcome(peers["1.12"], headers, body) == "MissingRequiredFields"
    assert outcome(peers["2.x"], headers, body) == "AttributeError"
    assert decode_batch(headers, body) == (OURS,)
    with pytest.raises(BatchNotAcceptedError):
        decode(headers, body)


def test_json_that_we_serialise_is_called_json(peer):
    headers, body = peer.write("binary", MINIMAL | {"time": TIME}, {"a": 1})
    assert "content-type" not in {name.lower() for name in headers}
    assert json.loads(decode(headers, body).data) == {"a": 1}
    assert encode_binary(json_event({"a": 1}, id="1", source="/s", type="t"))[0]["content-type"] == "application/json"


@pytest.mark.parametrize("body", [b"{broken", b"\xff\xfe", b'{"a":1,"a":2}', b"NaN"])
def test_bytes_under_a_json_content_type_stay_bytes(peer, body):
    headers = BINARY | {"content-type": "application/json"}
    assert outcome(peer, headers, body) == ACCEPTED
    event = decode(headers, body)
    assert event.data == body
    assert decode(*encode_structured(event)).data == body


def test_the_old_version_enters_where_it_may_and_is_never_upgraded(peer):
    headers, body = header("ce-specversion", "0.3")
    assert peer.read(headers, body)[0]["specversion"] == "0.3"
    with pytest.raises(EnvelopeError):
        decode(headers, body)
    event = decode(headers, body, legacy=True)
    assert encode_binary(event)[0]["ce-specversion"] == "0.3"
    assert json.loads(encode_structured(event)[1])["specversion"] == "0.3"


def test_header_names_are_of_any_case(peer):
    shouted = {name.upper(): value for name, value in BINARY.items()}
    assert peer.read(shouted, b"")[0]["id"] == decode(shouted, b"").id == "1"


def test_an_error_of_the_sdk_quotes_the_request_and_ours_does_not(peers):
    with pytest.raises(PeerError) as told:
        peers["1.12"].read({}, SECRET.encode())
    assert SECRET in str(told.value.__cause__)
    with pytest.raises(EnvelopeError) as refused:
        decode({}, SECRET.encode())
    assert SECRET not in repr(refused.value) + repr(refused.value.errors)


def test_the_names_of_the_sdk_that_warn_are_not_the_ones_to_use():
    from cloudevents.http import to_binary as warns

    with pytest.warns(DeprecationWarning, match="conversion"):
        warns(SdkEvent(dict(MINIMAL), None))
