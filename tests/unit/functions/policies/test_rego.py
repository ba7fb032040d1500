"""The policy of a fresh installation: its tests hold and reach every line, two engines agree, it is portable."""

import json
import random
import re
from dataclasses import replace

import pytest

from voiceassist.adapters.rego import lint, rust
from voiceassist.adapters.rego.cpp import RegoCppEngine
from voiceassist.ports.policy import PolicyError
from voiceassist.runtime.access import bundles

BUNDLE = bundles.packaged()
PERMISSIONS = json.loads(BUNDLE.data["permissions.json"])["permissions"]
ACTIONS = sorted({action for duty in PERMISSIONS["duties"].values() for action in duty["actions"]})


def test_its_own_tests_hold():
    assert rust.failed_tests(BUNDLE) == []
    assert len(re.findall(r"(?m)^test_", BUNDLE.modules["authz_test.rego"])) > 10


def test_a_test_that_does_not_hold_is_told():
    broken = BUNDLE.modules | {"more_test.rego": "package more_test\n\nimport rego.v1\n\ntest_no if false\n"}
    assert rust.failed_tests(replace(BUNDLE, modules=broken)) == ["data.more_test.test_no"]
    with pytest.raises(PolicyError):
        rust.failed_tests(replace(BUNDLE, modules=BUNDLE.rules()))


@pytest.mark.req("P7.3")
def test_the_tests_reach_every_line():
    missed, share = rust.uncovered(BUNDLE)
    assert share >= 0.95, missed


def test_a_line_nobody_reaches_is_told():
    extra = BUNDLE.modules["authz.rego"] + '\npermitted if {\n\tinput.action == "never"\n\tinput.subject.id == "x"\n}\n'
    missed, share = rust.uncovered(replace(BUNDLE, modules=BUNDLE.modules | {"authz.rego": extra}))
    assert missed["authz.rego"]
    assert share < 1


def test_it_uses_what_every_engine_has():
    assert lint.faults(BUNDLE) == []


@pytest.mark.parametrize(
    "name",
    [
        "time.now_ns",
        "http.send",
        "io.jwt.decode",
        "crypto.sha256",
        "net.cidr_contains",
        "rand.intn",
        "opa.runtime",
        "strings.render_template",
        "json.match_schema",
        "time.parse_rfc3339_ns",
        "input.made_up",
    ],
)
def test_what_an_engine_lacks_or_reads_the_world_is_found(name):
    module = f"package planted\n\nimport rego.v1\n\nheld if {name}(input)\n"
    (fault,) = lint.faults(replace(BUNDLE, modules=BUNDLE.modules | {"planted.rego": module}))
    assert (fault.file, fault.line, fault.name) == ("planted.rego", 5, name)


def test_own_functions_are_no_faults():
    module = "package own\n\nimport rego.v1\n\nimport data.other as that\n\nf(x) if x == 1\ng if f(1)\nh if that.k(1)\n"
    assert lint.faults(replace(BUNDLE, modules={"own.rego": module})) == []
    with pytest.raises(PolicyError):
        lint.faults(replace(BUNDLE, modules={"own.rego": "package own\n{"}))


def requests(count, seed):
    """Right, wrong and misshapen ones. `None` and absent fields count: a refusal must not hang on good manners."""
    chance = random.Random(seed)
    pick = chance.choice

    def some(request):
        subject = {
            "id": pick(["u1", "u2", ""]),
            "tenant": pick(["t1", "t1", "t1", "t2", ""]),
            "role": pick(["admin", "viewer", "user", "user", "user", "service", "owner", ""]),
            "profile": pick(["physician", "clinician", "nurse", "researcher", "auditor", "observer", ""]),
            "key": pick([False, False, False, True]),
            "scopes": chance.sample(["calc:run", "kb:read", "voice:talk", "events:operate", "documents:write"], 2),
            "mfa_age": pick([0, 299, 300, 301, 5000, -1, None]),
        }
        request = {
            "action": pick([*ACTIONS, "moon.land", ""]),
            "subject": subject,
            "resource": {
                "tenant": pick(["t1", "t1", "t1", "t2"]),
                "owner": pick(["", "", "u1", "u2"]),
                "shared": pick([True, False]),
            },
            "purpose": pick(["", "", "TREAT", "HRESCH", "HOPERAT", "ETREAT", "FUN"]),
            "break_glass": pick([{}, {}, {"subject": "u1", "owner": "u2", "until": pick([999, 1000, 2000])}]),
            "now": 1000,
        }
        if chance.random() < 0.15:  # something is missing or of another kind
            place = pick([request, subject, request["resource"]])
            name = pick(sorted(place))
            if chance.random() < 0.5:
                del place[name]
            else:
                place[name] = pick([None, 7, "x", [], {}, True])
        return request

    return [some({}) for _ in range(count)]


@pytest.mark.req("P7.3")
@pytest.mark.req("N46")
@pytest.mark.parametrize("seed", range(4))
def test_two_engines_agree_on_ten_thousand_requests(seed):
    first, second = rust.RegorusEngine(BUNDLE), RegoCppEngine(BUNDLE)
    asked = requests(2_500, seed)
    decisions = [first.decide_now(one) for one in asked]
    assert [one for one, said in zip(asked, decisions, strict=True) if second.decide_now(one) != said] == []
    allowed = sum(one.allow for one in decisions)
    assert 80 < allowed < 2_400, "the requests are no test of anything"
    assert len({one.reasons for one in decisions}) > 20


def test_the_rego_files_are_of_the_products_package():
    assert BUNDLE.revision == replace(BUNDLE, modules=dict(reversed(BUNDLE.modules.items()))).revision
    assert BUNDLE.revision != replace(BUNDLE, data={}).revision
    for text in BUNDLE.modules.values():
        assert "import rego.v1" in text


def test_the_table_of_permissions_is_whole():
    """No scope, step-up or exception for an action that nobody may."""
    named = [*PERMISSIONS["scopes"], *PERMISSIONS["step_up"]["actions"], *PERMISSIONS["of_all"]["shared"]]
    named += [action for duty in PERMISSIONS["duties"].values() for action in duty["of_all"]]
    assert set(named) - set(ACTIONS) == set()
    assert set(PERMISSIONS["duties"]["integrator"]["actions"]) == set(PERMISSIONS["scopes"])
    assert set(PERMISSIONS["profiles"].values()) <= set(PERMISSIONS["duties"])
