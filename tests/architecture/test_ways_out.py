"""Every client that could carry a text out of the installation is known by name, with the reason why it does not.

The gate (voiceassist/runtime/egress) is the one way out. Whoever imports an HTTP client, an SDK, a mailer or a socket
beside it stands in INTERNAL with what they reach: one line a module and library, no patterns. A module that no longer
does is taken off the list.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("voiceassist", "functions", "realtime", "events")
GATE = "voiceassist/runtime/egress/"

# Libraries that open connections or speak to servers, by the name they are imported by.
CLIENTS = (
    "httpx", "httpx2", "httpcore", "httpcore2", "aiohttp", "requests", "urllib.request", "urllib3", "http.client",
    "niquests", "pycurl", "openai", "anthropic", "boto3", "botocore", "aiobotocore", "aioboto3", "s3fs", "smtplib",
    "aiosmtplib", "imaplib", "poplib", "ftplib", "nntplib", "telnetlib", "paramiko", "asyncssh", "xmlrpc.client",
    "socket", "socketserver", "websockets", "websocket", "wsproto", "grpc", "redis", "valkey", "asyncpg", "psycopg",
    "psycopg2", "qdrant_client", "aiokafka", "confluent_kafka", "kafka", "pika", "aio_pika", "nats", "kubernetes",
    "caldav", "aioimaplib", "Bio.Entrez", "huggingface_hub", "sentry_sdk", "opentelemetry.exporter", "authlib",
    # Our own clients are clients too.
    "voiceassist.runtime.posting", "voiceassist.runtime.host.wire", "voiceassist.runtime.egress.web",
    "voiceassist.runtime.egress.named", "voiceassist.runtime.egress.sockets",
    "voiceassist.runtime.egress.transport", "multiprocessing.connection",
    "asyncio.streams",
    "transformers", "datasets", "nltk", "gensim.downloader",
)  # fmt: skip
# What opens a connection without an import of its own.
CALLS = (
    "open_connection", "open_unix_connection", "create_connection", "create_unix_connection",
    "create_datagram_endpoint", "http.call", "http.client", "webbrowser.open", "urlopen", "urlretrieve",
)  # fmt: skip
# Commands that reach out when a child process runs them.
PROGRAMS = frozenset("curl wget ssh scp sftp nc ncat telnet rsync git sendmail".split())

ROOMS = "rooms and services of this installation, with an internal token"
ENGINE = "an engine of this installation, by its own protocol"
LOOPBACK = "this machine, when the product is started, checked or stopped"
WATCHED = "our own doors and the operator's stores of logs and traces, about a patient who does not exist"
OURS = "the product's own door, from its command line"
CLUSTER = "the API of the cluster it runs in"
IDENTITY = "the organisation's identity provider: codes and tokens of a sign-in, no text of a conversation"
DIRECTORY = "the organisation's own directory of people: names of accounts are asked for, no text of a conversation"
KEYS = "the organisation's keeper of keys: wrapped data keys and ids of tenants, no text"
TYPES = "no connection: names and errors only"
ADDRESSES = "no connection: reads or reserves local addresses and ports"
BY_GATE = "an SDK whose connections are made by the gate's transport; its texts passed the gate"
AGREED = "the speech service outside, over the gate's connection, with an agreement; what goes up passed the gate"
TRACES = "spans to the operator's own collector; attributes are filtered before (runtime/tracing.py)"
FILES = "models from a configured folder, local_files_only; no download"
IN_PROCESS = "rooms of this process, called without a connection"
CHECKS = "no sending: names of errors, and whether an address may be called"

POLICY = "the installation's server of policies: ids, roles and actions"
INTERNAL: dict[tuple[str, str], str] = {
    ("events/broker/__main__.py", "socket"): LOOPBACK,
    ("events/broker/attempt.py", "voiceassist.runtime.posting"): ROOMS,
    ("events/broker/feed.py", "voiceassist.runtime.posting"): ROOMS,
    ("events/broker/shared.py", "voiceassist.runtime.posting"): ROOMS,
    ("functions/auth/cutoff.py", "redis"): TYPES,
    ("functions/auth/granting.py", "redis"): TYPES,
    ("functions/auth/keys.py", "redis"): TYPES,
    ("functions/auth/pending.py", "redis"): TYPES,
    ("functions/auth/relying_party.py", "http.client"): IDENTITY,
    ("functions/auth/relying_party.py", "httpx"): IDENTITY,
    ("functions/auth/upstream.py", "redis"): TYPES,
    ("functions/canary/sinks.py", "http.client"): WATCHED,
    ("functions/canary/sinks.py", "redis"): TYPES,
    ("functions/canary/stores.py", "http.client"): WATCHED,
    ("functions/canary/stores.py", "httpx"): TYPES,
    ("functions/canary/telling.py", "http.client"): WATCHED,
    ("functions/canary/telling.py", "httpx"): TYPES,
    ("functions/canary/telling.py", "websockets"): WATCHED,
    ("functions/ingestion/phi.py", "http.call"): ROOMS,
    ("functions/subscriptions/delivery.py", "voiceassist.runtime.egress.web"): CHECKS,
    ("functions/subscriptions/service.py", "voiceassist.runtime.egress.web"): CHECKS,
    ("functions/users/accounts.py", "http.call"): ROOMS,
    ("functions/users/ocs.py", "voiceassist.runtime.egress.web"): CHECKS,
    ("realtime/dialogue/rooms.py", "http.call"): ROOMS,
    ("realtime/engines/chosen.py", "voiceassist.runtime.egress.sockets"): AGREED,
    ("realtime/handover.py", "redis"): TYPES,
    ("realtime/main.py", "redis"): TYPES,
    ("realtime/watch.py", "redis"): TYPES,
    ("realtime/warming.py", "http.call"): ROOMS,
    ("realtime/wire.py", "websockets"): TYPES,
    ("voiceassist/adapters/kms/aws.py", "boto3"): KEYS,
    ("voiceassist/adapters/kms/aws.py", "botocore"): KEYS,
    ("voiceassist/adapters/kms/vault.py", "httpx"): KEYS,
    ("voiceassist/adapters/kubernetes.py", "httpx"): CLUSTER,
    ("voiceassist/adapters/locked_objects.py", "botocore"): TYPES,
    ("voiceassist/adapters/objects.py", "boto3"): ENGINE,
    ("voiceassist/adapters/objects.py", "botocore"): ENGINE,
    ("voiceassist/adapters/openai_chat.py", "httpx2"): BY_GATE,
    ("voiceassist/adapters/openai_chat.py", "openai"): BY_GATE,
    ("voiceassist/adapters/openai_embedder.py", "httpx2"): BY_GATE,
    ("voiceassist/adapters/openai_embedder.py", "openai"): BY_GATE,
    ("voiceassist/adapters/caching.py", "redis"): TYPES,
    ("voiceassist/adapters/redis.py", "redis"): ENGINE,
    ("voiceassist/cli/admin/desk.py", "redis"): TYPES,
    ("voiceassist/adapters/rego/opa.py", "httpx"): POLICY,
    ("voiceassist/adapters/transformers_folder.py", "huggingface_hub"): FILES,
    ("voiceassist/adapters/transformers_folder.py", "transformers"): FILES,
    ("voiceassist/adapters/vectors/qdrant.py", "httpx"): ENGINE,
    ("voiceassist/cli/canaries/sinks.py", "asyncpg"): ENGINE,
    ("voiceassist/cli/canaries/voice.py", "websockets"): OURS,
    ("voiceassist/cli/canaries/command.py", "httpx"): OURS,
    ("voiceassist/cli/check.py", "httpx"): LOOPBACK,
    ("voiceassist/cli/check.py", "socket"): ADDRESSES,
    ("voiceassist/cli/conversation.py", "websockets"): OURS,
    ("voiceassist/cli/evals/speaking.py", "websockets"): OURS,
    ("voiceassist/cli/events.py", "httpx"): OURS,
    ("voiceassist/cli/quarantine.py", "httpx"): OURS,
    ("voiceassist/cli/people.py", "httpx"): OURS,
    ("voiceassist/runtime/access/notes.py", "redis"): TYPES,
    ("voiceassist/migrations/__init__.py", "asyncpg"): ENGINE,
    ("voiceassist/runtime/engines/engine.py", "urllib.request"): LOOPBACK,
    ("voiceassist/runtime/engines/ports.py", "socket"): ADDRESSES,
    ("voiceassist/runtime/engines/postgres.py", "asyncpg"): ENGINE,
    ("voiceassist/runtime/engines/probes.py", "asyncpg"): ENGINE,
    ("voiceassist/runtime/engines/probes.py", "botocore"): ENGINE,
    ("voiceassist/runtime/engines/probes.py", "httpx"): ENGINE,
    ("voiceassist/runtime/engines/probes.py", "redis"): ENGINE,
    ("voiceassist/runtime/engines/seaweed.py", "botocore"): TYPES,
    ("voiceassist/runtime/engines/seaweed.py", "urllib.request"): LOOPBACK,
    ("voiceassist/runtime/engines/seaweed.py", "urlopen"): LOOPBACK,
    ("voiceassist/runtime/engines/valkey.py", "redis"): ENGINE,
    ("voiceassist/runtime/engines/vectord.py", "urllib.request"): LOOPBACK,
    ("voiceassist/runtime/engines/vectord.py", "urlopen"): LOOPBACK,
    ("voiceassist/runtime/host/__main__.py", "http.client"): ROOMS,
    ("voiceassist/runtime/host/__main__.py", "httpx"): TYPES,
    ("voiceassist/runtime/host/__main__.py", "voiceassist.runtime.host.wire"): ROOMS,
    ("voiceassist/runtime/host/activator.py", "voiceassist.runtime.host.wire"): ROOMS,
    ("voiceassist/runtime/host/api.py", "voiceassist.runtime.host.wire"): ROOMS,
    ("voiceassist/runtime/host/background.py", "httpx"): IN_PROCESS,
    ("voiceassist/runtime/host/callers.py", "httpx"): IN_PROCESS,
    ("voiceassist/runtime/host/callers.py", "redis"): TYPES,
    ("voiceassist/runtime/host/forward.py", "voiceassist.runtime.host.wire"): ROOMS,
    ("voiceassist/runtime/host/health.py", "httpx"): TYPES,
    ("voiceassist/runtime/host/instances.py", "open_connection"): LOOPBACK,
    ("voiceassist/runtime/host/instances.py", "socket"): ADDRESSES,
    ("voiceassist/runtime/host/limits.py", "redis"): TYPES,
    ("voiceassist/runtime/host/openapi.py", "httpx"): IN_PROCESS,
    ("voiceassist/runtime/host/publishing.py", "voiceassist.runtime.posting"): ROOMS,
    ("voiceassist/runtime/host/realtime.py", "websockets"): ROOMS,
    ("voiceassist/runtime/host/rooms.py", "voiceassist.runtime.host.wire"): ROOMS,
    ("voiceassist/runtime/host/schedule.py", "http.call"): ROOMS,
    ("voiceassist/runtime/host/servers.py", "socket"): ADDRESSES,
    ("voiceassist/runtime/host/wire.py", "create_connection"): ROOMS,
    ("voiceassist/runtime/http.py", "httpx"): ROOMS,
    ("voiceassist/runtime/language.py", "voiceassist.runtime.egress.transport"): BY_GATE,
    ("voiceassist/runtime/language.py", "voiceassist.runtime.egress.web"): BY_GATE,
    ("voiceassist/runtime/posting.py", "create_connection"): ROOMS,
    ("voiceassist/runtime/providers.py", "redis"): TYPES,
    ("voiceassist/runtime/providers.py", "voiceassist.runtime.egress.named"): DIRECTORY,
    ("voiceassist/runtime/providers.py", "voiceassist.runtime.egress.transport"): BY_GATE,
    ("voiceassist/runtime/providers.py", "voiceassist.runtime.egress.web"): BY_GATE,
    ("voiceassist/runtime/pseudonyms/vault.py", "redis"): TYPES,
    ("voiceassist/runtime/publisher.py", "voiceassist.runtime.posting"): ROOMS,
    ("voiceassist/runtime/credentials.py", "redis"): TYPES,
    ("voiceassist/runtime/dpop.py", "redis"): TYPES,
    ("voiceassist/runtime/revocation.py", "redis"): TYPES,
    ("voiceassist/runtime/sessions.py", "redis"): TYPES,
    ("voiceassist/runtime/tracing.py", "opentelemetry.exporter"): TRACES,
}


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def client_of(module: str) -> str | None:
    """The library of CLIENTS that an imported name belongs to."""
    return next((one for one in CLIENTS if module == one or module.startswith(f"{one}.")), None)


def ways_out(code: str) -> set[str]:
    """What code imports (also by importlib or as an attribute of a package), calls or runs that could leave."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Import(names=names):
                found |= {client_of(alias.name) or "" for alias in names}
            case ast.ImportFrom(module=str(module), names=names):
                parts = [module, *(f"{module}.{alias.name}" for alias in names)]
                found |= {client_of(part) or "" for part in parts}
            case ast.Call(func=func, args=args):
                name = ast.unparse(func)
                told = [one.value for one in args[:1] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                if name.endswith(("import_module", "__import__")):
                    found |= {client_of(one) or "" for one in told}
                if any(name == call or name.endswith(f".{call}") for call in CALLS):
                    found.add(name if name.startswith("http.") else name.rpartition(".")[2])
                if re.search(r"(?:^|\.)(?:run|Popen|call|check_output|check_call|create_subprocess_\w+|system)$", name):
                    found |= {f"program:{one}" for one in programs(args) if one in PROGRAMS}
            case _:
                pass
    return found - {""}


def programs(args: list[ast.expr]) -> set[str]:
    """The first word of the command of a child process, where it stands in the code."""
    first = args[0] if args else None
    if isinstance(first, ast.List) and first.elts:
        first = first.elts[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return {first.value.split()[0].rpartition("/")[2]} if first.value.split() else set()
    return set()


def found() -> dict[tuple[str, str], Path]:
    return {
        (str(path.relative_to(ROOT)), way): path
        for path in modules()
        if not str(path.relative_to(ROOT)).startswith(GATE)
        for way in ways_out(path.read_text())
    }


def test_nobody_reaches_out_beside_the_gate():
    unknown = sorted(set(found()) - set(INTERNAL))
    assert unknown == [], "send it through voiceassist/runtime/egress, or say in INTERNAL what it reaches and why"


def test_the_list_names_only_what_there_is():
    assert sorted(set(INTERNAL) - set(found())) == []


def test_every_line_of_the_list_is_one_module_with_a_reason():
    for (module, way), reason in INTERNAL.items():
        assert (ROOT / module).is_file()
        assert not set("*?[") & set(module + way)
        assert len(reason) > 15


@pytest.mark.parametrize(
    ("code", "way"),
    [
        ("import httpx", "httpx"),
        ("import requests as r", "requests"),
        ("def f():\n    from openai import AsyncOpenAI", "openai"),
        ("from urllib import request", "urllib.request"),
        ("from urllib.request import urlopen", "urllib.request"),
        ("from http import client", "http.client"),
        ("import http.client as c", "http.client"),
        ("import importlib\nimportlib.import_module('boto3')", "boto3"),
        ("__import__('smtplib')", "smtplib"),
        ("import asyncio\nasync def f():\n    await asyncio.open_connection('a', 1)", "open_connection"),
        ("async def f(loop):\n    await loop.create_connection(P, 'a', 1)", "create_connection"),
        ("import subprocess\nsubprocess.run(['/usr/bin/curl', 'x'])", "program:curl"),
        ("import os\nos.system('wget x')", "program:wget"),
        ("if TYPE_CHECKING:\n    import socket", "socket"),
        ("from Bio import Entrez", "Bio.Entrez"),
    ],
)
def test_a_planted_way_out_is_found(code, way):
    assert way in ways_out(code)


@pytest.mark.parametrize(
    "code", ["from urllib.parse import urlsplit", "import http", "from voiceassist.runtime import http"]
)
def test_what_opens_nothing_is_nothing(code):
    assert ways_out(code) == set()
