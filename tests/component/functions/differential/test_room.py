"""The room as an operator starts it: the plain functions-framework command, its own process, real HTTP."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from voiceassist.core.identity import service
from voiceassist.runtime import tokens, workloads

ROOT = Path(__file__).resolve().parents[4]
COMMAND = Path(sys.executable).parent / "functions-framework"
WORKLOAD = workloads.derived("s" * 40)
PLANTED = "Zebulon Quackenbush"  # must appear in no answer and in no output of the process
START_SECONDS = 30
CASE = f"{PLANTED}, 72-year-old woman, in shock since this morning, fever 39.2, rigors, confused, dysuria"


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return tmp_path_factory.mktemp("room") / "output.log"


@pytest.fixture(scope="module")
def room(tmp_path_factory, output):
    """The base URL of a running room that has nothing but its secret."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("home")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PYTHONPATH": str(ROOT),
        "VOICEASSIST_WORKLOAD__KEY": WORKLOAD.key, "VOICEASSIST_WORKLOAD__KEYS": WORKLOAD.keys,
    }  # fmt: skip
    source = ROOT / "functions" / "differential" / "main.py"
    command = [COMMAND, "--source", source, "--target", "differential", "--host", "127.0.0.1", "--port", str(port)]
    with output.open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=home, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, "the room did not start"
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 200:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/api/v1/differential"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


@pytest.fixture
def client():
    token = tokens.mint(service("gateway"), issuer="gateway", audience="differential", workload=WORKLOAD)
    with httpx.Client(headers={"authorization": f"Bearer {token}"}, trust_env=False) as client:
        yield client


@pytest.mark.req("P5.20")
def test_it_ranks_and_answers_by_voice_and_repeats_nothing_of_a_person(room, client, output):
    ranked = client.post(room, json={"text": CASE})
    assert ranked.status_code == 200
    assert ranked.json()["candidates"][0]["id"] == "septic-shock"
    spoken = client.post(f"{room}/ask", json={"question": f"differential for {CASE}"})
    assert spoken.json()["text"].startswith("Exclude first: Septic shock [1]")
    refused = client.post(room, json={"text": "cough", "sex": PLANTED})
    assert refused.status_code == 400
    told = ranked.text + spoken.text + refused.text + output.read_text()
    assert PLANTED not in told
    assert "dysuria since" not in output.read_text()


def test_a_stranger_gets_nothing(room):
    assert httpx.post(room, json={"text": CASE}, trust_env=False).status_code == 401
