"""Nothing acknowledged is lost, nothing is left running, and any user may start it."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from qdrant_client import QdrantClient, models
from redis import Redis

from voiceassist.adapters.objects import ObjectStore
from voiceassist.runtime.engines import leftovers, processes, secrets, state
from voiceassist.runtime.engines.environment import child_environment
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports
from voiceassist.runtime.engines.stack import open_stack
from voiceassist.runtime.settings import Settings, parse

pytestmark = [pytest.mark.req("P1.6"), pytest.mark.timeout(120)]


def settings_of(running: Any) -> Settings:
    layout: Layout = running.layout
    return parse(child_environment(layout, secrets.read(layout), Ports(running.base), environ={}))


class PostgresClient:
    """One acknowledged row per call."""

    def __init__(self, settings: Settings) -> None:
        self.dsn = settings.postgres.owner_dsn
        self.loop = asyncio.new_event_loop()
        self.run("create table if not exists kept (n int primary key)")

    def run(self, statement: str) -> list[Any]:
        async def once() -> list[Any]:
            connection = await asyncpg.connect(self.dsn, timeout=5)
            try:
                return await connection.fetch(statement)
            finally:
                await connection.close()

        return self.loop.run_until_complete(once())

    def write(self, number: int) -> None:
        self.run(f"insert into kept values ({number:d})")  # noqa: S608 - a number

    def read(self) -> set[int]:
        return {row["n"] for row in self.run("select n from kept")}


class ValkeyClient:
    def __init__(self, settings: Settings) -> None:
        self.client = Redis.from_url(settings.redis.url, socket_timeout=2, retry=None)

    def write(self, number: int) -> None:
        self.client.sadd("va:kept", number)

    def read(self) -> set[int]:
        return {int(member) for member in self.client.smembers("va:kept")}


class QdrantWriter:
    def __init__(self, settings: Settings) -> None:
        self.client = QdrantClient(
            url=settings.qdrant.url,
            api_key=settings.qdrant.api_key,
            verify=settings.ca_file,
            check_compatibility=False,
            timeout=5,
        )
        if not self.client.collection_exists("kept"):
            self.client.create_collection(
                "kept", vectors_config=models.VectorParams(size=8, distance=models.Distance.COSINE)
            )

    def write(self, number: int) -> None:
        point = models.PointStruct(id=number, vector=[1.0 + number] * 8, payload={"n": number})
        self.client.upsert("kept", [point], wait=True)

    def read(self) -> set[int]:
        return {record.id for record in self.client.scroll("kept", limit=10_000)[0]}


class S3Client:
    def __init__(self, settings: Settings) -> None:
        s3 = settings.s3
        self.store = ObjectStore(s3.endpoint, s3.access_key, s3.secret_key, s3.bucket, s3.region, settings.ca_file)

    def write(self, number: int) -> None:
        self.store.put(f"kept/{number}", f"content {number}".encode())

    def read(self) -> set[int]:
        pages = self.store.client.get_paginator("list_objects_v2").paginate(Bucket=self.store.bucket, Prefix="kept/")
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        found = {int(key.removeprefix("kept/")) for key in keys}
        assert all(self.store.get(f"kept/{number}") == f"content {number}".encode() for number in found)
        return found


CLIENTS: dict[str, Callable[[Settings], Any]] = {
    "postgres": PostgresClient,
    "valkey": ValkeyClient,
    "vectord": QdrantWriter,
    "seaweedfs": S3Client,
}


class Writer(threading.Thread):
    """Writes numbers until told to stop and remembers those that were acknowledged."""

    def __init__(self, client: Any) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.acknowledged: set[int] = set()
        self.stopped = threading.Event()
        self.enough = threading.Semaphore(0)

    def run(self) -> None:
        for number in range(1, 1_000_000):
            if self.stopped.is_set():
                return
            try:
                self.client.write(number)
            except Exception:  # noqa: BLE001, S112 - not acknowledged, so nothing is promised
                continue
            self.acknowledged.add(number)
            self.enough.release()

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self.enough.acquire(timeout=60), "no write was acknowledged"


def test_kill_9_of_each_engine_loses_no_acknowledged_write(running: Callable[..., Any]) -> None:
    stack = running()
    settings = settings_of(stack)
    for name, make in CLIENTS.items():
        client = make(settings)
        writer = Writer(client)
        writer.start()
        writer.wait_for(10)
        pid = stack.pid(name)
        os.kill(pid, signal.SIGKILL)
        stack.wait_ready(name, other_than=pid)
        writer.wait_for(10)
        writer.stopped.set()
        writer.join(timeout=60)
        missing = writer.acknowledged - client.read()
        assert not missing, f"{name} lost {len(missing)} of {len(writer.acknowledged)}"


def test_a_killed_supervisor_leaves_nothing_and_the_data_is_there(
    running: Callable[..., Any], data: Path, children_gone: Callable[..., bool]
) -> None:
    stack = running()
    clients = {name: make(settings_of(stack)) for name, make in CLIENTS.items()}
    for client in clients.values():
        for number in range(5):
            client.write(number)
    records = stack.records()
    assert len(records) == 4
    stack.process.kill()
    stack.process.wait()
    if sys.platform.startswith("linux"):
        assert children_gone(records), "the kernel ends the children of a dead supervisor"
    again = running()
    assert children_gone(records)
    for name, make in CLIENTS.items():
        assert make(settings_of(again)).read() >= set(range(5)), name


def test_the_sweep_ends_a_process_only_if_it_is_the_same_one(tmp_path: Path) -> None:
    """A pid that was given to somebody else since is not ours to end."""
    layout = Layout(tmp_path)
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        wrong = processes.Record(stranger.pid, "another-boot:1")
        right = processes.Record(stranger.pid, processes.birth(stranger.pid) or "")
        for record, ended in ((wrong, []), (right, ["postgres"])):
            entries = {"postgres": state.ProcessState(record, "ready")}
            state.write(layout, state.State(wrong, 1, "", processes=entries))
            assert leftovers.sweep(layout) == ended
            assert (stranger.poll() is None) == (not ended)
        assert not layout.state.exists()
    finally:
        stranger.kill()
        stranger.communicate()


def test_a_second_start_is_refused_and_ctrl_c_ends_every_child_within_ten_seconds(
    running: Callable[..., Any], children_gone: Callable[..., bool]
) -> None:
    stack = running()
    records = stack.records()
    with pytest.raises(EngineError, match="already runs"):
        open_stack(stack.layout, port_base=stack.base, environ={}, report=print)
    assert stack.end() <= 10
    assert children_gone(records, 0)
    assert stack.process.returncode == 0
    assert not stack.layout.state.exists()


@pytest.fixture
def readable_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An interpreter with our packages that any user may read, in a folder that any user may enter."""
    import shutil
    import tempfile

    source = next((Path(path) for path in sys.path if path.endswith("site-packages")), None)
    base = Path(f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}")
    checkout = Path(__file__).resolve().parents[4]
    if source is None or not base.exists() or not all(open_to_all(path) for path in (source, checkout)):
        pytest.skip("no interpreter and packages here that another user may read")
    folder = Path(tempfile.mkdtemp(prefix="va-py-", dir="/tmp"))
    folder.chmod(0o755)
    subprocess.run([base, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    packages = next((folder / "venv" / "lib").glob("python*")) / "site-packages"
    (packages / "voiceassist.pth").write_text(f"{source}\n{checkout}\n")
    yield folder / "venv" / "bin" / "python"
    shutil.rmtree(folder)


def open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in [path, *path.parents])


@pytest.mark.skipif(os.getuid() != 0, reason="an ordinary user runs all the other tests already")
def test_an_ordinary_user_may_start_it(running: Callable[..., Any], data: Path, readable_python: Path) -> None:
    import pwd

    nobody = pwd.getpwnam("nobody")
    os.chown(data.parent, nobody.pw_uid, nobody.pw_gid)
    stack = running(python=readable_python, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    for record in stack.records():
        assert Path(f"/proc/{record.pid}").stat().st_uid == nobody.pw_uid
    assert data.stat().st_mode & 0o077 == 0
    for make in CLIENTS.values():
        client = make(settings_of(stack))
        client.write(1)
        assert client.read() == {1}


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_root_runs_the_stores_as_a_system_user(running: Callable[..., Any]) -> None:
    import pwd

    stack = running()
    stores = pwd.getpwnam("voiceassist").pw_uid
    for name in ("postgres", "valkey", "seaweedfs"):
        assert Path(f"/proc/{stack.pid(name)}").stat().st_uid == stores
    assert stack.layout.secrets.stat().st_mode & 0o777 == 0o600
    assert stack.layout.secrets.stat().st_uid == 0
    for folder in (stack.layout.run / "postgres", stack.layout.run / "valkey", stack.layout.postgres, stack.layout.s3):
        assert folder.stat().st_mode & 0o777 == 0o700
