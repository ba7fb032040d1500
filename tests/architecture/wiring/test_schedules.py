"""Schedules obey their rules, and each rule finds a planted difference."""

import pytest

from . import rules, schedules
from .rules import planted

FILE = "knative/rooms/notifications.yaml"


@pytest.fixture(scope="module")
def places(files):
    """Where the PingSource and its Trigger are in their file."""
    kinds = [(item["kind"], item["metadata"]["name"]) for item in files[FILE]]
    name = "notifications-nightly"
    return {kind: f"{FILE}/{kinds.index((kind, name))}/spec" for kind in ("PingSource", "Trigger")}


def test_the_schedules_obey(files):
    assert list(schedules.faults(files)) == []
    assert list(schedules.runner_faults(rules.load_compose(), files)) == []


@pytest.mark.parametrize(
    ("kind", "path", "value", "sentence"),
    [
        ("PingSource", "schedule", "61 2 * * *", "no time that comes"),
        ("PingSource", "schedule", "0 0 30 2 *", "no time that comes"),
        ("PingSource", "schedule", "@daily", "five fields"),
        ("PingSource", "schedule", "0 17 2 * * *", "five fields"),
        ("PingSource", "schedule", "0 0 L * *", "five fields"),
        ("PingSource", "schedule", "0 0 * * 7", "five fields"),
        ("PingSource", "schedule", "0 0 */2 * MON", "two things"),
        ("PingSource", "timezone", "Mars/Olympus", "timezone is not known"),
        ("PingSource", "timezone", ..., "no timezone"),
        ("PingSource", "data", '{"note": "a sentence"}', "would refuse"),
        ("PingSource", "data", ..., "would refuse"),
        ("PingSource", "dataBase64", "e30=", "data twice"),
        ("PingSource", "ceOverrides/extensions/schedule", "weekly", "heard by nobody"),
        ("PingSource", "ceOverrides", ..., "which schedule it is"),
        ("PingSource", "ceOverrides/extensions", {"Not A Name": "x"}, "no CloudEvent"),
        ("PingSource", "sink/ref/name", "nowhere", "Broker that is not there"),
        ("PingSource", "sink", {"uri": "https://example.org"}, "sink is no Broker"),
        ("Trigger", "broker", "dead-letters", "heard by nobody"),
        ("Trigger", "filter/attributes/schedule", ..., "hears every schedule"),
        ("Trigger", "filter/attributes/schedule", "weekly", "heard by nobody"),
    ],
)
def test_a_planted_fault_of_a_schedule_is_found(files, places, kind, path, value, sentence):
    changed = planted(files, f"{places[kind]}/{path}", value)
    assert any(sentence in fault for fault in schedules.faults(changed))


def test_a_listener_without_a_schedule_hears_nothing(files, places):
    changed = planted(files, f"{places['PingSource']}/ceOverrides/extensions/schedule", "weekly")
    assert any("notifications-nightly hears nothing" in fault for fault in rules.event_faults(changed))


def test_a_second_clock_is_found(files):
    compose = rules.load_compose()
    both = planted(compose, "services/realtime/environment/VOICEASSIST_HOST__SCHEDULES", "true")
    nobody = planted(compose, "services/gateway/environment/VOICEASSIST_HOST__SCHEDULES", ...)
    assert list(schedules.runner_faults(both, files))
    assert list(schedules.runner_faults(nobody, files))
    variables = files["knative/gateway/deployment.yaml"][0]["spec"]["template"]["spec"]["containers"][0]["env"]
    place = "knative/gateway/deployment.yaml/0/spec/template/spec/containers/0/env"
    beside = planted(files, place, [*variables, {"name": schedules.SETTING, "value": "true"}])
    assert any("beside Knative" in fault for fault in schedules.runner_faults(compose, beside))
