"""What the gate decided, for the audit: numbers and names of ours, nothing of the text."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voiceassist.core.errors import FieldError, ForbiddenError
from voiceassist.runtime import logging, metrics
from voiceassist.runtime.egress.policy import Action, Sink

log = logging.get_logger(__name__)

LENGTHS = (64, 512, 4_096, 32_768)


class PhiBlockedError(ForbiddenError):
    """The text stays here; nothing of it is told.

    `reason`: KEEP_LOCAL, where it may be worked on inside, BLOCKED, where it may go nowhere, or NOT_ALLOWED, where
    nothing at all goes to that sink.
    """

    code = "PHI_BLOCKED"

    def __init__(self, reason: str, sink: Sink) -> None:
        super().__init__("The text holds identifiers and does not leave this installation.")
        self.reason = reason
        self.sink = sink


class NothingLeavesError(PhiBlockedError):
    """Whatever it holds: the settings or the user keep everything from this sink."""

    def __init__(self, sink: Sink) -> None:
        super().__init__("NOT_ALLOWED", sink)
        self.detail = "Texts do not leave this installation: the policy for remote models denies it."


class PhiViolationError(PhiBlockedError):
    """A question to the world that names somebody. `suggestion` is how to ask it, for whoever asked; never logged."""

    code = "PHI_VIOLATION"

    def __init__(self, sink: Sink, suggestion: str) -> None:
        super().__init__("BLOCKED", sink)
        self.detail = "The question holds identifiers. Ask it without them."
        self.errors = (FieldError("", "PHI_VIOLATION"),)
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Decision:
    """`labels`: how many findings of each kind; `action`: the strictest that was taken, or `refuse` when nobody looked.

    `length` is the class of the length, `reason` why nothing passed, empty when something did.
    """

    sink: Sink
    action: Action | str
    labels: dict[str, int]
    policy: str
    digest: str
    rules: str
    length: str
    seconds: float
    document_id: str = ""
    reason: str = ""
    layers: tuple[str, ...] = ()  # of the engine that found something
    least: float = 0.0  # the score of the finding with the least evidence


Record = Callable[[Decision], None]


def counted(labels: Sequence[str]) -> dict[str, int]:
    return dict(sorted(Counter(labels).items()))


def length_class(characters: int) -> str:
    """`to-512`: how long a text was, too roughly to tell it from others."""
    return next((f"to-{limit}" for limit in LENGTHS if characters <= limit), f"over-{LENGTHS[-1]}")


def record(decision: Decision) -> None:
    """Into the log and the metrics. Every decision, also that there was nothing to find."""
    for label, count in decision.labels.items():
        metrics.PHI_DETECTED.labels(label, decision.sink).inc(count)
    if decision.reason:
        metrics.PHI_BLOCKED.labels(decision.sink, decision.reason).inc()
    counts = " ".join(f"{label}:{count}" for label, count in decision.labels.items())
    log.info(
        "phi.decision",
        sink=decision.sink,
        action=decision.action,
        labels=counts,
        policy=decision.policy,
        digest=decision.digest,
        rules=decision.rules,
        length_class=decision.length,
        duration_ms=round(decision.seconds * 1000, 1),
        document_id=decision.document_id or None,
        reason=decision.reason,
    )
