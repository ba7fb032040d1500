"""A change is judged by what it lets somebody do, and a draft is kept only when it is fit."""

import json
from dataclasses import replace

import pytest

from functions.policies import checking, domain, schema
from voiceassist.adapters.rego.rust import RegorusEngine
from voiceassist.runtime.access import bundles

BUNDLE = bundles.packaged()
TABLE = "permissions.json"


def changed(*, give=(), take=(), **more):
    """The packaged policy with actions given to or taken from duties."""
    table = json.loads(BUNDLE.data[TABLE])
    duties = table["permissions"]["duties"]
    for duty, action in give:
        duties[duty]["actions"].append(action)
    for duty, action in take:
        duties[duty]["actions"].remove(action)
    table["permissions"].update(more)
    return replace(BUNDLE, data={TABLE: json.dumps(table)})


def found(wanted):
    before, after = RegorusEngine(BUNDLE).decide_now, RegorusEngine(wanted).decide_now
    return domain.changes_of_samples(BUNDLE, wanted, before, after)


def test_what_changes_nothing_needs_nobody():
    same = replace(BUNDLE, data={TABLE: json.dumps(json.loads(BUNDLE.data[TABLE]))})
    assert same.revision != BUNDLE.revision
    assert found(same) == []
    assert not domain.needs_second(BUNDLE, same, [])


def test_what_takes_something_away_needs_nobody():
    wanted = changed(take=[("nurse", "document.write")])
    told = found(wanted)
    assert {(one.request["subject"]["profile"], one.request["action"]) for one in told} == {("nurse", "document.write")}
    assert not any(one.weakens for one in told)
    assert not domain.needs_second(BUNDLE, wanted, told)


@pytest.mark.parametrize(
    "wanted",
    [
        changed(give=[("nurse", "break_glass.open")]),
        changed(give=[("viewer", "question.ask")]),
        changed(step_up={"seconds": 300, "actions": []}),
        changed(profiles={"researcher": "clinician"}),
        changed(of_all={"shared": ["document.read", "document.write"], "emergency": ["document.read"]}),
        changed(scopes={"document.read": ["*"], "room.use": ["*"]}),
    ],
)
@pytest.mark.req("P7.9")
def test_what_lets_somebody_do_more_needs_a_second(wanted):
    told = found(wanted)
    assert any(one.weakens for one in told)
    assert domain.needs_second(BUNDLE, wanted, told)


def test_other_rules_need_a_second_whatever_samples_say():
    rules = BUNDLE.modules | {"authz.rego": BUNDLE.modules["authz.rego"] + "\n# the same\n"}
    assert domain.needs_second(BUNDLE, replace(BUNDLE, modules=rules), [])
    tests = BUNDLE.modules | {"authz_test.rego": BUNDLE.modules["authz_test.rego"] + "\n# the same\n"}
    assert not domain.needs_second(BUNDLE, replace(BUNDLE, modules=tests), [])


def codes(bundle):
    return {fault.code for fault in checking.verdict(bundle).faults}


@pytest.mark.req("P7.9")
def test_the_packaged_policy_is_fit():
    told = checking.verdict(BUNDLE)
    assert told.faults == ()
    assert told.coverage >= 0.95
    assert told.revision == BUNDLE.revision
    assert told.milliseconds > 0


@pytest.mark.parametrize(
    ("module", "text", "code"),
    [
        ("authz.rego", "package voiceassist.authz\n{", "NOT_COMPILED"),
        ("more.rego", "package more\n\nimport rego.v1\n\nx := time.now_ns()\n", "NOT_PORTABLE"),
        ("more_test.rego", "package more_test\n\nimport rego.v1\n\ntest_no if false\n", "TEST_FAILED"),
    ],
)
def test_an_unfit_draft_is_told_why(module, text, code):
    assert code in codes(replace(BUNDLE, modules=BUNDLE.modules | {module: text}))


def test_a_policy_that_locks_out_and_one_without_tests_or_tables_are_unfit():
    assert "LOCKS_OUT" in codes(changed(take=[("admin", "policy.roll_back")]))
    assert "LOCKS_OUT" in codes(changed(take=[("service", "session.begin")]))
    assert codes(replace(BUNDLE, modules=BUNDLE.rules())) == {"NOT_COMPILED"}
    for data in ("[]", "no json", '{"permissions": 3}', "{}"):
        assert codes(replace(BUNDLE, data={TABLE: data})) & {"NOT_COMPILED", "LOCKS_OUT"}


def test_untested_rules_are_found():
    lines = "\n".join(f'extra_{n} if {{\n\tinput.never == "{n}"\n\tinput.other == 1\n}}\n' for n in range(20))
    rules = BUNDLE.modules | {"authz.rego": BUNDLE.modules["authz.rego"] + "\n" + lines}
    assert "NOT_COVERED" in codes(replace(BUNDLE, modules=rules))


@pytest.mark.parametrize("name", ["../x.rego", "x.txt", "X.rego", "x.rego/y", ".rego"])
def test_a_file_has_a_plain_name(name):
    with pytest.raises(ValueError):
        schema.Draft(files={name: "package x"})
