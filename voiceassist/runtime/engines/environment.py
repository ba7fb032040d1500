"""The settings of the local stack as environment variables: what the supervisor hands to its children."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voiceassist.runtime import workloads
from voiceassist.runtime.engines import state
from voiceassist.runtime.engines.accounts import Account
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports
from voiceassist.runtime.engines.postgres import PostgresEngine
from voiceassist.runtime.engines.seaweed import BUCKET, REGION
from voiceassist.runtime.engines.secrets import Secrets, read
from voiceassist.runtime.engines.services import own_keys
from voiceassist.runtime.engines.valkey import ValkeyEngine
from voiceassist.runtime.settings import PREFIX, Settings, parse

AUDIT_DSN = "VOICEASSIST_POSTGRES__AUDIT_DSN"  # the audit can be written as va_app
# An engine is external when the operator's environment holds its first variable; the others then belong to it.
ENGINE_SETTINGS = {
    "postgres": ("VOICEASSIST_POSTGRES__DSN", "VOICEASSIST_POSTGRES__OWNER_DSN", AUDIT_DSN),
    "valkey": ("VOICEASSIST_REDIS__URL",),
    "vectord": ("VOICEASSIST_QDRANT__URL", "VOICEASSIST_QDRANT__API_KEY"),
    "seaweedfs": (
        "VOICEASSIST_S3__ENDPOINT",
        "VOICEASSIST_S3__ACCESS_KEY",
        "VOICEASSIST_S3__SECRET_KEY",
        "VOICEASSIST_S3__BUCKET",
        "VOICEASSIST_S3__REGION",
    ),
}
# Children run the code that starts them: of two checkouts on a machine, the one that was asked to start.
CODE = Path(__file__).resolve().parents[3]
# What of the caller's environment a child needs besides our own settings; credentials of the shell stay outside.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Mode:
    """How this start was asked for."""

    tls: bool = True
    isolated: bool = False


def required_settings(engine: str) -> list[str]:
    """What an operator who runs an engine elsewhere has to say of it."""
    return [name for name in ENGINE_SETTINGS[engine][:3] if name != AUDIT_DSN]


def external_engines(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The engines that the operator runs elsewhere; raises EngineError when one is named by half."""
    external = tuple(name for name, variables in ENGINE_SETTINGS.items() if environ.get(variables[0]))
    for name in external:
        required = required_settings(name)
        if missing := [variable for variable in required if not environ.get(variable)]:
            raise EngineError(f"{required[0]} is set, so {' and '.join(missing)} must be set too.")
    return external


def child_environment(
    layout: Layout,
    secrets: Secrets,
    ports: Ports,
    *,
    environ: Mapping[str, str],
    mode: Mode | None = None,
) -> dict[str, str]:
    """Every VOICEASSIST_* variable of the stack; what the operator set in `environ` wins.

    It has the private keys of all parts; each process is given those of its own (services.py).
    """
    mode = mode or Mode()
    scheme = "https" if mode.tls else "http"
    base_url = f"{scheme}://localhost:{ports.gateway}"
    known = workloads.derived(secrets.internal_secret)
    values = {
        "BASE_URL": base_url,
        "DATA_DIR": str(layout.data),
        "ROOM_URL": f"http://127.0.0.1:{ports.rooms}/{{room}}",
        "BROKER_URL": f"http://127.0.0.1:{ports.broker}/voiceassist/default",
        "CA_FILE": str(layout.ca),
        "WORKLOAD__KEY": known.key,
        "WORKLOAD__KEYS": known.keys,
        "CANARY__KEY": secrets.cli_api_key,
        "KEK": secrets.kek,
        "AUDIT__KEY": secrets.audit_key,
        "AUDIT__SIGNING_KEY": secrets.audit_signing_key,
        "KMS__PASSPHRASE": secrets.kms_passphrase,
        "ACCESS__SIGNING_KEY": secrets.policy_signing_key,
        **_stores(layout, secrets, ports),
        "OIDC__ISSUER": f"{base_url}/issuer",
        "OIDC__CLIENT_SECRET": secrets.oidc_client_secret,
        "OIDC__EMBEDDED": "true",
        "MODELS__DIR": str(layout.models),
        "HOST__PORT": str(ports.gateway),
        "HOST__ROOMS_PORT": str(ports.rooms),
        "HOST__TLS_CERT": str(layout.certificate) if mode.tls else "",
        "HOST__TLS_KEY": str(layout.certificate_key) if mode.tls else "",
        "HOST__ISOLATED": str(mode.isolated).lower(),
        "HOST__SCHEDULES": "true",
        "BROKER__PORT": str(ports.broker),
        "BROKER__OPERATIONS_URL": f"http://127.0.0.1:{ports.broker}",
        "BROKER__DATABASE": str(layout.broker_database),
        "REALTIME__PORT": str(ports.realtime),
        "REALTIME__URL": f"http://127.0.0.1:{ports.realtime}",
    }
    own = {f"{PREFIX}{name}": value for name, value in values.items()}
    for engine in external_engines(environ):
        own = {name: value for name, value in own.items() if name not in ENGINE_SETTINGS[engine]}
    if environ.get("VOICEASSIST_OIDC__ISSUER"):
        own.pop("VOICEASSIST_OIDC__EMBEDDED")
    inherited = {name: value for name, value in environ.items() if name in INHERITED or name.startswith(PREFIX)}
    return {**own, **inherited, "PYTHONPATH": str(CODE), "PYTHONUNBUFFERED": "1"}


def _stores(layout: Layout, secrets: Secrets, ports: Ports) -> dict[str, str]:
    account = Account(os.getuid(), os.getgid(), switch=False)
    postgres = PostgresEngine(layout, secrets, account)
    return {
        "POSTGRES__DSN": postgres.dsn("va_app"),
        "POSTGRES__OWNER_DSN": postgres.dsn("va_owner"),
        "POSTGRES__AUDIT_DSN": postgres.dsn("va_audit_writer"),
        "REDIS__URL": ValkeyEngine(layout, secrets, account).url,
        "QDRANT__URL": f"https://127.0.0.1:{ports.vectord}",
        "QDRANT__API_KEY": secrets.qdrant_api_key,
        "S3__ENDPOINT": f"https://127.0.0.1:{ports.s3}",
        "S3__ACCESS_KEY": secrets.s3_access_key,
        "S3__SECRET_KEY": secrets.s3_secret_key,
        "S3__BUCKET": BUCKET,
        "S3__REGION": REGION,
    }


def running_settings(layout: Layout, environ: Mapping[str, str]) -> Settings:
    """The settings of the stack that runs in this data directory, for the commands that talk to it."""
    current = state.read(layout)
    if current is None:
        raise EngineError(f"Nothing has been started in {layout.data}: run `voiceassist up`.")
    mode = Mode(tls=current.tls, isolated=current.isolated)
    ports = Ports(current.port_base)
    known = child_environment(layout, read(layout), ports, environ=environ, mode=mode)
    return parse(known | own_keys(known, (workloads.OPERATOR,)))
