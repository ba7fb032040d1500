"""What a subscription is as a Trigger, and what a sink's answer means for the broker."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any
from uuid import UUID

from events.catalog import SubscriptionTested

Filter = Mapping[str, Any]

PREFIX = "subscription-"
SPEC_NOTE = "voiceassist.org/spec"  # digest of the spec we applied: tells whether a Trigger is what it should be
MOST_FILTERS = 16
MOST_FILTER_BYTES = 8192
DEEPEST = 8
LONGEST_PAUSE = 86_400


@dataclass(frozen=True, slots=True)
class Subscription:
    """`sees_tenant`: its owner is an administrator, who is told of everybody's things."""

    id: UUID
    tenant_id: UUID
    owner_id: UUID
    sink: str
    filters: Sequence[Filter]
    active: bool
    owner_active: bool
    sees_tenant: bool

    @property
    def wanted(self) -> bool:
        return self.active and self.owner_active

    def may_have(self, extensions: Mapping[str, object]) -> bool:
        """Whether an event is its owner's to see; the Trigger filters alike, this is the wall behind it."""
        own = self.sees_tenant or extensions.get("ownerid") == str(self.owner_id)
        return own and extensions.get("tenantid") == str(self.tenant_id)


@dataclass(frozen=True, slots=True)
class Patience:
    """How the broker tries again; `retry_after_max` empty where the broker does not know that field.

    `audience` is what a cluster's dispatcher asks a token for, empty where it asks for none.
    """

    retry: int
    backoff: str
    retry_after_max: str
    audience: str = ""


def fault_of(filters: list[Any]) -> str:
    """Why filters are refused before any broker sees them: TOO_MANY, TOO_LARGE, TOO_DEEP, SHAPE; empty if they are not.

    What they mean (names of attributes, the grammar of CESQL) is for the keeper of Triggers to judge.
    """
    if len(filters) > MOST_FILTERS:
        return "TOO_MANY"
    try:
        size = len(json.dumps(filters, ensure_ascii=False).encode())
    except UnicodeEncodeError:  # half a surrogate pair, which no store takes
        return "SHAPE"
    return "TOO_LARGE" if size > MOST_FILTER_BYTES else _first_fault(filters, depth=1)


def _first_fault(expressions: list[Any], *, depth: int) -> str:
    return next(filter(None, (_fault(one, depth=depth) for one in expressions)), "")


def _fault(expression: object, *, depth: int) -> str:
    if depth > DEEPEST:
        return "TOO_DEEP"
    if not isinstance(expression, dict) or len(expression) != 1:
        return "SHAPE"
    match next(iter(expression.items())):
        case "not", inner:
            return _fault(inner, depth=depth + 1)
        case "all" | "any", [_, *_] as several:
            return _first_fault(several, depth=depth + 1)
        case "exact" | "prefix" | "suffix", dict() as pairs if pairs:
            fits = all(map(_is_text, [*pairs, *pairs.values()]))
        case dialect, operand:
            fits = dialect == "cesql" and _is_text(operand)
    return "" if fits else "SHAPE"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != "" and "\x00" not in value


def name_of(subscription_id: UUID) -> str:
    return f"{PREFIX}{subscription_id}"


def trigger_of(subscription: Subscription, patience: Patience) -> dict[str, Any]:
    """The Knative object: what the integrator asked for, within what its owner may see, by way of this room."""
    own = [{"exact": {"tenantid": str(subscription.tenant_id)}}]
    if not subscription.sees_tenant:
        own.append({"exact": {"ownerid": str(subscription.owner_id)}})
    delivery: dict[str, Any] = {
        "retry": patience.retry,
        "backoffPolicy": "exponential",
        "backoffDelay": patience.backoff,
        "timeout": "PT15S",
        "deadLetterSink": {"ref": _ref("eventing.knative.dev/v1", "Broker", "dead-letters")},
    }
    if patience.retry_after_max:
        delivery["retryAfterMax"] = patience.retry_after_max
    subscriber: dict[str, Any] = {
        "ref": _ref("serving.knative.dev/v1", "Service", "subscriptions"),
        "uri": f"/deliver/{subscription.id}",
    }
    if patience.audience:
        subscriber["audience"] = patience.audience
    spec = {
        "broker": "default",
        "filters": [*own, *_asked(subscription)],
        "subscriber": subscriber,
        "delivery": delivery,
    }
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": {
            "name": name_of(subscription.id),
            "labels": {"app.kubernetes.io/part-of": "voiceassist", "app.kubernetes.io/managed-by": "subscriptions"},
            "annotations": {SPEC_NOTE: digest_of(spec)},
        },
        "spec": spec,
    }


def _asked(subscription: Subscription) -> list[Filter]:
    """The integrator's own filters; the event of a test passes beside them."""
    if not subscription.filters:
        return []
    test = {"exact": {"type": SubscriptionTested.TYPE, "subject": str(subscription.id)}}
    return [{"any": [{"all": list(subscription.filters)}, test]}]


def _ref(api_version: str, kind: str, name: str) -> dict[str, str]:
    return {"apiVersion": api_version, "kind": kind, "name": name}


def digest_of(spec: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:32]


class Verdict(Enum):
    """What becomes of an event after a sink has answered."""

    DELIVERED = "delivered"
    GONE = "gone"  # the sink wants no more: the subscription ends
    REFUSED = "refused"  # wrong however often it is sent
    BUSY = "busy"  # later, at the sink's own pace
    FAILED = "failed"  # later


def verdict_of(status: int) -> Verdict:
    """The table of the Knative data plane, read for the sink behind us; redirects are never followed."""
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status == 410:
        return Verdict.GONE
    if status in {429, 503}:
        return Verdict.BUSY
    if status >= 500 or status in {404, 408, 409}:
        return Verdict.FAILED
    return Verdict.REFUSED


def pause_of(retry_after: str | None, *, now: datetime) -> int | None:
    """Whole seconds that a Retry-After header asks for (RFC 9110, section 10.2.3), a day at most; None without one."""
    if not retry_after:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return min(int(retry_after[:9]), LONGEST_PAUSE)
    try:
        seconds = (parsedate_to_datetime(retry_after) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0, round(seconds)), LONGEST_PAUSE)
