"""What vectord acknowledged is on disk, through kills and through the rebuilding of an index."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from voiceassist.adapters.vectord import app as door
from voiceassist.adapters.vectord import wire
from voiceassist.adapters.vectord.app import Door, create_app
from voiceassist.adapters.vectord.catalogue import Catalogue
from voiceassist.adapters.vectord.shard import Shard
from voiceassist.adapters.vectord.worker import Busy, Worker

KEY = {"api-key": "key"}
COLLECTION = {"vectors": {"size": 8, "distance": "Cosine"}, "optimizers_config": {"indexing_threshold": 1}}


def body(start: int, count: int) -> dict[str, object]:
    points = [
        {"id": n, "vector": [1.0, n, n % 7, n % 11, 1, 1, 1, 1], "payload": {"n": n}}
        for n in range(start, start + count)
    ]
    return {"points": points}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], TestClient]]:
    clients: list[TestClient] = []

    def make() -> TestClient:
        client = TestClient(create_app(Door(tmp_path, "key", Worker())), headers=KEY)
        client.__enter__()
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)


def count(client: TestClient) -> int:
    return client.post("/collections/c/points/count", json={}).json()["result"]["count"]


def test_an_index_is_rebuilt_beside_the_writes_and_nothing_is_lost(
    opened: Callable[[], TestClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "REBUILD_POINTS", 2000)
    client = opened()
    assert client.put("/collections/c", json=COLLECTION).status_code == 200
    written = 0
    current = tmp_path / "collections" / "c" / "current"
    deadline = time.monotonic() + 60
    first = current.read_text()
    while current.read_text() == first and time.monotonic() < deadline:
        assert client.put("/collections/c/points", json=body(written, 250)).status_code == 200
        written += 250
        assert count(client) == written, "the old index answers while the new one is built"
    assert current.read_text() != first
    assert count(client) == written
    # The writes above may have begun another round; in the end one generation is left.
    while len(list(current.parent.glob("gen-*"))) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [path.name for path in current.parent.glob("gen-*")] == [current.read_text()]
    assert count(client) == written
    answer = client.post("/collections/c/points/query", json={"query": 17, "limit": 3}).json()
    assert len(answer["result"]["points"]) == 3
    assert client.delete("/collections/c").json()["result"] is True


def test_a_collection_may_be_dropped_while_its_index_is_built(
    opened: Callable[[], TestClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "REBUILD_POINTS", 10)
    client = opened()
    client.put("/collections/c", json=COLLECTION)
    client.put("/collections/c/points", json=body(0, 500))
    assert client.delete("/collections/c").json()["result"] is True
    assert client.get("/collections/c").status_code == 404
    assert list((tmp_path / "collections").iterdir()) == []


@pytest.mark.parametrize("moment", ["copying", "built"])
def test_a_death_while_an_index_is_built_leaves_the_old_one(tmp_path: Path, moment: str) -> None:
    folder = tmp_path / "c"
    Shard.create(folder, wire.Collection(vectors=COLLECTION["vectors"]))
    shard = Shard(folder)
    first = shard.generation
    from voiceassist.adapters.vectord import points

    shard.update([points.upsert(wire.Upsert(points=[wire.Point(1, [1.0] * 8)]))], points=1)
    target = shard.begin_rebuild()
    shard.update([points.upsert(wire.Upsert(points=[wire.Point(2, [2.0] * 8)]))], points=1)
    if moment == "copying":
        next(path for path in target.rglob("*") if path.is_file()).unlink()
    shard.engine.close()  # the process is gone; nobody finished
    again = Shard(folder)
    assert again.generation == first
    assert again.engine.info().points_count == 2
    assert not target.exists()
    again.close()


def test_half_made_and_half_deleted_collections_are_swept(tmp_path: Path) -> None:
    for name in (".new.part", ".old.deleted"):
        (tmp_path / "collections" / name / "gen-0001").mkdir(parents=True)
    catalogue = Catalogue(tmp_path)
    assert catalogue.shards == {}
    assert list((tmp_path / "collections").iterdir()) == []
    catalogue.close()


def test_a_second_owner_is_refused(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path)
    with pytest.raises(BlockingIOError):
        Catalogue(tmp_path)
    catalogue.close()
    Catalogue(tmp_path).close()


def test_an_alias_survives_a_restart(opened: Callable[[], TestClient], tmp_path: Path) -> None:
    client = opened()
    client.put("/collections/c", json=COLLECTION)
    action = {"create_alias": {"collection_name": "c", "alias_name": "a"}}
    assert client.post("/collections/aliases", json={"actions": [action]}).json()["result"] is True
    wrong = {"create_alias": {"collection_name": "absent", "alias_name": "b"}}
    drop = {"delete_alias": {"alias_name": "a"}}
    assert client.post("/collections/aliases", json={"actions": [drop, wrong]}).status_code == 404
    client.__exit__(None, None, None)
    again = TestClient(create_app(Door(tmp_path, "key", Worker())), headers=KEY)
    with again:
        assert again.get("/collections/a").status_code == 200
    client.__enter__ = lambda: client  # type: ignore[method-assign]
    client.__exit__ = lambda *_: None  # type: ignore[method-assign]


async def test_a_full_queue_answers_at_once() -> None:
    worker = Worker(waiting=1)
    release, began = threading.Event(), threading.Event()

    def block() -> str:
        began.set()
        release.wait(10)
        return "done"

    running = asyncio.create_task(worker.run(block))
    await asyncio.to_thread(began.wait, 5)
    waiting = asyncio.create_task(worker.run(lambda: "second"))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await worker.run(lambda: "third")
    release.set()
    assert (await running, await waiting) == ("done", "second")
    worker.stop()


async def test_a_caller_that_hangs_up_does_not_undo_a_call() -> None:
    worker = Worker()
    release, done = threading.Event(), threading.Event()

    def write() -> None:
        release.wait(10)
        done.set()

    task = asyncio.create_task(worker.run(write))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()
    assert await asyncio.to_thread(done.wait, 5)
    worker.stop()


def test_busy_is_503_with_retry_after(opened: Callable[[], TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    client = opened()

    async def full(_self: Worker, _call: object) -> None:
        raise Busy

    monkeypatch.setattr(Worker, "run", full)
    answer = client.get("/collections")
    monkeypatch.undo()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_a_fault_of_the_program_is_a_plain_500(
    opened: Callable[[], TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = opened()

    async def broken(_self: Worker, _call: object) -> None:
        raise RuntimeError("secret text")

    monkeypatch.setattr(Worker, "run", broken)
    answer = client.get("/collections")
    monkeypatch.undo()
    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_kill_9_under_load_and_again(tmp_path: Path, free_port: int) -> None:
    """Rounds of kill -9 while a writer writes: every acknowledged point is there after the restart."""
    key = tmp_path / "key"
    key.write_text("key")
    command = [
        sys.executable, "-m", "voiceassist.adapters.vectord",
        "--data", str(tmp_path / "d"), "--port", str(free_port), "--api-key-file", str(key),
    ]  # fmt: skip
    acknowledged: set[int] = set()
    number = 0
    for _ in range(3):
        process = subprocess.Popen(command)
        with httpx.Client(base_url=f"http://127.0.0.1:{free_port}", headers=KEY, trust_env=False, timeout=10) as client:
            wait_ready(client)
            client.put("/collections/c", json=COLLECTION)
            killer = threading.Timer(0.7, os.kill, (process.pid, signal.SIGKILL))
            killer.start()
            try:
                while True:
                    if client.put("/collections/c/points?wait=true", json=body(number, 5)).status_code == 200:
                        acknowledged |= set(range(number, number + 5))
                    number += 5
            except httpx.TransportError:
                pass
            process.wait()
    process = subprocess.Popen(command)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{free_port}", headers=KEY, trust_env=False, timeout=10) as client:
            wait_ready(client)
            answer = client.post(
                "/collections/c/points/scroll", json={"limit": number + 5, "with_payload": True}
            ).json()
            found = {point["id"] for point in answer["result"]["points"]}
    finally:
        process.terminate()
        process.wait()
    assert len(acknowledged) > 20
    assert acknowledged <= found


def wait_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("vectord did not start")
