"""The codec against the specification, rule by rule."""

import base64
import json

import pytest

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

BINARY = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
OBJECT = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
SECRET = "Zebulon-Quackenbush"  # planted in every bad request: no error may repeat it


def structured(**members):
    return decode(STRUCTURED, json.dumps(OBJECT | members).encode())


def fault(call, *arguments):
    with pytest.raises(EnvelopeError) as caught:
        call(*arguments)
    assert SECRET not in repr(caught.value.errors) + str(caught.value) + repr(caught.value.__cause__)
    assert caught.value.status == 400
    return caught.value.attribute, caught.value.reason


# --- binary ---


def test_binary_reads_attributes_extensions_and_leaves_the_data_alone():
    body = b'{ "a" :\n1}\xff\x00'
    event = decode(BINARY | {"CE-Subject": "x", "Content-Type": "text/xml; a=b", "ce-partitionkey": "7"}, body)
    assert event == CloudEvent(
        id="1",
        source="/s",
        type="t",
        subject="x",
        datacontenttype="text/xml; a=b",
        data=body,
        extensions={"partitionkey": "7"},
    )


def test_missing_time_stays_missing():
    assert decode(BINARY, b"").time is None


def test_subject_is_percent_coded_both_ways():
    headers, _ = encode_binary(CloudEvent(id="1", source="/s", type="t", subject='Euro € "5%" 😀'))
    assert headers["ce-subject"] == "Euro%20%E2%82%AC%20%225%25%22%20%F0%9F%98%80"
    assert decode(headers, b"").subject == 'Euro € "5%" 😀'


def test_double_quoted_headers_of_older_senders_are_unescaped():
    assert decode(BINARY | {"ce-subject": '"a \\"b\\" %41"'}, b"").subject == 'a "b" A'


def test_lower_case_hex_and_raw_spaces_are_read():
    assert decode(BINARY | {"ce-subject": "a b%c3%a9"}, b"").subject == "a bé"


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
def test_each_required_attribute_is_required_and_not_empty(name):
    without = {key: value for key, value in BINARY.items() if key != f"ce-{name}"}
    assert fault(decode, without, b"") == (name, "MISSING")
    attribute, reason = fault(decode, BINARY | {f"ce-{name}": ""}, b"")
    assert attribute == name
    assert reason in {"EMPTY", "UNKNOWN_VERSION"}


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("ce-specversion", "9000.1", ("specversion", "UNKNOWN_VERSION")),
        ("ce-specversion", "0.3", ("specversion", "UNKNOWN_VERSION")),
        ("ce-bad_name", SECRET, ("", "BAD_ATTRIBUTE_NAME")),
        ("ce-", SECRET, ("", "BAD_ATTRIBUTE_NAME")),
        ("ce-data", SECRET, ("data", "RESERVED_NAME")),
        ("ce-datacontenttype", "text/xml", ("datacontenttype", "RESERVED_NAME")),
        ("ce-time", "yesterday", ("time", "NOT_RFC_3339")),
        ("ce-time", "2026-02-30T00:00:00Z", ("time", "NOT_RFC_3339")),
        ("ce-time", "2026-02-03 00:00:00Z", ("time", "NOT_RFC_3339")),
        ("ce-time", "2026-02-03T00:00:00", ("time", "NOT_RFC_3339")),
        ("ce-source", "two words", ("source", "NOT_A_URI_REFERENCE")),
        ("ce-dataschema", "/relative", ("dataschema", "NOT_A_URI")),
        ("ce-subject", "", ("subject", "EMPTY")),
        ("ce-subject", "100%", ("subject", "BAD_PERCENT_ENCODING")),
        ("ce-subject", "%ff%fe", ("subject", "BAD_PERCENT_ENCODING")),
        ("ce-subject", SECRET + "é", ("subject", "NOT_ASCII")),
        ("ce-subject", SECRET + "%0d%0aevil: 1", ("subject", "FORBIDDEN_CHARACTER")),
        ("ce-ext", SECRET + "%00", ("ext", "FORBIDDEN_CHARACTER")),
        ("ce-ext", SECRET + "%EF%BF%BE", ("ext", "FORBIDDEN_CHARACTER")),
        ("ce-ext", SECRET + "%F0%9F%BF%BF", ("ext", "FORBIDDEN_CHARACTER")),
        ("ce-source", "/a%4", ("source", "BAD_PERCENT_ENCODING")),
        ("ce-source", "/a%25zz", ("source", "NOT_A_URI_REFERENCE")),
    ],
)
def test_bad_header_is_named_and_not_quoted(header, value, expected):
    assert fault(decode, BINARY | {header: value}, b"") == expected


def test_a_long_bad_source_is_refused_at_once():
    """Linear in its length: a pattern that tries every split would not end."""
    assert fault(decode, BINARY | {"ce-source": "a" * 20_000 + "%20"}, b"") == ("source", "NOT_A_URI_REFERENCE")
    assert fault(decode, BINARY | {"ce-source": "%2541a" * 5_000 + "%20"}, b"") == ("source", "NOT_A_URI_REFERENCE")


def test_headers_beside_the_event_mean_nothing():
    assert decode(STRUCTURED | {"ce-id": "2", "ce-bad_name": "x", "CE-": "y"}, json.dumps(OBJECT).encode()).id == "1"


def test_an_attribute_twice_has_no_meaning():
    pairs = [(name.encode(), value.encode()) for name, value in BINARY.items()]
    assert fault(decode, [*pairs, (b"CE-ID", b"2")], b"") == ("id", "DUPLICATE")
    assert decode([*pairs, (b"x-other", b"1"), (b"x-other", b"2")], b"").id == "1"


@pytest.mark.parametrize(
    "time", ["2026-06-30T23:59:60Z", "2026-01-01t00:00:00.123456789z", "1937-01-01T12:00:27+00:20"]
)
def test_rfc_3339_times_pass_unchanged(time):
    assert decode(BINARY | {"ce-time": time}, b"").time == time


# --- structured ---


def test_structured_keeps_the_json_text_of_its_data():
    body = b'{"specversion":"1.0","id":"1","source":"/s","type":"t","data": {"a" : 1.50, "b":[1e2]}}'
    assert decode(STRUCTURED, body).data == b'{"a" : 1.50, "b":[1e2]}'


def test_base64_data_and_text_data():
    assert structured(datacontenttype="image/png", data_base64="AP8=").data == b"\x00\xff"
    assert structured(datacontenttype="text/plain", data="häh").data == "häh".encode()
    assert structured(datacontenttype="application/vnd.x+json", data="text").data == b'"text"'


def test_null_is_absent():
    event = structured(subject=None, data=None, ext=None)
    assert (event.subject, event.data, event.extensions) == (None, None, {})


def test_extension_types_survive_structured_mode():
    assert structured(n=-5, b=True, s="x").extensions == {"n": -5, "b": True, "s": "x"}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"data": 1, "data_base64": "AA=="}, ("data_base64", "DATA_TWICE")),
        ({"data_base64": SECRET + "!"}, ("data_base64", "NOT_BASE64")),
        ({"data_base64": 5}, ("data_base64", "NOT_BASE64")),
        ({"datacontenttype": "text/plain", "data": {"a": 1}}, ("data", "NOT_A_STRING")),
        ({"ext": {"name": SECRET}}, ("ext", "NOT_A_SIMPLE_VALUE")),
        ({"ext": [SECRET]}, ("ext", "NOT_A_SIMPLE_VALUE")),
        ({"ext": 1.5}, ("ext", "NOT_A_SIMPLE_VALUE")),
        ({"ext": 2**31}, ("ext", "OUT_OF_RANGE")),
        ({"Bad": SECRET}, ("", "BAD_ATTRIBUTE_NAME")),
        ({"id": 5}, ("id", "NOT_A_STRING")),
        ({"specversion": 1.0}, ("specversion", "NOT_A_SIMPLE_VALUE")),
        ({"id": None}, ("id", "MISSING")),
        ({"time": 5}, ("time", "NOT_RFC_3339")),
        ({"dataschema": 5}, ("dataschema", "NOT_A_URI")),
        ({"subject": True}, ("subject", "NOT_A_STRING")),
        ({"subject": "\x07"}, ("subject", "FORBIDDEN_CHARACTER")),
        ({"datacontenttype": "té"}, ("datacontenttype", "NOT_ASCII")),
        ({"ext": "\U0001fffe"}, ("ext", "FORBIDDEN_CHARACTER")),
        ({"id": "\ud800"}, ("", "NOT_A_JSON_OBJECT")),
    ],
)
def test_bad_member_is_named_and_not_quoted(members, expected):
    assert fault(decode, STRUCTURED, json.dumps(OBJECT | members).encode()) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "NOT_JSON"),
        (b"\xff", "NOT_JSON"),
        (b"{" + SECRET.encode(), "NOT_JSON"),
        (b'[{"id":1}]', "NOT_A_JSON_OBJECT"),
        (b'{"id":"1","id":"2"}', "DUPLICATE"),
        (b'{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"a":1,"a":2}}', "DUPLICATE"),
        (b'{"data":' + b"[" * 100_000, "NOT_JSON"),
        (b'{"a":NaN}', "NOT_A_JSON_OBJECT"),
    ],
)
def test_bad_json_is_refused(body, reason):
    assert fault(decode, STRUCTURED, body)[1] == reason


def test_03_enters_only_where_it_may_and_is_not_upgraded():
    old = BINARY | {"ce-specversion": "0.3", "ce-schemaurl": "http://x/y"}
    event = decode(old, b"", legacy=True)
    assert (event.specversion, event.extensions) == ("0.3", {"schemaurl": "http://x/y"})
    assert encode_binary(event)[0]["ce-specversion"] == "0.3"
    members = OBJECT | {"specversion": "0.3", "datacontentencoding": "base64", "data": "AP8="}
    event = decode(STRUCTURED, json.dumps(members).encode(), legacy=True)
    assert (event.data, event.extensions) == (b"\x00\xff", {})
    assert decode(*encode_structured(event), legacy=True) == event


# --- batch ---


def test_batch_is_all_or_nothing_and_names_the_index():
    events = tuple(CloudEvent(id=str(n), source="/s", type="t", data=b"%d" % n) for n in range(3))
    headers, body = encode_batch(events)
    assert decode_batch(headers, body) == events
    assert decode_batch(BATCH, b"[]") == ()
    bad = json.dumps([OBJECT, OBJECT | {"id": ""}]).encode()
    with pytest.raises(EnvelopeError) as caught:
        decode_batch(BATCH, bad)
    assert caught.value.errors[0].pointer == "/1/id"


@pytest.mark.parametrize("body", [b"{}", b"5", b'[{"id":"1","id":"2"}]', b"[1]"])
def test_bad_batch_is_refused(body):
    fault(decode_batch, BATCH, body)


def test_the_place_of_what_is_no_object_is_told():
    with pytest.raises(EnvelopeError) as caught:
        decode_batch(BATCH, json.dumps([OBJECT, 5]).encode())
    assert (caught.value.errors[0].pointer, caught.value.reason) == ("/1", "NOT_A_JSON_OBJECT")


def test_a_door_for_one_event_answers_415_to_a_batch():
    with pytest.raises(BatchNotAcceptedError) as caught:
        decode(BATCH, b"[]")
    assert caught.value.status == 415
    assert fault(decode_batch, STRUCTURED, b"[]") == ("", "NOT_A_BATCH")


# --- out ---


def test_serialised_json_says_so():
    event = json_event({"a": 1}, id="1", source="/s", type="t", extensions={"n": 1})
    assert encode_binary(event)[0]["content-type"] == "application/json"
    assert event.data == b'{"a":1}'


@pytest.mark.parametrize(
    "data", [b"{broken", b'{"a":1,"a":2}', b"\xff", b"null", b" ", b' {"a":1}', b'{"a":1}\n', b"NaN", b'"\\ud800"']
)
def test_data_that_is_not_readable_json_travels_as_base64(data):
    event = CloudEvent(id="1", source="/s", type="t", datacontenttype="application/json", data=data)
    headers, body = encode_structured(event)
    assert json.loads(body)["data_base64"] == base64.b64encode(data).decode()
    assert decode(headers, body) == event


def test_an_event_that_could_not_be_sent_cannot_be_built():
    assert fault(lambda: CloudEvent(id="", source="/s", type="t")) == ("id", "EMPTY")
    assert fault(lambda: CloudEvent(id="1", source="/s", type="t", extensions={"id": "2"})) == ("id", "RESERVED_NAME")
