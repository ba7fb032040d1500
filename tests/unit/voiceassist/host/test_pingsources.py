"""A PingSource of the wiring as a schedule: the event Knative would send, and what cannot be used."""

import copy
from datetime import UTC, datetime
from uuid import UUID

import pytest

from events.catalog import Ping
from voiceassist.core.errors import SettingsError
from voiceassist.runtime.host import pingsources

BROKER = "http://127.0.0.1:8445/voiceassist/default"
NOON = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
NIGHTLY = {
    "apiVersion": "sources.knative.dev/v1",
    "kind": "PingSource",
    "metadata": {"name": "nightly"},
    "spec": {
        "schedule": "17 2 * * *",
        "timezone": "Etc/UTC",
        "contentType": "application/json",
        "data": "{}",
        "ceOverrides": {"extensions": {"schedule": "nightly"}},
        "sink": {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default"}},
    },
}


def changed(**spec):
    made = copy.deepcopy(NIGHTLY)
    made["spec"] |= spec
    made["spec"] = {key: value for key, value in made["spec"].items() if value is not None}
    return made


def read(**spec):
    return pingsources.read(changed(**spec), BROKER)


def test_the_event_is_the_one_knative_sends():
    schedule = read()
    event, again = schedule.event(NOON), schedule.event(NOON)
    assert (event.type, event.source) == (Ping.TYPE, "/apis/v1/namespaces/voiceassist/pingsources/nightly")
    assert (event.datacontenttype, event.data) == ("application/json", b"{}")
    assert event.extensions == {"schedule": "nightly"}
    assert event.subject is None
    assert UUID(event.id).version == 4
    assert event.id != again.id
    assert schedule.sink == BROKER


def test_another_broker_of_the_installation_is_reached_at_its_own_path():
    sink = {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "dead-letters"}}
    assert read(sink=sink).sink == "http://127.0.0.1:8445/voiceassist/dead-letters"


def test_data_may_be_bytes_or_nothing():
    assert read(data=None, dataBase64="AAH/").event(NOON).data == b"\x00\x01\xff"
    nothing = read(data=None).event(NOON)
    assert (nothing.data, nothing.datacontenttype) == (None, None)


def test_a_schedule_that_says_nothing_ticks_every_minute_in_utc():
    schedule = read(schedule=None, timezone=None)
    assert schedule.after(NOON) == datetime(2026, 11, 24, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "due"),
    [
        ("17 2 * * *", "Etc/UTC", datetime(2026, 11, 25, 2, 17, tzinfo=UTC)),
        ("17 2 * * *", "Europe/Berlin", datetime(2026, 11, 25, 1, 17, tzinfo=UTC)),
        ("*/15 * * * *", "Etc/UTC", datetime(2026, 11, 24, 12, 15, tzinfo=UTC)),
        ("0 9-17/4 * * mon-fri", "Etc/UTC", datetime(2026, 11, 24, 13, 0, tzinfo=UTC)),
        ("0 0 1 jan *", "Etc/UTC", datetime(2027, 1, 1, tzinfo=UTC)),
        ("0 0 29 2 *", "Etc/UTC", datetime(2028, 2, 29, tzinfo=UTC)),
        ("0 0 1 * 1", "Etc/UTC", datetime(2026, 11, 30, tzinfo=UTC)),  # either day, as in every cron
        ("0 0 * * 0", "Etc/UTC", datetime(2026, 11, 29, tzinfo=UTC)),
        ("5,35 12 * * *", "Etc/UTC", datetime(2026, 11, 24, 12, 5, tzinfo=UTC)),
    ],
)
def test_when_the_next_tick_is(cron, zone, due):
    assert read(schedule=cron, timezone=zone).after(NOON) == due


@pytest.mark.parametrize(
    "spec",
    [
        *({"schedule": cron} for cron in (
            "@hourly", "@every 1h", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "0 0 31 2 *", "0 0 32 * *",
            "0 0 L * *", "0 0 LW * *", "0 0 * * 1#2", "0 0 * * 7", "0 0 ? * *", "0 0 */2 * 1", "0 0 1 * */2",
            "*/0 * * * *", "5-1 * * * *", "0 0 1 FOO *", "CRON_TZ=UTC 0 0 * * *", "0 0 1,,2 * *",
        )),
        {"timezone": "Mars/Olympus"}, {"timezone": "../../etc/passwd"}, {"timezone": "/etc/localtime"},
        {"dataBase64": "e30="}, {"data": None, "dataBase64": "not base64!"},
        {"ceOverrides": {"extensions": {"Bad Name": "x"}}}, {"ceOverrides": {"extensions": {"id": "x"}}},
        {"sink": {"uri": "http://elsewhere.test"}}, {"sink": {}}, {"sink": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_a_cluster_would_refuse_or_read_otherwise_is_refused(spec):
    with pytest.raises(SettingsError) as caught:
        read(**spec)
    assert caught.value.detail.startswith("The PingSource nightly cannot be used: ")


def test_one_that_cannot_be_used_does_not_stop_the_others(capsys):
    bad = changed(schedule="never")
    bad["metadata"]["name"] = "bad"
    found = pingsources.readable([bad, NIGHTLY], BROKER)
    assert [schedule.name for schedule in found] == ["nightly"]
    output = capsys.readouterr()
    assert "schedule.refused" in output.out + output.err
