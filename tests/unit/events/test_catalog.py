"""The catalogue: names, examples, schemas on disk, and what a payload may not hold."""

import json
import re
from uuid import UUID

import jsonschema
import msgspec
import pytest

from events import schemas
from events.catalog import (
    EVENT_TYPES,
    AnswerGiven,
    DocumentDeleted,
    DocumentUploaded,
    Payload,
    PayloadError,
    PhiScanRequested,
    Ping,
    check,
    read,
    schema,
)

UPLOADED = DocumentUploaded.TYPE
GOOD = msgspec.to_builtins(EVENT_TYPES[UPLOADED].example)


def data(**changes):
    return json.dumps({key: value for key, value in (GOOD | changes).items() if value is not ...}).encode()


def test_schema_files_are_current():
    on_disk = {path.name: path.read_text() for path in schemas.FOLDER.glob("*.json")}
    assert on_disk == schemas.render(), "run: python -m events.schemas"


def test_write_makes_the_folder_match_and_removes_what_is_stale(tmp_path):
    (tmp_path / "org.voiceassist.gone.forever.v1.json").write_text("{}")
    schemas.write(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == schemas.render()


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_names_follow_the_house_rule_and_examples_their_schema(name):
    entry = EVENT_TYPES[name]
    assert not entry.says or re.fullmatch(r"org\.voiceassist\.[a-z]+\.[a-z_]+\.v[1-9]", name)
    example = msgspec.to_builtins(entry.example)
    jsonschema.Draft202012Validator.check_schema(schema(name))
    jsonschema.validate(example, schema(name), format_checker=jsonschema.FormatChecker())
    check(name, json.dumps(example).encode())
    assert read(entry.payload, msgspec.json.encode(entry.example)) == entry.example
    assert entry.payload.__doc__
    assert entry.says or entry.external


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_payloads_are_flat(name):
    """`check` looks for unknown fields at the top only."""
    for field in schema(name)["properties"].values():
        for kind in field.get("anyOf", [field]):
            assert kind.get("type") in {"string", "integer", "boolean", "null"} or kind.keys() & {"enum", "const"}


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"document_id": "Zebulon"}, "/document_id", "INVALID"),
        ({"size_bytes": -1}, "/size_bytes", "INVALID"),
        ({"format": "exe"}, "/format", "INVALID"),
        ({"content_hash": "ABC"}, "/content_hash", "INVALID"),
        ({"format": "Zebulon - at `$.zebulon`"}, "/format", "INVALID"),
        ({"owner_id": ...}, "/owner_id", "MISSING"),
        ({"patient_name": "Zebulon"}, "", "UNKNOWN_FIELD"),
    ],
)
def test_a_payload_that_breaks_its_schema_is_refused_by_name_of_field(change, pointer, code):
    with pytest.raises(PayloadError) as caught:
        check(UPLOADED, data(**change))
    (error,) = caught.value.errors
    assert (error.pointer, error.code) == (pointer, code)
    assert "Zebulon" not in str(caught.value) + repr(caught.value.errors)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(data(**change)), schema(UPLOADED), format_checker=jsonschema.FormatChecker())


class Part(msgspec.Struct):
    size: int


class Nested(Payload, frozen=True):
    TYPE = "test.nested"
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] | None = None


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (b'{"parts":[{"size":1},{"size":"Zebulon"}]}', "/parts/1/size", "INVALID"),
        (b'{"parts":[{"size":1},{}]}', "/parts/1/size", "MISSING"),
        (b'{"by_name":{"Zebulon":{"size":"x"}}}', "/by_name", "INVALID"),
        (b'{"by_name":{"Zebulon":{}}}', "/by_name", "MISSING"),
        (b'{"parts":5}', "/parts", "INVALID"),
        (b"[]", "", "INVALID"),
    ],
)
def test_the_pointer_leads_into_nested_parts_by_declared_names_only(body, pointer, code):
    with pytest.raises(PayloadError) as caught:
        read(Nested, body)
    assert [(error.pointer, error.code) for error in caught.value.errors] == [(pointer, code)]


@pytest.mark.parametrize("body", [None, b"", b"Zebulon", b"[" * 100_000])
def test_data_that_is_not_json_is_refused(body):
    with pytest.raises(PayloadError):
        check(UPLOADED, body)


def test_doors_ignore_what_a_newer_neighbour_adds():
    body = json.dumps(msgspec.to_builtins(EVENT_TYPES[DocumentDeleted.TYPE].example) | {"added_later": 1}).encode()
    assert read(DocumentDeleted, body) == EVENT_TYPES[DocumentDeleted.TYPE].example


def test_types_of_others_are_not_our_business():
    check("com.example.anything", b"\xff")


@pytest.mark.parametrize("body", [b"{}", b'{"job":"nightly-index","guideline":"urn:x:1"}'])
def test_a_tick_may_carry_ids_of_any_name(body):
    check(Ping.TYPE, body)
    jsonschema.validate(json.loads(body), schema(Ping.TYPE))


@pytest.mark.parametrize("body", [b"[]", b'{"job":"Zebulon was here"}', b'{"job":{"a":"b"}}', b'{"Zebulon Q":"x"}'])
def test_a_tick_carries_nothing_else(body):
    with pytest.raises(PayloadError) as caught:
        check(Ping.TYPE, body)
    assert "Zebulon" not in str(caught.value) + repr(caught.value.errors)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(body), schema(Ping.TYPE))


def test_who_is_outside_may_say_three_types():
    assert {name for name, entry in EVENT_TYPES.items() if entry.external} == {
        UPLOADED,
        PhiScanRequested.TYPE,
        Ping.TYPE,
    }


def test_optional_fields_need_not_be_said():
    answer = AnswerGiven(
        answer_id=UUID(int=1), tenant_id=UUID(int=2), status="partial", citations=1, passages=2, duration_ms=3
    )
    check(AnswerGiven.TYPE, msgspec.json.encode(answer))


def test_the_place_in_a_batch_is_told():
    with pytest.raises(PayloadError) as caught:
        check(UPLOADED, data(size_bytes="x"))
    assert caught.value.at(3).errors[0].pointer == "/3/size_bytes"
