"""The composition root: settings in, ready adapters out, each made once per process."""

import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from voiceassist.adapters.minilm import MiniLm
from voiceassist.adapters.objects import ObjectStore
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.redis import connect
from voiceassist.adapters.vectors.qdrant import Qdrant
from voiceassist.core.errors import SettingsError, UnavailableError
from voiceassist.core.identity import service
from voiceassist.ports.embedding import Embedder, ModelError
from voiceassist.ports.triggers import Triggers
from voiceassist.ports.vectors import IndexModelError
from voiceassist.runtime import encryption, tokens
from voiceassist.runtime.settings import Settings, load_settings
from voiceassist.runtime.vault import Vault
from voiceassist.runtime.workloads import BROKER

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from voiceassist.adapters.encryption.keyring import Keyring
    from voiceassist.adapters.locked_objects import LockedObjects
    from voiceassist.ports.auditing import Auditor
    from voiceassist.ports.caching import Cache
    from voiceassist.ports.kms import Kms
    from voiceassist.ports.reranking import Reranker
    from voiceassist.ports.summarising import Summariser
    from voiceassist.runtime.egress import Detector, Gate
    from voiceassist.runtime.egress.outside import Outside
    from voiceassist.runtime.egress.web import Egress
    from voiceassist.runtime.language import Gated

MINILM = "minilm"
SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
AUDIT_POOL = 4
LOCAL_NAMESPACE = "voiceassist"  # base files of the wiring carry none; this is what our broker calls it


@lru_cache(maxsize=1)
def database() -> Database:
    settings = load_settings()
    return Database(settings.postgres.dsn, pool_size=settings.postgres.pool_size)


@lru_cache(maxsize=16)
def auditor(part: str) -> "Auditor":
    """What a room or service writes the audit with; by itself it connects as who may do nothing else."""
    from voiceassist.runtime.audit_keys import AuditKeys
    from voiceassist.runtime.auditing import Writer

    settings = load_settings()
    return Writer(_audit_database(), AuditKeys(settings.audit), part=part, chains=settings.audit.chains)


def _audit_aside() -> "Auditor":
    """One more for the gate's threads, with a connection of its own."""
    from voiceassist.runtime.audit_keys import AuditKeys
    from voiceassist.runtime.auditing import Writer

    settings = load_settings()
    database = Database(settings.postgres.audit_dsn or settings.postgres.dsn, pool_size=1)
    return Writer(database, AuditKeys(settings.audit), part="gate", chains=settings.audit.chains)


@lru_cache(maxsize=1)
def _audit_database() -> Database:
    postgres = load_settings().postgres
    return Database(postgres.audit_dsn, pool_size=AUDIT_POOL) if postgres.audit_dsn else database()


@lru_cache(maxsize=1)
def anchors() -> "tuple[LockedObjects, ...]":
    """Of this process."""
    return anchors_of(load_settings())


def anchors_of(settings: Settings) -> "tuple[LockedObjects, ...]":
    """Where the audit is anchored and archived: the store that counts, then the copy if there is one."""
    from voiceassist.adapters.locked_objects import LockedObjects

    s3, audit = settings.s3, settings.audit
    own = (audit.endpoint, audit.access_key, audit.secret_key) if audit.endpoint else None
    places = [(*(own or (s3.endpoint, s3.access_key, s3.secret_key)), audit.bucket)]
    if audit.copy_endpoint:
        places.append((audit.copy_endpoint, audit.copy_access_key, audit.copy_secret_key, audit.copy_bucket))
    return tuple(LockedObjects(ObjectStore(*place, s3.region, settings.ca_file)) for place in places)


def redis() -> "Redis":
    return connect(load_settings().redis.url)


@lru_cache(maxsize=8)
def cache(space: str) -> "Cache | None":
    """A cache that all processes share, for one purpose; None where no store is configured."""
    from voiceassist.adapters.caching import ValkeyCache

    return ValkeyCache(redis(), space) if load_settings().redis.url else None


@lru_cache(maxsize=1)
def objects() -> ObjectStore:
    settings = load_settings()
    s3 = settings.s3
    return ObjectStore(s3.endpoint, s3.access_key, s3.secret_key, s3.bucket, s3.region, settings.ca_file)


@lru_cache(maxsize=1)
def kms() -> "Kms":
    """Who keeps the key-encryption key."""
    return encryption.kms_of(load_settings())


@lru_cache(maxsize=1)
def keyring() -> "Keyring":
    """The data keys of tenants, for everything that is sealed at rest."""
    return encryption.keyring_of(load_settings(), database(), kms)


@lru_cache(maxsize=1)
def vault() -> Vault:
    return Vault(objects())


@lru_cache(maxsize=1)
def knowledge() -> Qdrant:
    settings = load_settings()
    return Qdrant(settings.qdrant.url, settings.qdrant.api_key, ca_file=settings.ca_file)


@lru_cache(maxsize=4)
def triggers(room: str) -> Triggers:
    """Where a room keeps Triggers: in a cluster as the pod's service account, locally as the room at our broker."""
    from voiceassist.adapters.kubernetes import KubernetesTriggers

    settings = load_settings()
    if api := settings.broker.api_url:
        account = Path(SERVICE_ACCOUNT)
        try:
            namespace = (account / "namespace").read_text().strip()
        except OSError:
            raise UnavailableError("This pod has no service account.", code="TRIGGERS_UNAVAILABLE") from None
        return KubernetesTriggers(
            api,
            namespace,
            bearer=lambda: (account / "token").read_text().strip(),  # the kubelet renews the file
            ca_file=str(account / "ca.crt"),
        )
    broker = urlsplit(settings.broker_url)
    return KubernetesTriggers(
        f"{broker.scheme}://{broker.netloc}",
        LOCAL_NAMESPACE,
        bearer=lambda: tokens.mint(service(room), issuer=room, audience=BROKER, workload=settings.workload),
        ca_file=settings.ca_file,
    )


@lru_cache(maxsize=1)
def egress() -> "Egress":
    from voiceassist.runtime.egress.web import Egress

    return Egress(load_settings())


@lru_cache(maxsize=64)
def named(url: str) -> "Egress":
    """Connections to the one server of an address that the operator named; it may stand inside."""
    from voiceassist.runtime.egress.named import Named

    return Named(load_settings(), url)


@lru_cache(maxsize=1)
def gate() -> "Gate":
    """The gate of this process; conversations have their stand-ins in the session store, where there is one."""
    from voiceassist.runtime.egress import Gate, Scanner, policy
    from voiceassist.runtime.egress.recording import Audit
    from voiceassist.runtime.pseudonyms.vault import SealedVault

    settings = load_settings()
    bounds = settings.egress
    audited = settings.postgres.audit_dsn or settings.postgres.dsn
    return Gate(
        policy.load(Path(bounds.policy_file) if bounds.policy_file else None, bounds.policy),
        Scanner(_detector, seconds=bounds.scan_seconds, threads=bounds.scan_threads, waiting=bounds.scan_waiting),
        models=settings.models.remote_policy == "scan",
        vault=SealedVault(redis(), keyring()) if settings.redis.url else None,
        audit=Audit(auditor("gate"), apart=_audit_aside) if settings.audit.key and audited else None,
    )


def _detector() -> "Detector":
    from voiceassist.runtime.egress.detector import EngineDetector

    return EngineDetector()


@lru_cache(maxsize=1)
def outside() -> "Outside":
    """Where integrators and literature are told and asked."""
    from voiceassist.runtime.egress.outside import Outside

    return Outside(gate(), egress())


@lru_cache(maxsize=1)
def language_model() -> "Gated | None":
    """The configured model behind its gate; None where there is none or policy allows none."""
    from voiceassist.runtime import language

    settings = load_settings()
    if not language.is_configured(settings):
        return None
    opened = language.opened(settings, egress())
    return language.Gated(opened, allow=settings.language.allow, gate=gate())


@lru_cache(maxsize=1)
def embedder() -> Embedder:
    return built(load_settings().models.embedder)


def embedder_of(model_id: str) -> Embedder:
    """The embedder of the vectors in an index, which may be new and have none; IndexModelError: we do not have it."""
    current = embedder()
    if model_id in {"", current.model_id}:
        return current
    for name in filter(None, (load_settings().models.previous, MINILM)):
        with suppress(ModelError):
            if built(name).model_id == model_id:
                return built(name)
    raise IndexModelError


@lru_cache(maxsize=4)
def built(name: str) -> Embedder:
    return embedder_named(name, load_settings())


def embedder_named(name: str, settings: Settings) -> Embedder:
    """The embedder of a setting: minilm, folder:<path> or remote:<model name>."""
    models = settings.models
    kind, _, rest = name.partition(":")
    if name == MINILM:
        return MiniLm(models_dir(settings))
    if kind == "folder" and rest:
        from voiceassist.adapters.transformers_embedder import TransformersEmbedder

        pooling = None if models.pooling == "auto" else models.pooling
        return TransformersEmbedder(Path(rest), pooling=pooling, max_tokens=models.max_tokens)
    if kind == "remote" and rest and models.remote_url:
        from voiceassist.adapters.openai_embedder import OpenAiEmbedder
        from voiceassist.runtime.egress.transport import blocking_transport

        return OpenAiEmbedder(
            rest,
            models.remote_dimension,
            url=models.remote_url,
            key=models.remote_key,
            gate=lambda texts: gate().outgoing_now("embeddings", texts).texts,
            transport=blocking_transport(),
        )
    raise SettingsError("VOICEASSIST_MODELS__EMBEDDER must be minilm, folder:<path>, or remote:<name> with its URL.")


@lru_cache(maxsize=1)
def reranker() -> "Reranker | None":
    """None where no folder is configured: the ranking stays as it was fused."""
    folder = load_settings().models.reranker
    if not folder:
        return None
    from voiceassist.adapters.transformers_reranker import TransformersReranker

    return TransformersReranker(Path(folder))


@lru_cache(maxsize=1)
def summariser() -> "Summariser":
    """The text's own sentences where no folder is configured, and named so."""
    if folder := load_settings().models.summariser:
        from voiceassist.adapters.transformers_summariser import TransformersSummariser

        return TransformersSummariser(Path(folder))
    from voiceassist.adapters.extractive_summariser import ExtractiveSummariser

    return ExtractiveSummariser(embedder())


def models_dir(settings: Settings | None = None) -> Path:
    """Where converted models are kept; a pod without a volume converts into its scratch directory."""
    settings = settings or load_settings()
    if settings.models.dir:
        return Path(settings.models.dir)
    return (Path(settings.data_dir) if settings.data_dir else Path(tempfile.gettempdir()) / "voiceassist") / "models"
