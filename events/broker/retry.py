"""What an answer means and when to try again (Knative data plane; where brokers differ, as the Kafka broker does)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from voiceassist.core.errors import SettingsError

# "No endpoint yet", timeout, in progress and overload pass; every other 4xx stays wrong however often it is sent.
_RETRIED = frozenset({404, 408, 409, 429})
_DURATION = re.compile(
    r"P(?=.)(?:(?P<days>\d+)D)?(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?\Z"
)
_POLICIES = frozenset({"linear", "exponential"})
# A delay beyond a day is a mistake in the wiring, and 2**1000 seconds an overflow.
LONGEST_DELAY = 86_400.0


class Verdict(Enum):
    DONE = "done"
    RETRY = "retry"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How often, how long and how patiently; seconds. The defaults are Knative's `config-br-defaults`."""

    retry: int = 10
    exponential: bool = True
    delay: float = 0.2
    timeout: float = 600.0
    retry_after_max: float = 0.0

    def wait(self, attempt: int, retry_after: float | None = None) -> float:
        """Seconds after the failed attempt number `attempt` (from 1): d, 2d, 3d or 2d, 4d, 8d."""
        delay = self.delay * (2.0 ** min(attempt, 64) if self.exponential else attempt)
        if retry_after is not None:
            delay = max(delay, min(retry_after, self.retry_after_max))
        return min(delay, LONGEST_DELAY)

    @property
    def longest(self) -> float:
        """Seconds of the longest pause there can be."""
        return self.wait(max(self.retry, 1), self.retry_after_max)


def judge(status: int | None, *, has_body: bool = False) -> Verdict:
    """`status` is None when there was no answer. A 2xx with a body that is no event is a failed delivery."""
    if status is None or status >= 500 or status in _RETRIED:
        return Verdict.RETRY
    if 200 <= status < 300:
        return Verdict.DEAD if has_body else Verdict.DONE
    return Verdict.DEAD


def of_spec(spec: Mapping[str, Any] | None) -> Delivery:
    """Read a `delivery` object of a Trigger or Broker."""
    if not spec:
        return Delivery()
    default = Delivery()
    retry = spec.get("retry", default.retry)
    policy = spec.get("backoffPolicy", "exponential")
    if not isinstance(retry, int) or isinstance(retry, bool) or not 0 <= retry < 2**31:
        raise SettingsError("delivery.retry must be a number of attempts.")
    if not isinstance(policy, str) or policy not in _POLICIES:
        raise SettingsError("delivery.backoffPolicy must be linear or exponential.")
    return Delivery(
        retry=retry,
        exponential=policy == "exponential",
        delay=_seconds(spec, "backoffDelay", default.delay),
        timeout=_seconds(spec, "timeout", default.timeout),
        retry_after_max=_seconds(spec, "retryAfterMax", default.retry_after_max),
    )


def _seconds(spec: Mapping[str, Any], name: str, default: float) -> float:
    if name not in spec:
        return default
    value = duration(str(spec[name]))
    if value is None or (name == "timeout" and value == 0):
        raise SettingsError(f"delivery.{name} must be an ISO 8601 duration such as PT1S.")
    return min(value, LONGEST_DELAY)


def duration(text: str) -> float | None:
    """Seconds of an ISO 8601 duration of days and less; None for anything else."""
    match = _DURATION.match(text)
    if not match:
        return None
    part = {name: float(value) for name, value in match.groupdict(default="0").items()}
    return part["days"] * 86_400 + part["hours"] * 3_600 + part["minutes"] * 60 + part["seconds"]


def retry_after(value: str | None, *, now: float) -> float | None:
    """Seconds asked for by a Retry-After header: a number or an HTTP date; `now` in Unix seconds."""
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None
