"""kill -9 of the broker at random instants under load: acknowledged minus delivered, and the order of every key.

    python tests/bench/durability.py [--rounds 100] [--seed N]

Each round starts the broker on the same log, lets publishers run for a random while and kills it. Events have keys;
one Trigger keeps them in order, one does not. Afterwards the broker delivers what is left. Printed: events
acknowledged, lost (must be 0), first deliveries out of order (must be 0), delivered more than once (allowed), and the
seed that repeats the run's instants.
"""

import argparse
import asyncio
import itertools
import json
import os
import platform
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import yaml

from events.envelope import CloudEvent, encode_binary
from voiceassist.core.identity import service
from voiceassist.runtime import tokens, workloads
from voiceassist.runtime.posting import Client, NoAnswerError

WORKLOAD = workloads.derived("s" * 40)
KEYS = 16
WORKERS = 16


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Subscriber:
    """Remembers which event arrived when, by room; fails now and then, so that retries run too."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.heard: dict[str, list[str]] = defaultdict(list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                await reader.readexactly(int(fields["content-length"]))
                fails = self.dice.random() < 0.02
                if not fails:
                    self.heard[head.split(" ")[1].strip("/")].append(fields["ce-id"])
                writer.write(b"HTTP/1.1 %s\r\ncontent-length: 0\r\n\r\n" % (b"503 No" if fails else b"202 Yes"))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()  # the broker was killed, or the run is over


def wiring() -> str:
    triggers = [
        {
            "kind": "Trigger",
            "metadata": {
                "name": name,
                "annotations": {"kafka.eventing.knative.dev/delivery.order": order},
            },
            "spec": {
                "broker": "default",
                "subscriber": {"ref": {"kind": "Service", "name": name}},
                "delivery": {"retry": 100, "backoffPolicy": "linear", "backoffDelay": "PT0.001S", "timeout": "PT5S"},
            },
        }
        for name, order in (("ordered", "ordered"), ("plain", "unordered"))
    ]
    return yaml.safe_dump_all([{"kind": "Broker", "metadata": {"name": "default"}}, *triggers])


class Publishers:
    """Each worker speaks for one key and counts up; what was answered with 202 is `acknowledged`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.numbers = [0] * WORKERS
        self.acknowledged: list[str] = []
        self.refused = 0

    async def run(self) -> None:
        client = Client()
        try:
            await asyncio.gather(*(self.worker(client, name) for name in range(WORKERS)))
        finally:
            client.close()

    async def worker(self, client: Client, name: int) -> None:
        token = tokens.mint(service("operator"), issuer="operator", audience="broker", workload=WORKLOAD)
        while True:
            self.numbers[name] += 1
            identity = f"k{name}-{self.numbers[name]:07}"
            extensions = {"partitionkey": f"k{name % KEYS}"}
            event = CloudEvent(
                id=identity, source="/bench", type="bench.thing.done.v1", data=b"{}", extensions=extensions
            )
            headers, body = encode_binary(event)
            try:
                answer = await client.post(self.url, headers | {"authorization": f"Bearer {token}"}, body, limit=20)
            except NoAnswerError:
                return
            if answer.status == 202:
                self.acknowledged.append(identity)
            else:
                self.refused += 1


class Run:
    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.folder = folder
        self.dice = dice
        self.port = free_port()
        self.database = folder / "events.db"
        self.subscriber = Subscriber(random.Random(dice.random()))
        self.process: subprocess.Popen[bytes] | None = None

    async def spawn(self, room_port: int) -> None:
        settings = {
            "VOICEASSIST_DATA_DIR": str(self.folder),
            "VOICEASSIST_BROKER__PORT": str(self.port),
            "VOICEASSIST_BROKER__DATABASE": str(self.database),
            "VOICEASSIST_BROKER__WIRING_DIR": str(self.folder),
            "VOICEASSIST_ROOM_URL": f"http://127.0.0.1:{room_port}/{{room}}",
            "VOICEASSIST_WORKLOAD__KEY": WORKLOAD.key,
            "VOICEASSIST_WORKLOAD__KEYS": WORKLOAD.keys,
            "VOICEASSIST_KEK": "5a" * 32,
        }
        own = {name: value for name, value in os.environ.items() if not name.startswith("VOICEASSIST_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "events.broker"], env=own | settings, stderr=subprocess.DEVNULL
        )
        client = Client()
        async with asyncio.timeout(30):
            while True:
                try:
                    await client.post(f"http://127.0.0.1:{self.port}/", {}, b"", limit=1)
                except NoAnswerError:
                    await asyncio.sleep(0.01)
                else:
                    break
        client.close()

    def left(self) -> int:
        with closing(sqlite3.connect(self.database)) as connection:
            return int(connection.execute("select count(*) from deliveries where state in (0, 3)").fetchone()[0])

    async def go(self, rounds: int) -> dict[str, object]:
        (self.folder / "wiring.yaml").write_text(wiring())
        server = await asyncio.start_server(self.subscriber, "127.0.0.1", 0)
        room_port = server.sockets[0].getsockname()[1]
        publishers = Publishers(f"http://127.0.0.1:{self.port}/voiceassist/default")
        for _ in range(rounds):
            await self.spawn(room_port)
            assert self.process
            load = asyncio.create_task(publishers.run())
            await asyncio.sleep(self.dice.uniform(0.0, 0.6))
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
            await load
        await self.spawn(room_port)
        started = time.monotonic()
        while self.left() and time.monotonic() - started < 300:
            await asyncio.sleep(0.1)
        assert self.process
        self.process.terminate()
        self.process.wait(30)
        server.close()
        return self.judged(publishers)

    def judged(self, publishers: Publishers) -> dict[str, object]:
        acknowledged = set(publishers.acknowledged)
        lost = {room: len(acknowledged - set(self.subscriber.heard[room])) for room in ("ordered", "plain")}
        first = list(dict.fromkeys(self.subscriber.heard["ordered"]))
        inversions = 0
        for name in range(WORKERS):
            own = [identity for identity in first if identity.startswith(f"k{name}-")]
            inversions += sum(later < earlier for earlier, later in itertools.pairwise(own))
        with closing(sqlite3.connect(self.database)) as connection:
            integrity = connection.execute("pragma integrity_check").fetchone()[0]
            dead = connection.execute("select count(*) from deliveries where state = 2").fetchone()[0]
        return {
            "acknowledged": len(acknowledged),
            "lost": lost,
            "order_inversions": inversions,
            "delivered_again": sum(len(heard) - len(set(heard)) for heard in self.subscriber.heard.values()),
            "dead_letters": dead,
            "undelivered": self.left(),
            "refused": publishers.refused,
            "integrity": integrity,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = random.randrange(2**32) if options.seed is None else options.seed
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        figures = asyncio.run(Run(Path(name), random.Random(seed)).go(options.rounds))
    reached = not any(figures["lost"].values()) and figures["order_inversions"] == 0 == figures["undelivered"]
    machine = {"cpus": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()}
    report = {"bench": "durability", "machine": machine, "rounds": options.rounds, "seed": seed} | figures
    print(json.dumps(report | {"seconds": round(time.monotonic() - started), "reached": reached}, indent=2))
    if not reached:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
