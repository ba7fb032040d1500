"""Journey I2: PHI scanning as a service, each room its own process, from none to several and back to none."""

import asyncio
import json
import re
import ssl
import time

import psutil
import pytest

CALLS = 200
NOTE = "MRN 00-12-34, seen 3/7/2024, call (212) 555-0142. " * 40
SETTINGS = {
    # Journeys must not take the ten minutes that the room's YAML keeps it for.
    "VOICEASSIST_HOST__IDLE_SECONDS": "10",
    "VOICEASSIST_HOST__SCALE_DOWN_DELAY_SECONDS": "0",
    "VOICEASSIST_HOST__MOST_INSTANCES": "3",
    "VOICEASSIST_LIMITS__USER_PER_MINUTE": "10000",
}


def new_key(product, scope: str) -> str:
    made = product.cli("keys", "create", "--user", "clinician", "--name", scope, "--scope", scope, "--json")
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)["key"]


def instances(product) -> dict[str, int]:
    return {name: room["instances"] for name, room in product.status()["rooms"].items()}


def wait_for_none(product, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while instances(product)["phi"] and time.monotonic() < deadline:
        time.sleep(0.5)
    assert instances(product)["phi"] == 0


def metric(product, name: str) -> float:
    with product.client() as client:
        text = client.get("/metrics").text
    (value,) = re.findall(rf'^{name}{{function="phi"}} (\S+)$', text, re.MULTILINE)
    return float(value)


async def at_once(product, key: str) -> list[tuple[int, dict]]:
    """Status and body of CALLS calls that are sent at the same moment, each on an open connection of its own.

    By hand, because a general client with hundreds of connections needs longer for a call than the room does.
    """
    body = json.dumps({"text": NOTE})
    lines = ["POST /api/v1/phi/redact HTTP/1.1", f"host: localhost:{product.base}", "content-type: application/json"]
    lines += [f"authorization: Bearer {key}", f"content-length: {len(body)}", "connection: close"]
    request = ("\r\n".join([*lines, "", body])).encode()
    trusted = ssl.create_default_context(cafile=product.ca)
    open_ones = [await asyncio.open_connection("localhost", product.base, ssl=trusted) for _ in range(CALLS)]
    for _, writer in open_ones:
        writer.write(request)
    answers = [await reader.read() for reader, _ in open_ones]
    for _, writer in open_ones:
        writer.close()
    return [(int(answer[9:12]), json.loads(answer.partition(b"\r\n\r\n")[2])) for answer in answers]


@pytest.mark.timeout(300)
@pytest.mark.req("I2.1", "I2.2", "I2.3", "I2.4")
def test_the_room_comes_grows_with_its_calls_and_goes(own_product):
    product = own_product("--isolated", **SETTINGS).start()
    assert instances(product)["phi"] == 0
    assert instances(product)["auth"] >= 1, "its least is not none"
    key = new_key(product, "phi:scan")

    with product.client(authorization=f"Bearer {key}") as client:
        answer = client.post("/api/v1/phi/detect", json={"text": "SSN 123-45-6789"})
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()["entities"]
        assert (found["start"], found["end"], found["label"]) == (4, 15, "SSN")
        assert "NAME" in {one["label"] for one in answer.json()["categories"]["covered"]}
        lines = '{"text": "SSN 123-45-6789"}\n' * 3
        streamed = client.post(
            "/api/v1/phi/redact", content=lines, headers={"content-type": "application/x-ndjson"}
        ).text.splitlines()
        assert [json.loads(line)["text"] for line in streamed] == ["SSN [SSN]"] * 3
    assert instances(product)["phi"] == 1

    wait_for_none(product)
    answers = asyncio.run(at_once(product, key))
    grown = instances(product)["phi"]
    assert {status for status, _ in answers} == {200}
    assert {body["text"].count("[MRN], seen [DATE], call [PHONE].") for _, body in answers} == {40}
    assert grown == 3, "200 calls need three instances of 80"
    assert metric(product, "voiceassist_function_cold_start_seconds_count") == 4
    assert metric(product, "voiceassist_function_held_requests") == 0

    pids = product.status()["rooms"]["phi"]["pids"]
    wait_for_none(product)
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert metric(product, "voiceassist_function_instances") == 0

    with product.client(authorization=f"Bearer {new_key(product, 'calc:run')}") as client:
        refused = client.post("/api/v1/phi/detect", json={"text": "SSN 123-45-6789"})
        assert refused.status_code == 403
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "FORBIDDEN"
        assert client.get("/api/v1/calculators").status_code == 200
    assert instances(product)["phi"] == 0, "a refused call starts nothing"
    assert "123-45-6789" not in product.logs()
