"""Metrics by Prometheus: every name is declared here once, undeclared ones do not exist.

So it is with the values of labels: what a label may say is declared by its name, and anything else counts as `other`. A
label's value is stored for years and read by many, and could be a patient's name that came as part of an address.
"""

import re
from functools import lru_cache
from typing import Any

import prometheus_client
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics import MetricWrapperBase

OTHER = "other"
# Where others choose the value from a closed set, the set; else the shape that names of our code and wiring have.
LABELS = {
    "function": r"[a-z][a-z_-]{1,40}",
    "route": r"/|(?:/[a-z][a-z_0-9-]{0,40}(?:\.json)?|/\{[a-z_]{1,40}(?::path)?\})+|[a-z][a-z_]{1,40}",
    "code": r"[0-9]{1,3}|[A-Z][A-Z_]{1,60}|none",
    "kind": r"[a-z][a-z_]{1,40}",
    "reason": r"[a-z][a-z_]{1,60}",
    "type": r"org\.voiceassist\.[a-z_]{1,40}\.[a-z_]{1,40}\.v[0-9]|dev\.knative\.sources\.ping",
    "trigger": r"(?:[a-z][a-z-]{1,60}/)?(?:[a-z][a-z-]{1,60}|subscription-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})",
    "outcome": r"[a-z][a-z_]{1,40}",
    "name": r"[a-z][a-z0-9_]{1,40}",
    "status": "supported|partial|abstained",
    "label": """NAME|ZIP|GEO|FACILITY|DATE|AGE90|PHONE|FAX|EMAIL|SSN|MRN|HEALTH_PLAN|ACCOUNT|LICENSE|VEHICLE|DEVICE|
        URL|IP|BIOMETRIC|PHOTO|OTHER_ID""",
    "sink": r"[a-z][a-z_]{1,40}",
    "backend": r"[a-z][a-z_]{1,40}",
    "state": "pending|running|completed|failed|dead|cancelled|superseded|quarantined",
}
_SHAPES = {label: re.compile("".join(shape.split())) for label, shape in LABELS.items()}


@lru_cache(maxsize=4096)
def declared(label: str, value: str) -> str:
    return value if _SHAPES[label].fullmatch(value) else OTHER


class _Declared(MetricWrapperBase):
    """A metric whose labels say nothing that is not declared; one with a label that LABELS lacks cannot be made."""

    def __init__(self, name: str, documentation: str, labelnames: Any = (), **options: Any) -> None:
        if undeclared := set(labelnames) - LABELS.keys():
            raise TypeError(undeclared)
        super().__init__(name, documentation, labelnames, **options)

    def labels(self, *values: Any, **_named: Any) -> Any:
        return super().labels(*map(declared, self._labelnames, values))


class Counter(_Declared, prometheus_client.Counter):
    pass


class Gauge(_Declared, prometheus_client.Gauge):
    pass


class Histogram(_Declared, prometheus_client.Histogram):
    pass


SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

HTTP_REQUESTS = Counter("voiceassist_http_requests_total", "Requests answered", ["function", "route", "code"])
HTTP_DURATION = Histogram(
    "voiceassist_http_request_duration_seconds", "Time to answer a request", ["function", "route"], buckets=SECONDS
)
REFRESH_REUSED = Counter("voiceassist_refresh_reused_total", "Refresh tokens shown a second time; alert on any")
RATE_LIMITED = Counter("voiceassist_rate_limited_total", "Requests refused by a limit", ["kind"])
AUTH_FAILURES = Counter("voiceassist_auth_failures_total", "Refused sign-ins and tokens", ["reason"])
ACCESS = Counter("voiceassist_access_decisions_total", "Decisions of the policy: allowed, or why not", ["outcome"])
EVENTS_ACCEPTED = Counter("voiceassist_events_accepted_total", "Events stored by the broker", ["type"])
EVENTS_REJECTED = Counter("voiceassist_events_rejected_total", "Events refused at the ingress", ["code"])
EVENTS_DELIVERED = Counter("voiceassist_events_delivered_total", "Deliveries answered", ["trigger", "code"])
EVENTS_DEAD = Counter("voiceassist_events_dead_total", "Events given up", ["trigger"])
EVENT_DELIVERY = Histogram("voiceassist_event_delivery_seconds", "Time of one delivery", ["trigger"], buckets=SECONDS)
EVENTS_WAITING = Gauge("voiceassist_events_waiting", "Deliveries that have not ended", ["trigger"])
EVENTS_REPLAYED = Counter("voiceassist_events_replayed_total", "Deliveries made again on demand")
EVENTS_DISCARDED = Counter("voiceassist_events_discarded_total", "Dead letters given up on demand")
EVENT_ATTEMPTS = Histogram(
    "voiceassist_event_attempts",
    "Attempts of deliveries that took more than one",
    ["trigger"],
    buckets=(2, 3, 5, 8, 13),
)
EVENT_WIRING_FAULTS = Gauge("voiceassist_event_wiring_faults", "Wiring files that are not in force")
WEBHOOKS = Counter("voiceassist_webhooks_total", "Deliveries to sinks of integrators", ["outcome"])
CALCULATOR_RUNS = Counter("voiceassist_calculator_runs_total", "Calculators computed", ["name", "outcome"])
ANSWERS = Counter("voiceassist_answers_total", "Answers given", ["status"])
GENERATED = Counter("voiceassist_generated_sentences_total", "Sentences of a language model, checked", ["outcome"])
PHI_DETECTED = Counter("voiceassist_phi_detected_total", "Identifiers found in texts", ["label", "sink"])
PHI_BLOCKED = Counter("voiceassist_phi_blocked_total", "Texts that were kept from a sink", ["sink", "reason"])
PHI_SCAN_FAILURES = Counter("voiceassist_phi_scan_failures_total", "Texts that nobody could look through", ["reason"])
PHI_UNKNOWN_TOKENS = Counter("voiceassist_phi_unknown_tokens_total", "Pseudonyms of a model that stand for nothing")
PHI_SCAN = Histogram("voiceassist_phi_scan_seconds", "Time to look through a text", buckets=SECONDS)
DIRECTORY_RUNS = Counter("voiceassist_directory_runs_total", "Looks at a directory of people", ["outcome"])
DIRECTORY_CHANGES = Counter("voiceassist_directory_changes_total", "Accounts that followed a directory", ["outcome"])
LEAK_CANARY = Counter("voiceassist_leak_canary_total", "Looks for a patient who does not exist", ["sink", "outcome"])
KB_SEARCH = Histogram("voiceassist_kb_search_duration_seconds", "Search time", ["backend"], buckets=SECONDS)
INDEXING_JOBS = Counter("voiceassist_indexing_jobs_total", "Indexing jobs ended", ["state"])
INDEXING_DURATION = Histogram(
    "voiceassist_indexing_duration_seconds", "Time to index a document", buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 120, 600)
)
VOICE_SESSIONS = Gauge("voiceassist_voice_active_sessions", "Open voice sessions")
SOCKETS_ENDED = Counter("voiceassist_sockets_ended_total", "Voice sessions ended from outside", ["reason"])
VOICE_TO_VOICE = Histogram(
    "voiceassist_voice_to_voice_seconds", "End of speech to first audible sample", buckets=SECONDS
)
VOICE_STT = Histogram("voiceassist_voice_stt_seconds", "Transcription after end of speech", buckets=SECONDS)
VOICE_EOU = Histogram("voiceassist_voice_eou_seconds", "Silence before the turn was taken as ended", buckets=SECONDS)
VOICE_TTS = Histogram("voiceassist_voice_tts_first_audio_seconds", "Text to first audio", buckets=SECONDS)
VOICE_RESUMED = Counter("voiceassist_voice_resumed_total", "Sessions that clients came back to", ["outcome"])
VOICE_TOOLS = Counter("voiceassist_voice_tools_total", "Tools that models had called", ["name", "outcome"])
ENGINE_FALLBACKS = Counter("voiceassist_engine_fallbacks_total", "Turns that the local engine took over", ["reason"])
CONVERSATION_WRITES = Counter("voiceassist_conversation_writes_total", "Turns handed to the store", ["outcome"])
CLARIFICATIONS = Counter("voiceassist_clarifications_total", "Clarifying questions", ["outcome"])
INSTANCES = Gauge("voiceassist_function_instances", "Processes of a room that take requests", ["function"])
HELD_REQUESTS = Gauge("voiceassist_function_held_requests", "Requests that wait for a place in a room", ["function"])
AUDIT_ENTRIES = Counter("voiceassist_audit_entries_total", "Acts put on record", ["outcome"])
AUDIT_FAILURES = Counter("voiceassist_audit_write_failures_total", "Acts that could not be put on record")
AUDIT_VERIFIED = Gauge(
    "voiceassist_audit_verify_ok", "1 when the last verification found every record right, 0 when not"
)
CRASHES = Counter("voiceassist_function_crashes_total", "Processes of a room that ended by themselves", ["function"])
COLD_START = Histogram("voiceassist_function_cold_start_seconds", "Spawn to ready of a room", ["function"])


def exposition() -> tuple[bytes, str]:
    """All metrics of this process and their content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
