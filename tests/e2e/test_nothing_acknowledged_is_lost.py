"""kill -9 of each engine, the broker and a room while writes run: what was acknowledged is there afterwards."""

import threading
import time

import httpx
import psutil
import pytest

VICTIMS = ["postgres", "valkey", "vectord", "seaweedfs", "broker", "host"]


def upload_text(client, number: int) -> str | None:
    """The id of an acknowledged upload, or None where the product said no."""
    content = f"Note {number}. The marker of this note is marker{number}.".encode()
    try:
        answer = client.post("/api/v1/documents", files={"file": (f"note{number}.txt", content, "text/plain")})
    except httpx.TransportError:  # the connection may break while its server is killed: then nothing was acknowledged
        return None
    return answer.json()["id"] if answer.status_code == 202 else None


class Writer(threading.Thread):
    """Uploads one small note after another and remembers which were acknowledged."""

    def __init__(self, product) -> None:
        super().__init__(daemon=True)
        self.product = product
        self.acknowledged: list[str] = []
        self.attempts = 0
        self.stopped = threading.Event()

    def run(self) -> None:
        with self.product.key_client() as client:
            while not self.stopped.is_set():
                self.attempts += 1
                if identifier := upload_text(client, self.attempts):
                    self.acknowledged.append(identifier)
                time.sleep(0.05)

    def wait_for(self, more: int, seconds: float = 60) -> None:
        goal = len(self.acknowledged) + more
        until = time.monotonic() + seconds
        while len(self.acknowledged) < goal:
            assert time.monotonic() < until, f"no writes were accepted: {len(self.acknowledged)} of {goal}"
            time.sleep(0.05)


def pid_of(product, name: str) -> int:
    for engine in product.status()["processes"]:
        if engine["name"] == name:
            return engine["pid"]
    raise AssertionError(f"{name} is not in the status")


def jobs_of(client, documents: set[str]) -> list[dict]:
    """What the product says of those that are not indexed."""
    jobs = client.get("/api/v1/jobs", params={"limit": 100}).json()["items"]
    return [job for job in jobs if job["document_id"] in documents]


def wait_until_indexed(product, identifiers: list[str], seconds: float = 120) -> None:
    with product.key_client() as client:
        until = time.monotonic() + seconds
        waiting = set(identifiers)
        while waiting:
            assert time.monotonic() < until, f"of {len(identifiers)} were never indexed: {jobs_of(client, waiting)}"
            for identifier in list(waiting):
                answer = client.get(f"/api/v1/documents/{identifier}")
                assert answer.status_code != 404, "an acknowledged document is gone"
                if answer.status_code == 200 and answer.json()["status"] == "completed":
                    waiting.discard(identifier)
            time.sleep(0.2)


@pytest.mark.timeout(600)
@pytest.mark.req("P1.6")
def test_every_acknowledged_write_and_event_survives(own_product):
    product = own_product().start()
    writer = Writer(product)
    writer.start()
    writer.wait_for(3)
    for victim in VICTIMS:
        psutil.Process(pid_of(product, victim)).kill()
        writer.wait_for(3, seconds=90)
    writer.stopped.set()
    writer.join(timeout=60)
    assert len(writer.acknowledged) >= 3 * (len(VICTIMS) + 1)
    wait_until_indexed(product, writer.acknowledged)


@pytest.mark.timeout(300)
def test_a_killed_supervisor_leaves_nothing_and_loses_nothing(own_product):
    product = own_product().start()
    with product.key_client() as client:
        kept = [identifier for number in range(5) if (identifier := upload_text(client, number))]
    children = product.processes()
    assert product.process is not None
    product.process.kill()
    product.process.wait(timeout=10)
    product.process.stdout.close()
    result = product.cli("down")
    assert result.returncode == 0, result.stderr
    _, alive = psutil.wait_procs(children, timeout=15)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    product.start()
    wait_until_indexed(product, kept)


@pytest.mark.timeout(300)
def test_an_isolated_room_killed_in_mid_work_is_started_again(own_product):
    product = own_product("--isolated").start()
    writer = Writer(product)
    writer.start()
    writer.wait_for(2)
    rooms = [p for p in product.processes() if "voiceassist.runtime.serve" in " ".join(p.cmdline())]
    assert rooms, "no room process was started"
    for room in rooms:
        room.kill()
    writer.wait_for(3)
    writer.stopped.set()
    writer.join(timeout=30)
    wait_until_indexed(product, writer.acknowledged)
