"""What must hold of schedules: each PingSource can be read here as in a cluster, and somebody hears its ticks."""

from collections.abc import Iterator, Mapping
from typing import Any

from events import catalog
from events.broker import filters
from voiceassist.core.errors import SettingsError
from voiceassist.runtime.host import pingsources

from .rules import Files, Object, of_kind

BROKER = "http://broker.test/voiceassist/default"
SETTING = "VOICEASSIST_HOST__SCHEDULES"


def faults(files: Files) -> Iterator[str]:
    brokers = {item["metadata"]["name"] for item in of_kind(files, "Broker", "eventing.knative.dev/")}
    triggers = list(of_kind(files, "Trigger"))
    for item in of_kind(files, "PingSource"):
        yield from (f"PingSource {item['metadata']['name']} {fault}" for fault in _one(item, brokers, triggers))
    for trigger in triggers:
        if filters.of_trigger(trigger["spec"])({"type": catalog.Ping.TYPE, "schedule": "none-of-ours"}):
            yield f"Trigger {trigger['metadata']['name']} hears every schedule"


def _one(item: Object, brokers: set[str], triggers: list[dict[str, Any]]) -> Iterator[str]:
    try:
        schedule = pingsources.read(item, BROKER)
    except SettingsError as error:
        yield f"cannot be used: {error.detail}"
        return
    if "timezone" not in item["spec"]:
        yield "has no timezone: it would go by the clock of whatever machine runs it"
    if "schedule" not in schedule.extensions:
        yield "does not say which schedule it is"
    try:
        catalog.check(catalog.Ping.TYPE, schedule.data)
    except catalog.PayloadError:
        yield "has data that its listeners would refuse"
    sink = item["spec"]["sink"]["ref"]["name"]
    if sink not in brokers:
        yield "ticks at a Broker that is not there"
    tick = {"type": catalog.Ping.TYPE, **schedule.extensions}
    if not any(one["spec"]["broker"] == sink and filters.of_trigger(one["spec"])(tick) for one in triggers):
        yield "is heard by nobody"


def runner_faults(compose: Mapping[str, Any], files: Files) -> Iterator[str]:
    """One clock: in Compose the gateway's, in a cluster Knative's own."""
    running = {name for name, box in compose["services"].items() if box.get("environment", {}).get(SETTING) == "true"}
    if running != {"gateway"}:
        yield f"compose runs the schedules in {sorted(running)} and not in the gateway alone"
    for item in of_kind(files, "Deployment"):
        for box in item["spec"]["template"]["spec"]["containers"]:
            if any(variable["name"] == SETTING for variable in box.get("env", ())):
                yield f"{item['metadata']['name']} runs schedules beside Knative"
