"""The whole product as a user starts it: `voiceassist up` in an own data directory on free ports."""

import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pyotp
import pytest

ROOT = Path(__file__).resolve().parents[2]
VOICEASSIST = str(Path(sys.executable).parent / "voiceassist")
PORTS = 10


def free_base() -> int:
    """A port base whose ports, and those 10,000 above it (SeaweedFS gRPC), are free now.

    Below those of the tests of engines, which run at the same time, and drawn by lot; those above end before the
    ports that the kernel gives out by itself.
    """
    for base in random.sample(range(21_000, 22_080, 20), 54):
        ports = [*range(base, base + PORTS), *range(base + 10_000, base + 10_000 + PORTS)]
        try:
            for port in ports:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise RuntimeError("no free ports")


def until(condition: Callable[[], Any], within: float = 60.0) -> Any:
    """The first true value of a condition; AssertionError when there is none within so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {within} s")


@dataclass
class Product:
    """A running `voiceassist up` and what a test needs to talk to it; `code` is the checkout it runs from."""

    data: Path
    base: int
    options: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    code: Path = ROOT
    process: "subprocess.Popen[str] | None" = None
    output: list[str] = field(default_factory=list)
    started_in: float = 0.0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.base}"

    @property
    def ca(self) -> Path:
        return self.data / "tls" / "ca.pem"

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VOICEASSIST_")}
        # Many tests share one address and one key, and a fast machine runs hundreds of their calls in a minute;
        # the limits themselves are tested in tests/component.
        limits = {
            "VOICEASSIST_LIMITS__ADDRESS_PER_MINUTE": "20000",
            "VOICEASSIST_LIMITS__USER_PER_MINUTE": "20000",
            "VOICEASSIST_LIMITS__LOGIN_PER_MINUTE": "2000",
            "VOICEASSIST_LIMITS__TOKEN_PER_MINUTE": "2000",
        }
        ours = {"VOICEASSIST_DATA": str(self.data), "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(self.code)}
        return kept | limits | self.settings | ours

    def start(self, timeout: float = 120.0) -> "Product":
        began = time.monotonic()
        self.output.clear()
        self.process = subprocess.Popen(
            [VOICEASSIST, "up", "--data", str(self.data), "--port-base", str(self.base), *self.options],
            cwd=self.code,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)
            if line.startswith("ready: "):
                self.started_in = time.monotonic() - began
                return self
            assert time.monotonic() - began < timeout, "".join(self.output)
        raise AssertionError("".join(self.output) + self.logs())

    def stop(self) -> float:
        """Ctrl-C; returns the seconds until the supervisor ended."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)
        return time.monotonic() - began

    def logs(self) -> str:
        return "\n".join(
            f"== {path.name}\n{path.read_text(errors='replace')[-1500:]}" for path in (self.data / "logs").glob("*.log")
        )

    def processes(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def status(self) -> dict[str, Any]:
        return json.loads(self.cli("status", "--json").stdout)

    def cli(self, *arguments: str, timeout: float = 60.0) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [VOICEASSIST, *arguments],
            cwd=self.code,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def client(self, **headers: str) -> httpx.Client:
        context = ssl.create_default_context(cafile=self.ca)
        return httpx.Client(base_url=self.url, verify=context, headers=headers, timeout=30.0, trust_env=False)

    def key_client(self) -> httpx.Client:
        """A client with the API key of this machine's command line (its owner is the clinician)."""
        key = json.loads((self.data / "secrets.json").read_text())["cli_api_key"]
        return self.client(authorization=f"Bearer {key}")

    def person(self, name: str) -> dict[str, str]:
        people = json.loads((self.data / "seed-users.json").read_text())
        return next(person for person in people["users"] if person["username"] == name)


class Visitor:
    """A browser without a page, signing in at the embedded issuer."""

    def __init__(self, product: Product, username: str, password: str, secret: str = "") -> None:
        self.http = product.client(**{"user-agent": "journey"})
        self.username, self.password, self.secret, self.csrf = username, password, secret, ""

    def first_factor(self) -> httpx.Response:
        page = self.http.get(self.http.get("/api/v1/auth/login").headers["location"])
        (transaction,) = re.findall(r'name="transaction" value="([^"]+)"', page.text)
        form = {"transaction": transaction, "username": self.username, "password": self.password}
        back = self.http.post("/issuer/login", data=form)
        assert back.status_code == 303, back.text
        return self.http.get(back.headers["location"])

    def sign_in(self) -> "Visitor":
        assert self.first_factor().status_code == 200
        answer = self.http.post("/api/v1/auth/mfa/verify", json={"code": self.code()})
        assert answer.status_code == 200, answer.text
        self.csrf = answer.json()["csrf_token"]
        return self

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(time.time()) + 30 * steps)

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.http.request(method, path, json=body, headers={"x-csrf-token": self.csrf} if self.csrf else {})


def new_product(*options: str, **settings: str) -> Product:
    # Not under pytest's own folder: PostgreSQL runs as another user than root and must reach it.
    data = Path(tempfile.mkdtemp(prefix="va-e2e-"))
    data.chmod(0o755)
    return Product(data=data / "data", base=free_base(), options=options, settings=settings)


def discard(product: Product) -> None:
    if product.process is not None and product.process.poll() is None:
        product.stop()
    shutil.rmtree(product.data.parent, ignore_errors=True)


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """One product for all tests that do not break it."""
    running = new_product().start()
    yield running
    discard(running)


@pytest.fixture(scope="session")
def visitor() -> type[Visitor]:
    return Visitor


@pytest.fixture(scope="module")
def product_of() -> Iterator[Any]:
    """`product_of(checkout)` starts the product of a checkout, for the tests of one module."""
    made: list[Product] = []

    def make(code: Path, **settings: str) -> Product:
        made.append(new_product(**settings))
        made[-1].code = code
        return made[-1].start()

    yield make
    for one in made:
        discard(one)


@pytest.fixture
def own_product() -> Iterator[Any]:
    """A factory of products of one's own, for tests that stop or break them."""
    made: list[Product] = []

    def make(*options: str, **settings: str) -> Product:
        made.append(new_product(*options, **settings))
        return made[-1]

    yield make
    for one in made:
        discard(one)


@pytest.fixture(scope="session")
def say(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """`say("text")` gives a WAV of synthetic speech; `say("text", rate=48000)` one for a browser."""
    from realtime.speech.tts import Voice, speech_wav

    voice = Voice()
    folder = tmp_path_factory.mktemp("speech")

    def make(text: str, *, rate: int = 24_000, lead_s: float = 0.5, tail_s: float = 1.5) -> Path:
        path = folder / f"{abs(hash((text, rate, lead_s)))}.wav"
        speech_wav(voice, text, path, rate=rate, lead_s=lead_s, tail_s=tail_s)
        return path

    return make


@pytest.fixture(scope="session")
def listen() -> Any:
    """`listen(wav)` transcribes it with the product's own ears."""
    from realtime.speech.asr import Recognizer
    from realtime.speech.audio import read_wav, resample

    recognizer = Recognizer()

    def hear(path: Path, terms: tuple[str, ...] = ()) -> str:
        samples, rate = read_wav(path)
        return recognizer.transcribe(resample(samples, rate, 16_000), terms).text

    return hear
