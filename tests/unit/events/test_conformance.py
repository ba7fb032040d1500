"""The codec against the published kit: the HTTP feature, the sample events, the JSON schema of the JSON format."""

import json
import os
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from events.catalog import EVENT_TYPES
from events.envelope import EnvelopeError, decode, decode_batch, encode_batch, encode_binary, encode_structured
from voiceassist.runtime import outbox

from .gherkin import scenarios

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("VOICEASSIST_EVAL_DATA", ROOT.parent / "shared" / "data"))
KIT = DATA / "conformance/cloudevents-conformance"
FEATURE = KIT / "features/http-protocol-binding.feature"
SCHEMA = DATA / "conformance/cloudevents-spec/cloudevents/formats/cloudevents.json"

needs_kit = pytest.mark.skipif(not KIT.is_dir(), reason="no conformance data: set VOICEASSIST_EVAL_DATA")


# --- the feature: one test for each scenario and example ---


class World:
    """What the steps of one scenario share."""

    def supported(self, _step):
        assert decode({"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/", "ce-type": "t"}, b"").id == "1"

    def request(self, step):
        head, _, body = step.text.partition("\n\n")
        self.headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
        self.body = body.encode()

    def parsed(self, _step):
        self.event = decode(self.headers, self.body)

    def attributes(self, step):
        (_key, _value), *rows = step.rows
        assert self.event.attributes() == dict(rows)

    def data(self, step):
        assert json.loads(self.event.data) == json.loads(step.text)


STEPS = {
    r"HTTP Protocol Binding is supported": World.supported,
    r"an HTTP request": World.request,
    r"parsed as HTTP request": World.parsed,
    r"the attributes are:": World.attributes,
    r"the data is equal to the following JSON:": World.data,
}
CASES = scenarios(FEATURE.read_text()) if FEATURE.is_file() else []


@needs_kit
@pytest.mark.parametrize("scenario", CASES, ids=lambda scenario: scenario.name)
def test_http_protocol_binding(scenario):
    world = World()
    for step in scenario.steps:
        (run,) = [run for pattern, run in STEPS.items() if re.fullmatch(pattern, step.line)]
        run(world, step)


@needs_kit
def test_every_scenario_of_the_feature_is_run():
    assert len(CASES) == 4
    assert all(len(case.steps) == 5 for case in CASES)


FEATURE_TEXT = '''@x
Feature: A

    Words about it.

    Background:
    Given a <thing>

    Scenario Outline: One <thing>
    When it is
        | a | <thing> |
    Then it says
        """
          two <thing>
        lines
        """
    Examples:
    | thing |
    | cup   |
    | pot   |
'''


def test_the_reader_fills_examples_in_everywhere():
    cup, pot = scenarios(FEATURE_TEXT)
    assert (cup.name, pot.name) == ("One cup", "One pot")
    given, when, then = pot.steps
    assert (given.line, when.rows, then.text) == ("a pot", [["a", "pot"]], "  two pot\nlines")


def test_the_reader_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="Rule: x"):
        scenarios(FEATURE_TEXT + "Rule: x\n")


# --- the sample events ---


def samples():
    """(file, number, sample) of the kit; BaseLoader, or `specversion: 1.0` would be a float and `time` a date."""
    for path in sorted(KIT.glob("yaml/**/*.yaml")):
        for number, sample in enumerate(yaml.load_all(path.read_text(), yaml.BaseLoader)):
            yield pytest.param(sample, id=f"{path.stem}-{number}")


@needs_kit
@pytest.mark.parametrize("sample", samples())
@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_sample_events_are_read(sample, mode):
    attributes = {name: value for name, value in sample["ContextAttributes"].items() if name != "Extensions"}
    # A block of YAML ends with a line break, which no attribute may hold.
    attributes |= {name: value.strip() for name, value in sample["ContextAttributes"].get("Extensions", {}).items()}
    data, kind = sample["Data"].strip(), attributes.get("datacontenttype")
    if mode == "binary":
        headers = {f"ce-{name}": value for name, value in attributes.items() if name != "datacontenttype"}
        headers |= {"content-type": kind} if kind else {}
        body = data.encode()
    else:
        headers = {"content-type": "application/cloudevents+json"}
        is_json = not kind or "json" in kind
        body = json.dumps(attributes | {"data": json.loads(data) if is_json else data}, ensure_ascii=False).encode()
    legacy = attributes["specversion"] == "0.3"
    if legacy:
        with pytest.raises(EnvelopeError):
            decode(headers, body)
    event = decode(headers, body, legacy=legacy)
    assert event.attributes() == attributes
    if kind and "json" not in kind:
        assert event.data == data.encode()
    else:
        assert json.loads(event.data) == json.loads(data)
    for encode in (encode_binary, encode_structured):
        assert decode(*encode(event), legacy=legacy) == event


@needs_kit
def test_every_sample_is_read():
    assert len(list(samples())) == 15


# --- the JSON schema ---


def published():
    return jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()), format_checker=jsonschema.FormatChecker())


@needs_kit
@pytest.mark.parametrize("event_type", [name for name, entry in EVENT_TYPES.items() if entry.says])
def test_every_event_we_say_satisfies_the_published_schema(event_type):
    event = outbox.event_of("a-room", event_type, EVENT_TYPES[event_type].example, subject="s", key="k")
    published().validate(json.loads(encode_structured(event)[1]))
    batch = json.loads(encode_batch([event, event])[1])
    for member in batch:
        published().validate(member)
    assert decode_batch(*encode_batch([event, event])) == (event, event)


@needs_kit
@pytest.mark.parametrize("change", [{"id": ""}, {"source": None}, {"time": "yesterday"}, {"data": 1, "subject": 5}])
def test_the_published_schema_would_find_a_fault(change):
    with pytest.raises(jsonschema.ValidationError):
        published().validate({"specversion": "1.0", "id": "1", "source": "/s", "type": "t"} | change)
