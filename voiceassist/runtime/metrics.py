"""Metrics by Prometheus: every name is declared here once, undeclared ones do not exist."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

HTTP_REQUESTS = Counter("voiceassist_http_requests_total", "Requests answered", ["function", "route", "code"])
HTTP_DURATION = Histogram(
    "voiceassist_http_request_duration_seconds", "Time to answer a request", ["function", "route"], buckets=SECONDS
)
RATE_LIMITED = Counter("voiceassist_rate_limited_total", "Requests refused by a limit", ["kind"])
AUTH_FAILURES = Counter("voiceassist_auth_failures_total", "Refused sign-ins and tokens", ["reason"])
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
PHI_SCAN = Histogram("voiceassist_phi_scan_seconds", "Time to look through a text", buckets=SECONDS)
KB_SEARCH = Histogram("voiceassist_kb_search_duration_seconds", "Search time", ["backend"], buckets=SECONDS)
INDEXING_JOBS = Counter("voiceassist_indexing_jobs_total", "Indexing jobs ended", ["state"])
INDEXING_DURATION = Histogram(
    "voiceassist_indexing_duration_seconds", "Time to index a document", buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 120, 600)
)
VOICE_SESSIONS = Gauge("voiceassist_voice_active_sessions", "Open voice sessions")
VOICE_TO_VOICE = Histogram(
    "voiceassist_voice_to_voice_seconds", "End of speech to first audible sample", buckets=SECONDS
)
VOICE_STT = Histogram("voiceassist_voice_stt_seconds", "Transcription after end of speech", buckets=SECONDS)
VOICE_EOU = Histogram("voiceassist_voice_eou_seconds", "Silence before the turn was taken as ended", buckets=SECONDS)
VOICE_TTS = Histogram("voiceassist_voice_tts_first_audio_seconds", "Text to first audio", buckets=SECONDS)
CLARIFICATIONS = Counter("voiceassist_clarifications_total", "Clarifying questions", ["outcome"])
INSTANCES = Gauge("voiceassist_function_instances", "Processes of a room that take requests", ["function"])
HELD_REQUESTS = Gauge("voiceassist_function_held_requests", "Requests that wait for a place in a room", ["function"])
CRASHES = Counter("voiceassist_function_crashes_total", "Processes of a room that ended by themselves", ["function"])
COLD_START = Histogram("voiceassist_function_cold_start_seconds", "Spawn to ready of a room", ["function"])


def exposition() -> tuple[bytes, str]:
    """All metrics of this process and their content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
