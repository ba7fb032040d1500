"""What a directory's answer means, and when it is not followed."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from functions.users import domain
from functions.users.domain import Directory, Entry, Known, Standing
from functions.users.schema import Outcome
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime import metrics

DIRECTORY = Directory(
    DEFAULT_TENANT,
    "https://cloud.test",
    "https://issuer.test",
    {
        "doctors": Standing("user", "physician"),
        "nurses": Standing("user", "nurse"),
        "it": Standing("admin"),
        "audit": Standing("viewer", "auditor"),
    },
)


def entry(uid="ada", *groups, **about):
    return Entry(uid, **({"name": "Ada", "email": "a@b.example", "groups": groups, "enabled": True} | about))


def known(*entries, directory=DIRECTORY):
    people = [domain.described(one, directory) for one in entries]
    return {one.sub: Known(domain.digest(one, directory.issuer), one.state) for one in people}


@pytest.mark.parametrize(
    ("groups", "role", "profile"),
    [
        (("doctors",), "user", "physician"),
        (("nurses", "audit"), "user", "nurse"),
        (("audit", "it", "doctors"), "admin", ""),
        (("nurses", "doctors"), "user", "nurse"),  # of one strength the first of the directory's list
        (("cooks", "audit"), "viewer", "auditor"),
    ],
)
def test_the_strongest_group_gives_the_role(groups, role, profile):
    person = domain.described(entry("ada", *groups), DIRECTORY)
    assert (person.role, person.profile, person.state) == (role, profile, "active")


def test_who_is_in_no_group_of_ours_has_no_account_unless_the_settings_say_so():
    assert domain.described(entry("ada", "cooks"), DIRECTORY).state == "disabled"
    assert domain.described(entry(), replace(DIRECTORY, default=Standing("viewer"))).state == "active"
    assert domain.described(entry("ada", "doctors", enabled=False), DIRECTORY).state == "disabled"


def test_only_what_changed_is_told_and_everybody_when_asked():
    ada, bob = entry("ada", "doctors"), entry("bob", "nurses")
    before = known(ada, bob)
    assert domain.plan([ada, bob], before, DIRECTORY).people == ()
    assert [one.sub for one, _ in domain.plan([ada, bob], before, DIRECTORY, full=True).people] == ["ada", "bob"]
    for changed in ({"name": "Bo"}, {"email": "x@y.example"}, {"groups": ("it",)}, {"enabled": False}):
        found = domain.plan([ada, replace(bob, **changed)], before, DIRECTORY)
        assert [one.sub for one, _ in found.people] == ["bob"], changed
    # Neither the order of groups nor one that gives nothing is a change; another issuer is.
    assert domain.plan([ada, replace(bob, groups=("cooks", "nurses"))], before, DIRECTORY).people == ()
    assert len(domain.plan([ada, bob], before, replace(DIRECTORY, issuer="https://other.test")).people) == 2


def test_whom_the_directory_tells_nothing_of_is_left_as_they_are():
    ada = entry("ada", "doctors")
    found = domain.plan([Entry("ada")], known(ada), DIRECTORY)
    assert (found.people, found.absent, found.locked, found.untold) == ((), (), 0, 1)


def test_the_absent_are_those_who_were_known_and_are_not_gone_yet():
    before = known(entry("ada", "doctors"), entry("bob", "doctors")) | {"eve": Known(b"", "gone")}
    found = domain.plan([entry("bob", "doctors")], before, DIRECTORY)
    assert (found.absent, found.locked, found.active) == (("ada",), 1, 2)
    ((person, hashed),) = domain.with_absent(found, found.absent, DIRECTORY.issuer)
    assert (person.sub, person.state, len(hashed)) == ("ada", "gone", 32)


@pytest.mark.parametrize(
    ("active", "locked", "percent", "code"),
    [
        (100, 0, 20, ""),
        (100, 20, 20, ""),
        (100, 21, 20, "TOO_MANY_LOCKED"),
        (100, 2, 0, ""),  # a few are always let go
        (100, 3, 0, "TOO_MANY_LOCKED"),
        (5, 2, 20, ""),
        (5, 3, 20, "TOO_MANY_LOCKED"),
        (2, 1, 0, ""),
        (2, 2, 20, "TOO_MANY_LOCKED"),  # that would be everybody
        (1, 1, 20, "TOO_MANY_LOCKED"),
        (1, 1, 100, ""),
        (0, 0, 20, ""),
    ],
)
def test_an_answer_that_locks_out_too_many_is_held(active, locked, percent, code):
    found = domain.Plan((), (), active, locked, 0)
    assert domain.held(active, found, percent, force=False) == ("" if active == 0 else code)
    assert domain.held(1, found, percent, force=True) == ""


def test_an_empty_answer_is_held_by_force_too_once_somebody_was_known():
    nobody, somebody = domain.Plan((), (), 0, 0, 0), domain.Plan((), ("ada",), 1, 1, 0)
    assert domain.held(0, nobody, 20, force=False) == ""
    assert domain.held(0, somebody, 100, force=True) == "EMPTY_ANSWER"


def test_a_dry_run_names_each_change():
    ada = entry("ada", "doctors")
    before = known(ada)["ada"]
    off = replace(before, state="disabled")
    assert domain.change(domain.described(ada, DIRECTORY), None) == "create"
    assert domain.change(domain.described(ada, DIRECTORY), before) == "update"
    assert domain.change(domain.described(ada, DIRECTORY), off) == "enable"
    assert domain.change(domain.described(entry("ada", enabled=False), DIRECTORY), before) == "disable"
    assert domain.change(domain.buried("ada"), before) == "deprovision"


def test_the_alerts_name_metrics_and_outcomes_that_there_are():
    page = Path(__file__).resolve().parents[4] / "docs/alerts/identity.yaml"
    rules = [rule for group in yaml.safe_load(page.read_text())["groups"] for rule in group["rules"]]
    about = [rule for rule in rules if "voiceassist_directory" in rule["expr"]]
    assert [rule["alert"] for rule in about] == ["DirectoryHeld", "DirectoryNotFollowed"]
    declared = {f"{one._name}_total" for one in vars(metrics).values() if isinstance(one, metrics.Counter)}
    outcomes = {*Outcome.__args__, "misconfigured", "dry_run"}
    for rule in about:
        assert set(re.findall(r"voiceassist_\w+", rule["expr"])) <= declared
        named = set(re.findall(r'outcome=~?"([\w|]+)"', rule["expr"]))
        assert {one for several in named for one in several.split("|")} <= outcomes
        assert rule["labels"]["severity"] == "page"
