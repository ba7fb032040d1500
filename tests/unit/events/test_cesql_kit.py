"""CESQL against its published conformance kit (cesql_tck), every case in both modes."""

import os
from pathlib import Path

import pytest
import yaml

from events import cesql
from events.envelope import CloudEvent

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("VOICEASSIST_EVAL_DATA", ROOT.parent / "shared" / "data"))
KIT = DATA / "conformance/cloudevents-spec/cesql/cesql_tck"
ABSENT = f"no {KIT.name} below {DATA}: set VOICEASSIST_EVAL_DATA to the folder that holds conformance/"
ANY_EVENT = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
CORE = {*ANY_EVENT, "subject", "time", "datacontenttype", "dataschema"}


class Typed(yaml.SafeLoader):
    """Booleans and integers as the kit means them; times and versions stay texts, as attributes are."""


Typed.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":bool", ":int", ":null"))]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def cases():
    """The expression is what stands there (`TRUE`, `-10`), not what YAML makes of it."""
    for path in sorted(KIT.glob("*.yaml")):
        text = path.read_text()
        plain = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - it makes texts only
        typed = yaml.load(text, Typed)  # noqa: S506 - a SafeLoader
        for case, meant in zip(plain["tests"], typed["tests"], strict=True):
            yield {**meant, "expression": case["expression"], "file": path.stem}


CASES = list(cases())
PARAMETERS = [pytest.param(case, id=f"{case['file']}: {case['name']}") for case in CASES] or [
    pytest.param(None, marks=pytest.mark.skip(reason=ABSENT), id="absent")
]


def attributes(case):
    given = case.get("event") or ANY_EVENT | case.get("eventOverrides", {})
    extensions = {name: value for name, value in given.items() if name not in CORE}
    return CloudEvent(**{name: given[name] for name in CORE & given.keys()}, extensions=extensions).attributes()


def outcome(case):
    """(value, its type, faults), in the kit's words."""
    try:
        value, faults = cesql.parse(case["expression"]).evaluate(attributes(case))
    except cesql.ParseError:
        return False, bool, ["parse"]
    return value, type(value), [str(fault) for fault in faults]


def expected(case):
    """One case names an error and no value; false is what a part that cannot be read is worth."""
    value = case.get("result", False)
    return value, type(value), [case["error"]] if "error" in case else []


def passes(case):
    try:
        return cesql.parse(case["expression"]).matches(attributes(case))
    except cesql.ParseError:
        return False


@pytest.mark.parametrize("case", PARAMETERS)
def test_a_case_has_its_value_and_its_faults(case):
    assert outcome(case) == expected(case)


@pytest.mark.parametrize("case", PARAMETERS)
def test_a_case_passes_as_a_filter_only_when_true_without_a_fault(case):
    assert passes(case) is (case.get("result") is True and "error" not in case)


def test_all_275_cases_were_found_and_run():
    if not CASES:
        pytest.skip(ABSENT)
    held = [case for case in CASES if outcome(case) == expected(case)]
    assert len(held) == len(CASES) == 275
    assert sum("result" in case for case in CASES) == 274
    assert sum("error" in case for case in CASES) == 35
    assert sum("error" in case and "result" in case for case in CASES) == 34
