"""Settings: the one place that reads the environment.

`VOICEASSIST_POSTGRES__DSN=…` fills `Settings.postgres.dsn`. msgspec does the typing instead of
pydantic-settings because an event room would pay 120 ms of CPU for that import at every cold start
(docs/decisions/0002-settings-with-msgspec.md).
"""

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from voiceassist.core.errors import SettingsError

PREFIX = "VOICEASSIST_"


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen group of settings; an unknown name is a spelling mistake and refused."""


class Postgres(Section, frozen=True):
    dsn: str = ""  # role va_app: row-level security applies
    owner_dsn: str = ""  # role va_owner: migrations only
    pool_size: int = 10


class Redis(Section, frozen=True):
    url: str = ""


class Qdrant(Section, frozen=True):
    url: str = ""
    api_key: str = ""


class S3(Section, frozen=True):
    endpoint: str = ""
    access_key: str = ""
    secret_key: str = ""
    bucket: str = "voiceassist"
    region: str = "us-east-1"


class Oidc(Section, frozen=True):
    issuer: str = ""
    client_id: str = "voiceassist"
    client_secret: str = ""
    embedded: bool = False  # the host serves the issuer itself (development only)


class Voice(Section, frozen=True):
    model_dir: str = ""  # a folder of model files that replaces the packaged ones
    max_sessions: int = 8
    threads: int = 2


class Models(Section, frozen=True):
    """Embedding, judging and summing up texts (docs/reference/embeddings.md)."""

    dir: str = ""  # where the converted embedder is kept
    embedder: str = "minilm"  # or folder:<path>, or remote:<model name>
    previous: str = ""  # the embedder before, as above, until every index has changed over; minilm is always at hand
    pooling: Literal["auto", "mean", "cls"] = "auto"  # of a folder; auto: as the folder says
    max_tokens: int = 512  # where a folder's embedder cuts a text
    reranker: str = ""  # a folder
    summariser: str = ""  # a folder
    remote_url: str = ""  # OpenAI-compatible, up to and with /v1
    remote_key: str = ""
    remote_dimension: int = 3072
    remote_policy: Literal["deny", "scan"] = "deny"  # scan: texts leave in which no identifier is found


class Knowledge(Section, frozen=True):
    terminology: str = (
        ""  # a file of terms with synonyms and wider terms (jsonl, may be .gz); empty: the house packs alone
    )


class Ingestion(Section, frozen=True):
    """What becomes of uploaded documents."""

    phi: Literal["flag", "refuse"] = "flag"  # a document in which the scan finds identifiers
    # Kinds that stand in publications too, so that they are no reason to refuse one.
    phi_allowed: str = "DATE,URL,EMAIL,PHONE,FAX,ZIP,AGE90"
    ocr_languages: str = "eng"  # of Tesseract, joined by +


class Language(Section, frozen=True):
    """A language model that words answers (runtime/language.py). Without `allow` it is asked nothing."""

    url: str = ""  # of an OpenAI-compatible API, e.g. http://127.0.0.1:11434/v1; empty: answers are quoted sentences
    model: str = ""
    api_key: str = ""
    allow: Literal["nothing", "local", "remote"] = "nothing"  # where text may go
    seconds: float = 6.0  # an answer that takes longer is no conversation any more


class Telemetry(Section, frozen=True):
    otlp_endpoint: str = ""  # e.g. http://127.0.0.1:4318/v1/traces; empty: spans stay in the process
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Host(Section, frozen=True):
    port: int = 8443
    rooms_port: int = 8444
    tls_cert: str = ""
    tls_key: str = ""
    static_dir: str = ""
    isolated: bool = False
    idle_seconds: float = 60.0  # the window after which an isolated room that nobody asks is given up
    scale_down_delay_seconds: float | None = None  # replaces the delay of every room's YAML
    most_instances: int = 0  # of any one room; 0: as many as this machine has processors
    schedules: bool = False  # run the PingSources here; where Knative is, its own adapter does
    trusted_proxies: str = ""  # networks whose X-Forwarded-For is believed, e.g. 10.0.0.0/8, fd00::/8


class Broker(Section, frozen=True):
    port: int = 8445
    database: str = ""
    wiring_dir: str = ""  # the knative folder; empty: the one of this checkout
    api_url: str = ""  # the Kubernetes API that takes Triggers; empty: the local broker, where events are published
    token_file: str = "/oidc/token"  # noqa: S105 - where a SinkBinding puts the token that a cluster's Broker asks for
    operations_url: str = ""  # where events are searched and sent again; empty: not in this installation
    partitions: int = 0  # order per so many hashed partitions, as Kafka keeps it; 0: per key
    log_bytes: int = 8_589_934_592  # the event log's share of the disk; full, it refuses new events with 429


class Delivery(Section, frozen=True):
    """How Knative's dispatchers are known at a room's door (runtime/deliveries.py); empty: not at all."""

    issuer: str = ""  # of the cluster's service-account tokens
    keys: str = ""  # its JSON Web Key Set
    audience: str = "voiceassist-rooms"  # what Triggers name as their subscriber's
    subjects: str = "system:serviceaccount:voiceassist:"  # what a deliverer's subject begins with
    unsigned: bool = False  # events may come without a token: the NetworkPolicies alone keep strangers out


class Realtime(Section, frozen=True):
    port: int = 8446
    url: str = ""


class Egress(Section, frozen=True):
    """Calls out of the installation (runtime/egress.py)."""

    allowed_hosts: str = ""  # comma separated, with what lies below each; empty: any public host
    allow_private: bool = False  # development only: this machine and its network too


class Webhooks(Section, frozen=True):
    """How patiently the broker tries an integrator's sink again."""

    retry: int = 5
    backoff: str = "PT1S"  # doubled from one try to the next


class Limits(Section, frozen=True):
    """Requests per minute (SPEC N44) and the largest bodies in bytes."""

    address_per_minute: int = 60
    user_per_minute: int = 300
    login_per_minute: int = 10
    body_bytes: int = 1_048_576
    upload_bytes: int = 524_288_000
    part_bytes: int = 8_388_608  # of an upload in parts; whole MiB, and S3 wants 5 at least
    open_uploads: int = 20  # of one user, in parts
    session_idle_seconds: int = 900
    session_absolute_seconds: int = 43_200


class Settings(Section, frozen=True):
    profile: Literal["development", "production"] = "development"
    base_url: str = "https://localhost:8443"
    data_dir: str = ""
    room_url: str = "http://{room}:8080"
    broker_url: str = ""
    ca_file: str = ""
    internal_secret: str = ""
    kek: str = ""  # key-encryption key, 64 hex digits
    postgres: Postgres = Postgres()
    redis: Redis = Redis()
    qdrant: Qdrant = Qdrant()
    s3: S3 = S3()
    oidc: Oidc = Oidc()
    voice: Voice = Voice()
    models: Models = Models()
    knowledge: Knowledge = Knowledge()
    language: Language = Language()
    ingestion: Ingestion = Ingestion()
    telemetry: Telemetry = Telemetry()
    host: Host = Host()
    broker: Broker = Broker()
    delivery: Delivery = Delivery()
    realtime: Realtime = Realtime()
    egress: Egress = Egress()
    webhooks: Webhooks = Webhooks()
    limits: Limits = Limits()

    def room(self, name: str) -> str:
        """The base URL of a room."""
        return self.room_url.format(room=name)


# VOICEASSIST_DATA is the CLI's, VOICEASSIST_EVAL_DATA the tests'.
NOT_SETTINGS = frozenset({"DATA", "EVAL_DATA"})


def nested(environ: Mapping[str, str]) -> dict[str, Any]:
    """`{"VOICEASSIST_S3__BUCKET": "b"}` becomes `{"s3": {"bucket": "b"}}`."""
    tree: dict[str, Any] = {}
    for name, value in sorted(environ.items()):  # a section's own name comes before the names in it
        if not name.startswith(PREFIX) or name.removeprefix(PREFIX) in NOT_SETTINGS:
            continue
        *sections, leaf = name.removeprefix(PREFIX).lower().split("__")
        node = tree
        for section in sections:
            node = node.setdefault(section, {})
            if not isinstance(node, dict):
                raise SettingsError(f"{PREFIX}{section.upper()} is a group of settings and has no value of its own.")
        node[leaf] = value
    return tree


def parse(environ: Mapping[str, str]) -> Settings:
    """Type the environment; raises SettingsError that names the setting and never its value."""
    tree = nested(environ)
    if sink := environ.get("K_SINK"):
        tree.setdefault("broker_url", sink)
    try:
        settings = msgspec.convert(tree, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(worded(str(error))) from None
    return refuse_unsafe(settings)


def worded(fault: str) -> str:
    """Which setting a msgspec message is about; its own words may quote the value."""
    place = re.search(r"at `\$\.([a-z0-9_.]+)`$", fault)
    unknown = re.search(r"unknown field `([^`]*)`", fault)
    names = [*(place[1].split(".") if place else ()), *((unknown[1],) if unknown else ())]
    name = PREFIX + "__".join(names).upper()
    return f"There is no setting {name}." if unknown else f"The setting {name} has a value that cannot be used."


def refuse_unsafe(settings: Settings) -> Settings:
    """Production starts with no embedded default and no weak secret (SPEC G17).

    What a process does not use it is not told, so a missing engine is no fault; an engine without a secret is.
    """
    if settings.profile != "production":
        return settings
    oidc, qdrant, s3, redis, models = settings.oidc, settings.qdrant, settings.s3, settings.redis, settings.models
    faults = [
        name
        for name, bad in (
            ("OIDC__EMBEDDED", oidc.embedded),
            ("BASE_URL", not settings.base_url.startswith("https://")),
            ("INTERNAL_SECRET", weak(settings.internal_secret, 32)),
            ("DELIVERY__SUBJECTS", settings.delivery.issuer and not settings.delivery.subjects),
            ("DELIVERY__AUDIENCE", settings.delivery.issuer and not settings.delivery.audience),
            ("DELIVERY__KEYS", settings.delivery.issuer and not settings.delivery.keys),
            ("EGRESS__ALLOW_PRIVATE", settings.egress.allow_private),
            ("KEK", weak(settings.kek, 64) or not HEX.fullmatch(settings.kek)),
            ("OIDC__CLIENT_SECRET", oidc.issuer and weak(oidc.client_secret, 16)),
            ("REDIS__URL", redis.url and not urlsplit(redis.url).password),
            ("QDRANT__API_KEY", qdrant.url and weak(qdrant.api_key, 16)),
            ("MODELS__REMOTE_URL", models.remote_url and not models.remote_url.startswith("https://")),
            ("S3__SECRET_KEY", s3.endpoint and weak(s3.secret_key, 16)),
        )
        if bad
    ]
    if faults:
        raise SettingsError(
            "The production profile refuses these settings: " + ", ".join(f"{PREFIX}{name}" for name in faults)
        )
    return settings


HEX = re.compile(r"[0-9a-fA-F]{64}")
LEAST_DIFFERENT = 8  # a random secret of 16 characters practically never has fewer


def weak(secret: str, least: int) -> bool:
    """Too short, or typed by somebody who held a key down."""
    return len(secret) < least or len(set(secret)) < LEAST_DIFFERENT


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """The settings of this process, read once."""
    return parse(os.environ)


def knative_port(default: int = 8080) -> int:
    """PORT of the Knative runtime contract."""
    told = os.environ.get("PORT", str(default))
    if not (told.isascii() and told.isdigit() and int(told) < 65_536):
        raise SettingsError("PORT must be a port number.")
    return int(told)


def function_target() -> tuple[str, str]:
    """FUNCTION_TARGET and FUNCTION_SOURCE of the functions framework."""
    target = os.environ.get("FUNCTION_TARGET", "")
    source = os.environ.get("FUNCTION_SOURCE", "")
    if not target or not source:
        raise SettingsError("FUNCTION_TARGET and FUNCTION_SOURCE must name the room to serve.")
    return target, source


def inherited() -> dict[str, str]:
    """What a child process takes over from ours (PATH, HOME, locale, the operator's VOICEASSIST_* names)."""
    return dict(os.environ)
