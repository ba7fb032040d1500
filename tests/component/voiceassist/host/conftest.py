"""A real host process on free ports beside the real engines, and a browser that signs in."""

import asyncio
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pyotp
import pytest

from functions.auth import seed
from voiceassist.adapters.issuer.seed import SeedUser
from voiceassist.adapters.issuer.seed import read as seeded
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime.settings import Settings, parse

CLI_KEY = "va_component-tests-0123456789abcdefghijklmnop"
GENEROUS = {
    "VOICEASSIST_LIMITS__ADDRESS_PER_MINUTE": "100000",
    "VOICEASSIST_LIMITS__USER_PER_MINUTE": "100000",
    "VOICEASSIST_LIMITS__LOGIN_PER_MINUTE": "100000",
    "VOICEASSIST_LIMITS__TOKEN_PER_MINUTE": "100000",
}
START_SECONDS = 60


def rows(host: Any, query: str, *arguments: Any) -> Any:
    """What the database holds of the default tenant."""

    async def ask():
        connection = await asyncpg.connect(host.settings.postgres.dsn)
        try:
            async with connection.transaction():
                await connection.execute(
                    "select set_config('app.tenant', $1, true), set_config('app.role', 'service', true)",
                    str(DEFAULT_TENANT),
                )
                return await connection.fetch(query, *arguments)
        finally:
            await connection.close()

    return asyncio.run(ask())


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass
class Host:
    """A running `python -m voiceassist.runtime.host`."""

    environ: dict[str, str]
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def settings(self) -> Settings:
        return parse(self.environ)

    @property
    def url(self) -> str:
        return self.settings.base_url

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.settings.ca_file)

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, verify=self.tls, timeout=30, trust_env=False, **options)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture(scope="package")
def start_host(stack_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Host]]:
    """Start a host; keyword arguments are settings that differ, by their names in the environment."""
    running: list[Host] = []

    # One issuer for all of them: each start would otherwise move the seeded people to its own address,
    # and people sign in at the shared host only.
    first: list[int] = free_ports(1)

    def start(*arguments: str, **changes: str) -> Host:
        public, internal = free_ports(2)
        if not running:
            public = first[0]
        base = f"https://localhost:{public}"
        environ = stack_env | GENEROUS
        environ |= {
            "VOICEASSIST_BASE_URL": base,
            "VOICEASSIST_OIDC__ISSUER": f"https://localhost:{first[0]}/issuer",
            "VOICEASSIST_HOST__PORT": str(public),
            "VOICEASSIST_HOST__ROOMS_PORT": str(internal),
            "VOICEASSIST_ROOM_URL": f"http://127.0.0.1:{internal}/{{room}}",
        }
        if not running:
            seed.run(parse(environ), cli_api_key=CLI_KEY)
        environ |= {f"VOICEASSIST_{name}": value for name, value in changes.items()}
        log = tmp_path_factory.mktemp("host") / "host.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "voiceassist.runtime.host", *arguments],
                env=environ,
                stdout=output,
                stderr=output,
            )
        host = Host(environ, process, log)
        running.append(host)
        wait_until_alive(host)
        return host

    yield start
    for host in running:
        if host.process.poll() is None and host.stop() != 0:
            pytest.fail(f"the host did not end cleanly: {host.log.read_text()[-2000:]}")


def wait_until_alive(host: Host) -> None:
    deadline = time.monotonic() + START_SECONDS
    with host.client() as client:
        while time.monotonic() < deadline and host.process.poll() is None:
            try:
                if client.get("/health").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
    pytest.fail(f"the host did not start: {host.log.read_text()[-4000:]}")


@pytest.fixture(scope="package", autouse=True)
def host(start_host: Callable[..., Host], voice_port: int) -> Host:
    """The host most tests share: all rooms in one process, generous limits."""
    return start_host(REALTIME__URL=f"http://127.0.0.1:{voice_port}")


@pytest.fixture(scope="package")
def voice_port() -> int:
    """Where tests of the voice socket put their peer."""
    return free_ports(1)[0]


@pytest.fixture(scope="package")
def people(host: Host) -> dict[str, SeedUser]:
    return {person.username: person for person in seeded(Path(host.settings.data_dir))}


class Browser:
    """What a browser does at sign-in, step by step."""

    def __init__(self, host: Host, person: SeedUser, agent: str = "component-test") -> None:
        self.host = host
        self.person = person
        self.http = host.client(headers={"user-agent": agent})
        self.csrf = ""

    def form(self) -> str:
        """Open the sign-in form; the transaction it carries."""
        start = self.http.get("/api/v1/auth/login")
        assert start.status_code == 302, start.text
        page = self.http.get(start.headers["location"])
        assert page.status_code == 200, page.text
        found = re.search(r'name="transaction" value="([^"]+)"', page.text)
        assert found
        return found[1]

    def password(self, transaction: str, password: str | None = None, username: str | None = None) -> httpx.Response:
        form = {
            "transaction": transaction,
            "username": username or self.person.username,
            "password": password or self.person.password,
        }
        return self.http.post("/issuer/login", data=form)

    def first_factor(self) -> None:
        sent_back = self.password(self.form())
        assert sent_back.status_code == 303, sent_back.text
        answer = self.http.get(sent_back.headers["location"])
        assert answer.status_code == 200, answer.text

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.person.totp_secret).at(int(time.time()) + 30 * steps)

    def verify(self, code: str) -> httpx.Response:
        return self.http.post("/api/v1/auth/mfa/verify", json={"code": code})

    def sign_in(self) -> "Browser":
        forget_codes(self.host)
        self.first_factor()
        answer = self.verify(self.code())
        assert answer.status_code == 200, answer.text
        self.csrf = answer.json()["csrf_token"]
        return self

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.http.post(path, headers={"x-csrf-token": self.csrf}, **options)


def forget_codes(host: Host) -> None:
    """Tests sign in more often than every 30 seconds, so spent steps and counted tries are taken back."""

    async def reset() -> None:
        connection = await asyncpg.connect(host.settings.postgres.dsn)
        try:
            async with connection.transaction():
                await connection.execute(
                    "select set_config('app.tenant', $1, true), set_config('app.role', 'service', true)",
                    str(DEFAULT_TENANT),
                )
                await connection.execute("update mfa_totp set last_step = 0")
        finally:
            await connection.close()

    asyncio.run(reset())


@pytest.fixture
def browser(host: Host, people: dict[str, SeedUser]) -> Callable[..., Browser]:
    def make(username: str = "clinician", agent: str = "component-test") -> Browser:
        return Browser(host, people[username], agent)

    return make


@pytest.fixture(scope="package")
def clinician(host: Host, people: dict[str, SeedUser]) -> Browser:
    """Signed in with both factors."""
    return Browser(host, people["clinician"]).sign_in()


@pytest.fixture(scope="session")
def key() -> dict[str, str]:
    """Headers with the command line's API key."""
    return {"authorization": f"Bearer {CLI_KEY}"}


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, Any] = json.loads(answer.content)
    assert {"type", "title", "status", "code", "detail", "trace_id"} <= body.keys()
    assert body["status"] == status
    assert body["code"] == code
    assert answer.headers["x-trace-id"] == body["trace_id"]
    return body


@pytest.fixture(scope="session")
def problem() -> Callable[[httpx.Response, int, str], dict[str, Any]]:
    """Assert that an answer is a problem document (RFC 9457) with this status and code."""
    return problem_of
