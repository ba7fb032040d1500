"""Settings: the one place that reads the environment.

`VOICEASSIST_POSTGRES__DSN=…` fills `Settings.postgres.dsn`. msgspec does the typing instead of
pydantic-settings because an event room would pay 120 ms of CPU for that import at every cold start
(docs/decisions/0002-settings-with-msgspec.md).
"""

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import DEFAULT_TENANT

PREFIX = "VOICEASSIST_"


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen group of settings; an unknown name is a spelling mistake and refused."""


class Postgres(Section, frozen=True):
    dsn: str = ""  # role va_app: row-level security applies
    owner_dsn: str = ""  # role va_owner: migrations only
    audit_dsn: str = ""  # role va_audit_writer, who may add to the audit and do nothing else; empty: as va_app
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


class Audit(Section, frozen=True):
    """Keys and places of the audit (docs/reference/audit.md). Of keys that were replaced, whatever they made is still
    verified."""

    key: str = ""  # chains the entries, 64 hex digits; every part that writes them has it
    previous_keys: str = ""  # those before, comma separated
    signing_key: str = ""  # Ed25519 seed of checkpoints, 64 hex digits; the room that signs has it, nobody else
    trusted_keys: str = ""  # public keys that signed before, 64 hex digits each, comma separated
    chains: int = 4  # of a tenant, so that as many may write at once
    bucket: str = "voiceassist-audit"  # made with object lock
    years: int = 6  # how long anchors and archives are locked (45 CFR 164.316(b)(2)(i))
    # A store of its own for them, in another trust domain; empty: the one of S3__*.
    endpoint: str = ""
    access_key: str = ""
    secret_key: str = ""
    # A second store that gets every anchor, too.
    copy_endpoint: str = ""
    copy_access_key: str = ""
    copy_secret_key: str = ""
    copy_bucket: str = "voiceassist-audit"


class Kms(Section, frozen=True):
    """Who keeps the key-encryption key (docs/reference/encryption.md)."""

    provider: Literal["embedded", "file", "aws", "vault"] = "embedded"
    file: str = ""  # of keys, sealed under the passphrase; embedded: kek.json in the data directory
    passphrase: str = ""
    passphrase_file: str = ""  # where the passphrase stands, instead
    key: str = ""  # aws: id, ARN or alias; vault: name of the transit key
    region: str = ""  # aws
    url: str = ""  # vault: its address; aws: an endpoint other than Amazon's
    mount: str = "transit"  # vault
    namespace: str = ""  # vault
    token_file: str = ""  # vault: what its agent writes
    cache_seconds: float = 300.0  # how long a process keeps an unwrapped data key
    cache_tenants: int = 256  # of how many tenants at most


class Provider(Section, frozen=True):
    """An OpenID provider; whomever it lets in is of `tenant` (docs/reference/sign-in.md)."""

    issuer: str = ""
    client_id: str = "voiceassist"
    client_secret: str = ""
    tenant: UUID = DEFAULT_TENANT
    label: str = ""  # what people read where there is a choice
    client_auth: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"  # at its token endpoint
    algorithms: str = "ES256,RS256"  # that it may sign with
    scope: str = "openid profile email"
    groups: str = ""  # which of its groups have which role, e.g. va-admins=admin,va-doctors=user:physician


class Oidc(Provider, frozen=True):
    embedded: bool = False  # the host serves the issuer itself (development only)
    others: dict[str, Provider] = {}  # further providers, by name: OIDC__OTHERS__MERCY__ISSUER

    def by_name(self) -> dict[str, Provider]:
        """Every provider; the first has no name."""
        return {"": self, **self.others}


class Access(Section, frozen=True):
    """Deciding who may do what (docs/reference/access.md)."""

    engine: Literal["regorus", "regopy", "opa"] = "regorus"
    opa_url: str = ""  # of the server of Open Policy Agent, for `opa`
    opa_token: str = ""
    seconds: float = 0.25  # a decision of a server that takes longer is a refusal
    bundle: str = ""  # the file of the published policy, for every process; empty: in the data directory
    public_key: str = ""  # that signs it, Ed25519, 64 hex digits; empty: of the next
    signing_key: str = ""  # its seed, 64 hex digits; for the room that publishes


class Workload(Section, frozen=True):
    """How parts of this installation know each other (docs/reference/tokens.md): JSON Web Key Sets."""

    key: str = ""  # private keys of what this process is, and of nothing else
    keys: str = ""  # public keys of every part


EngineName = Literal["local", "cascade", "openai"]


class Voice(Section, frozen=True):
    """Who answers in voice sessions (docs/reference/realtime.md, engines)."""

    engine: EngineName = "local"
    engines: str = ""  # of tenants that have another one, <tenant id>=<engine>, comma separated
    model_dir: str = ""  # a folder of model files that replaces the packaged ones
    accurate_dir: str = ""  # a folder with a larger Whisper for CTranslate2, which reads again what is not clear
    max_sessions: int = 8
    threads: int = 2


class Bridge(Section, frozen=True):
    """The service outside that speaks OpenAI Realtime; only for tenants whose egress policy has `baa`."""

    url: str = "wss://api.openai.com/v1/realtime"
    model: str = "gpt-realtime"
    api_key: str = ""
    voice: str = "marin"
    seconds: float = 6.0  # without a sign of it, it is lost
    ears: Literal["ours", "theirs"] = "ours"  # who reads turns, where the tenant's policy lets everything out
    transcriber: str = "gpt-4o-mini-transcribe"


class Memory(Section, frozen=True):
    """Conversations that are kept (docs/reference/rooms/conversations.md)."""

    keep_days: Annotated[int, msgspec.Meta(ge=0, le=2_192)] = 30  # after the last turn; 0: none is kept (N70)


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
    remote_policy: Literal["deny", "scan"] = "deny"  # scan: texts leave as the policy of egress lets them


class Phi(Section, frozen=True):
    """Finding identifiers (docs/reference/rooms/phi.md)."""

    lists: str = ""  # the file of names, places and words; empty: where `make install` builds it
    tagger: str = ""  # the folder of a token classifier, one more layer; needs requirements/models.txt
    tagger_required: bool = False  # refuse to start without it
    packs_off: str = ""  # of names, places, dates, contact, numbers, likeness: kinds that do not count, comma separated
    minimum: str = ""  # the least score of a kind that counts, e.g. NAME=0.6,DATE=0.8
    rules_version: str = "default"  # what answers call the two above


class Knowledge(Section, frozen=True):
    terminology: str = (
        ""  # a file of terms with synonyms and wider terms (jsonl, may be .gz); empty: the house packs alone
    )


class Ingestion(Section, frozen=True):
    """What becomes of uploaded documents."""

    # A document in which the scan finds identifiers; what would be for everybody is held under `flag`, too.
    phi: Literal["flag", "quarantine", "refuse"] = "flag"
    # Kinds that stand in publications too, so that they are no reason to hold or refuse one.
    phi_allowed: str = "DATE,URL,EMAIL,PHONE,FAX,GEO,AGE90"
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
    heartbeat_seconds: float = 15.0  # between pings; who answers none for twice as long is gone


class Egress(Section, frozen=True):
    """Calls out of the installation, and what may go with them (runtime/egress)."""

    allowed_hosts: str = ""  # comma separated, with what lies below each; empty: any public host
    allow_private: bool = False  # development only: this machine and its network too
    policy_file: str = ""  # JSON: what may go where (docs/reference/egress.md); empty: the safe defaults
    policy: str = ""  # exceptions to it, e.g. cloud_llm.*=pseudonymise, literature.DATE=allow
    scan_seconds: float = 2.0  # a text that takes longer is not sent
    scan_threads: int = 2
    scan_waiting: int = 64  # texts that wait to be looked at; one more is refused


class Canary(Section, frozen=True):
    """The hourly look for a patient who does not exist (docs/reference/rooms/canary.md)."""

    url: str = ""  # of the gateway, as the room reaches it; empty: base_url
    key: str = ""  # an API key of the installation; without one nothing is told, and every sink is unknown
    logs_url: str = ""  # of Loki; empty: the files of the data directory
    logs_query: str = '{namespace="voiceassist"}'
    traces_url: str = ""  # of Jaeger's query service


class Nextcloud(Section, frozen=True):
    """The directory that accounts follow (docs/reference/rooms/users.md)."""

    url: str = ""  # of the default tenant's Nextcloud, with its path where it has one; empty: nobody is followed
    username: str = ""  # an administrator's there
    password: str = ""  # an app password of that account
    token: str = ""  # a bearer token instead of the two
    issuer: str = ""  # who signs these people in, as OIDC__ISSUER; their `sub` is their name in the directory
    groups: str = ""  # what a group gives, e.g. doctors=user:physician, nurses=user:nurse, it=admin
    default_role: str = ""  # of who is in none of them, e.g. viewer; empty: they have no account
    most_locked_percent: int = 20  # of the accounts that follow it; an answer that locks out more is not followed
    page: int = 200  # people a request
    file: str = ""  # JSON: the directories of several tenants, instead of the above


class Webhooks(Section, frozen=True):
    """How patiently the broker tries an integrator's sink again."""

    retry: int = 5
    backoff: str = "PT1S"  # doubled from one try to the next


class Limits(Section, frozen=True):
    """Requests per minute (SPEC N44) and the largest bodies in bytes."""

    address_per_minute: int = 60
    user_per_minute: int = 300
    login_per_minute: int = 10
    token_per_minute: int = 20
    body_bytes: int = 1_048_576
    upload_bytes: int = 524_288_000
    lines_bytes: int = 4_194_304  # of a text for the room phi that comes as NDJSON or is stored for an event
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
    workload: Workload = Workload()
    kek: str = ""  # 64 hex digits: the local broker's log, and what releases before data keys have sealed
    kms: Kms = Kms()
    postgres: Postgres = Postgres()
    redis: Redis = Redis()
    qdrant: Qdrant = Qdrant()
    s3: S3 = S3()
    audit: Audit = Audit()
    oidc: Oidc = Oidc()
    access: Access = Access()
    voice: Voice = Voice()
    bridge: Bridge = Bridge()
    memory: Memory = Memory()
    models: Models = Models()
    phi: Phi = Phi()
    knowledge: Knowledge = Knowledge()
    language: Language = Language()
    ingestion: Ingestion = Ingestion()
    telemetry: Telemetry = Telemetry()
    host: Host = Host()
    broker: Broker = Broker()
    delivery: Delivery = Delivery()
    realtime: Realtime = Realtime()
    egress: Egress = Egress()
    canary: Canary = Canary()
    nextcloud: Nextcloud = Nextcloud()
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
    check_policy(settings.egress)
    check_workload(settings.workload)
    check_providers(settings.oidc)
    return refuse_unsafe(settings)


def check_policy(egress: Egress) -> None:
    """A process does not start with a policy of egress that it cannot follow."""
    if egress.policy or egress.policy_file:
        from voiceassist.runtime.egress import policy

        policy.load(Path(egress.policy_file) if egress.policy_file else None, egress.policy)


def check_workload(workload: Workload) -> None:
    if workload.key or workload.keys:
        from voiceassist.runtime import workload_keys

        workload_keys.check(workload.key, workload.keys)


def check_providers(oidc: Oidc) -> None:
    """Each issuer once: people are known by issuer and subject, so that one issuer cannot serve two tenants."""
    for name, provider in oidc.others.items():
        place = f"{PREFIX}OIDC__OTHERS__{name.upper()}"
        if not PROVIDER_NAME.fullmatch(name):
            raise SettingsError(f"{place} is no name for a provider: small letters, digits and _.")
        if not provider.issuer or not provider.client_secret:
            raise SettingsError(f"{place} needs an ISSUER and a CLIENT_SECRET.")
    for name, provider in oidc.by_name().items():
        place = f"{PREFIX}OIDC__OTHERS__{name.upper()}__" if name else f"{PREFIX}OIDC__"
        if set(provider.algorithms.split(",")) - SIGNATURES:
            raise SettingsError(f"{place}ALGORITHMS may name ES256 and RS256.")
        if "openid" not in provider.scope.split():
            raise SettingsError(f"{place}SCOPE lacks openid.")
        if not all(map(GROUP.fullmatch, filter(None, provider.groups.split(",")))):
            raise SettingsError(f"{place}GROUPS is no list of group=role.")
    issuers = [provider.issuer.rstrip("/") for provider in oidc.by_name().values()]
    if len(set(issuers)) != len(issuers):
        raise SettingsError(f"{PREFIX}OIDC__OTHERS names an issuer twice.")


def provider_faults(oidc: Oidc) -> tuple[tuple[str, bool], ...]:
    """What production refuses of the providers."""
    found = [("OIDC__EMBEDDED", oidc.embedded)]
    for name, provider in oidc.by_name().items():
        place = f"OIDC__OTHERS__{name.upper()}__" if name else "OIDC__"
        found += [
            (f"{place}ISSUER", bool(provider.issuer) and not private_enough(provider.issuer)),
            (f"{place}CLIENT_SECRET", bool(provider.issuer) and weak(provider.client_secret, 16)),
        ]
    return tuple(found)


def private_enough(address: str) -> bool:
    """https, or this very machine (RFC 6761, section 6.3), as in compose.yaml."""
    parts = urlsplit(address)
    return parts.scheme == "https" or f".{parts.hostname}".endswith(".localhost")


def worded(fault: str) -> str:
    """Which setting a msgspec message is about; its own words may quote the value."""
    place = re.search(r"at `\$\.([a-z0-9_.]+)(?:\[[^`]*)?`$", fault)
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
    qdrant, s3, redis, models = settings.qdrant, settings.s3, settings.redis, settings.models
    audit = settings.audit.key
    faults = [
        name
        for name, bad in (
            *provider_faults(settings.oidc),
            ("BASE_URL", not settings.base_url.startswith("https://")),
            ("WORKLOAD__KEYS", not settings.workload.keys),
            ("DELIVERY__SUBJECTS", settings.delivery.issuer and not settings.delivery.subjects),
            ("DELIVERY__AUDIENCE", settings.delivery.issuer and not settings.delivery.audience),
            ("DELIVERY__KEYS", settings.delivery.issuer and not settings.delivery.keys),
            ("EGRESS__ALLOW_PRIVATE", settings.egress.allow_private),
            (
                "AUDIT__KEY",
                settings.postgres.dsn and (weak(audit, 64) or not HEX.fullmatch(audit) or audit == settings.kek),
            ),
            ("KEK", settings.kek and (weak(settings.kek, 64) or not HEX.fullmatch(settings.kek))),
            *keeping_faults(settings.kms),
            ("REDIS__URL", redis.url and not urlsplit(redis.url).password),
            ("NEXTCLOUD__URL", settings.nextcloud.url and not settings.nextcloud.url.startswith("https://")),
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


def keeping_faults(kms: Kms) -> tuple[tuple[str, bool], ...]:
    """What production refuses of who keeps the key-encryption key."""
    file, vault, remote = kms.provider == "file", kms.provider == "vault", kms.provider in {"aws", "vault"}
    return (
        ("KMS__PROVIDER", kms.provider == "embedded"),
        ("KMS__FILE", file and not kms.file),
        ("KMS__PASSPHRASE", file and not kms.passphrase_file and weak(kms.passphrase, 20)),
        ("KMS__KEY", remote and not kms.key),
        ("KMS__URL", (vault or bool(kms.url)) and remote and not kms.url.startswith("https://")),
        ("KMS__TOKEN_FILE", vault and not kms.token_file),
    )


PROVIDER_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,31}")
SIGNATURES = frozenset({"ES256", "RS256"})
GROUP = re.compile(r"[^=:,]{1,128}=(?:admin|user|viewer)(?::[a-z]{1,32})?")
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
