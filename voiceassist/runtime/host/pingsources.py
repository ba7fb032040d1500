"""PingSources of the wiring as schedules: when a tick is due, and the event it is.

The event is the one Knative sends: type, source, a random id, the object's data and extensions. Read strictly, so that
a schedule means the same here and in a cluster, where another parser reads it. One difference stays: in a timezone with
summer time, an hour that is skipped in spring is made up right after it here (Debian's cron) and left out by Knative;
schedules that matter are in UTC.
"""

import base64
import binascii
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from events.catalog import Ping
from events.envelope import CloudEvent
from voiceassist.core import clock
from voiceassist.core.errors import SettingsError, ValidationError
from voiceassist.runtime import logging

log = logging.get_logger(__name__)

EVERY_MINUTE = "* * * * *"  # Knative's default

# What Knative's parser and ours both read, and read alike: minute, hour, day of month, month, day of week.
_FIELDS = tuple(
    re.compile(rf"{field}(,{field})*")
    for field in (
        *[r"(\*|\d+(-\d+)?)(/\d+)?"] * 3,
        r"(\*|(\d+|[A-Z]{3})(-(\d+|[A-Z]{3}))?)(/\d+)?",
        r"(\*|([0-6]|[A-Z]{3})(-([0-6]|[A-Z]{3}))?)(/\d+)?",
    )
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One PingSource, ready to run; `sink` is the address of its Broker."""

    name: str
    cron: str
    zone: ZoneInfo
    source: str
    sink: str
    content_type: str | None = None
    data: bytes | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)

    def after(self, moment: datetime) -> datetime:
        """The first tick later than `moment`."""
        from cronsim import CronSim

        return next(CronSim(self.cron, moment.astimezone(self.zone)))

    def event(self, now: datetime) -> CloudEvent:
        return CloudEvent(
            id=str(uuid.uuid4()),
            source=self.source,
            type=Ping.TYPE,
            time=clock.timestamp(now),
            datacontenttype=self.content_type if self.data is not None else None,
            data=self.data,
            extensions=dict(self.extensions),
        )


def read(ping_source: Mapping[str, Any], broker_url: str) -> Schedule:
    """A PingSource of the wiring; SettingsError names it and what cannot be used. `broker_url` is the one of ours."""
    name = str(ping_source["metadata"]["name"])
    spec = ping_source["spec"]
    namespace = urlsplit(broker_url).path.strip("/").partition("/")[0]
    reference = spec.get("sink", {}).get("ref", {})
    if reference.get("kind") != "Broker" or not reference.get("name"):
        raise _refused(name, "its sink is no Broker")
    data = _data(name, spec)
    schedule = Schedule(
        name=name,
        cron=_cron(name, str(spec.get("schedule") or EVERY_MINUTE)),
        zone=_zone(name, str(spec.get("timezone") or "Etc/UTC")),
        source=f"/apis/v1/namespaces/{namespace}/pingsources/{name}",
        sink=broker_url.removesuffix(urlsplit(broker_url).path) + f"/{namespace}/{reference['name']}",
        content_type=spec.get("contentType"),
        data=data,
        extensions={str(key): str(value) for key, value in _extensions(spec).items()},
    )
    try:
        schedule.event(clock.now())
    except ValidationError:
        raise _refused(name, "its extensions or contentType make no CloudEvent") from None
    return schedule


def readable(ping_sources: Iterable[Mapping[str, Any]], broker_url: str) -> tuple[Schedule, ...]:
    """Those that can be used; a cluster, too, refuses the others and runs these."""
    schedules = []
    for ping_source in ping_sources:
        try:
            schedules.append(read(ping_source, broker_url))
        except SettingsError:
            log.error("schedule.refused", setting=ping_source["metadata"]["name"])
    return tuple(schedules)


def _refused(name: str, why: str) -> SettingsError:
    return SettingsError(f"The PingSource {name} cannot be used: {why}.")


def _cron(name: str, text: str) -> str:
    """Five fields, and only what means the same to Knative's parser and to ours."""
    from cronsim import CronSim, CronSimError

    fields = text.upper().split()
    if len(fields) != len(_FIELDS) or not all(map(re.Pattern.fullmatch, _FIELDS, fields)):
        raise _refused(name, "its schedule is not five fields of cron")
    month_day, week_day = fields[2], fields[4]
    if "*" not in {month_day, week_day} and "*" in month_day + week_day:
        raise _refused(name, "a step of days beside a day of the week means two things")
    try:
        next(CronSim(text, clock.now()))
    except (CronSimError, StopIteration):
        raise _refused(name, "its schedule has no time that comes") from None
    return text


def _zone(name: str, key: str) -> ZoneInfo:
    try:
        return ZoneInfo(key)
    except (ValueError, OSError, KeyError):
        raise _refused(name, "its timezone is not known here") from None


def _data(name: str, spec: Mapping[str, Any]) -> bytes | None:
    if spec.get("data") and spec.get("dataBase64"):
        raise _refused(name, "it has data twice")
    if spec.get("dataBase64"):
        try:
            return base64.b64decode(spec["dataBase64"], validate=True)
        except binascii.Error:
            raise _refused(name, "its dataBase64 is not Base64") from None
    return str(spec["data"]).encode() if spec.get("data") else None


def _extensions(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    return (spec.get("ceOverrides") or {}).get("extensions") or {}
