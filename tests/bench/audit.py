"""The audit: `voiceassist bench audit [--entries 1000000] [--writes 400]` prints JSON.

Verifying a million entries in PostgreSQL with their checkpoints, as `voiceassist audit verify` does it, beside a plain
loop of SHA-256 over the same bodies in memory; the walk alone, without a database; and what a write costs, alone and
with eight at once. Entries are copied into a table of a scratch tenant; processor time stands beside the clock's.
"""

import argparse
import asyncio
import hashlib
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import asyncpg
from common.product import machine
from sqlalchemy import text

from functions.audit import verifying
from functions.audit.verifying import Means
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.signatures import Signer, Verifier
from voiceassist.core import checkpoints, hash_chain, ids
from voiceassist.core.checkpoints import MOST, Signed
from voiceassist.core.hash_chain import GENESIS, Record, Walk
from voiceassist.core.identity import service
from voiceassist.ports.auditing import Act
from voiceassist.runtime.audit_keys import AuditKeys
from voiceassist.runtime.auditing import Writer
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports, is_taken
from voiceassist.runtime.engines.stack import Stack, open_stack
from voiceassist.runtime.settings import Settings, parse

GOAL_SECONDS = 10.0
AT_ONCE = 8


def timed(work):
    """The result, seconds of the clock, seconds of this process."""
    clock, cpu = time.perf_counter(), time.process_time()
    done = work()
    return done, round(time.perf_counter() - clock, 3), round(time.process_time() - cpu, 3)


def made(tenant, keys, count):
    """Entries of the writer's form and length, each with a number and ids of its own."""
    key, before, records = keys.current(tenant), GENESIS, []
    entry = {
        "v": 1, "id": "-ID-", "tenant": str(tenant), "at": "2026-11-29T10:00:00.000000Z", "chain": 0, "number": "-N-",
        "key": key.name, "action": "document.read", "outcome": "success", "in": "documents",
        "by": {"iss": "https://issuer.hospital.example", "sub": str(tenant), "user": str(tenant), "role": "user",
               "profile": "physician", "act": ""},
        "objects": ["document:-ID-"], "patient": "", "purpose": "TREAT", "session": "0123456789abcdef",
        "network": "private", "trace": "0123456789abcdef0123456789abcdef", "facts": {},
    }  # fmt: skip
    form = hash_chain.canonical(entry).decode()
    for number in range(1, count + 1):
        one = f"01a20000-0000-7000-8000-{number:012x}"
        body = form.replace("-ID-", one).replace('"-N-"', str(number)).encode()
        before = hash_chain.mac(key.secret, before, body)
        records.append(Record(number, key.name, body, before))
    return records


async def filled(stack, tenant, records, signer):
    """Into the tables by COPY, as their owner's superior: this is a scratch installation."""
    postgres = next(store for store in stack.stores if store.name == "postgres")
    connection = await asyncpg.connect(postgres.dsn("va_admin"))
    await connection.execute("insert into tenants (id, name) values ($1, 'bench')", tenant)
    for start in range(0, len(records), 50_000):
        rows = [(one.body.decode(), one.mac) for one in records[start : start + 50_000]]
        await connection.copy_records_to_table("audit_entries", records=rows, columns=["body", "mac"])
    after, documents = None, []
    for start in range(0, len(records), MOST):
        part = records[start : start + MOST]
        after = checkpoints.over(
            part, tenant=str(tenant), chain=0, after=after, time="2026-11-29T10:00:00.000Z", key=signer.key_id
        )
        documents.append((Signed(after, signer.sign(after.body)).document.decode(),))
    await connection.copy_records_to_table("audit_checkpoints", records=documents, columns=["document"])
    await connection.execute("vacuum analyze audit_entries, audit_checkpoints")
    await connection.close()


async def writes(settings, keys, count):
    """Milliseconds of single writes, one after another and AT_ONCE at once; entries a second of these."""
    database = Database(settings.postgres.dsn, pool_size=AT_ONCE)
    writer = Writer(database, keys, part="bench")
    who = service("bench")

    async def one():
        began = time.perf_counter()
        await writer.record(Act(who, "document.read", objects=(f"document:{ids.new_id()}",)))
        return (time.perf_counter() - began) * 1000

    await one()
    alone = [await one() for _ in range(count)]
    bare = [await transaction(database, who) for _ in range(count)]
    began, cpu = time.perf_counter(), time.process_time()

    async def several():
        return [await one() for _ in range(count // AT_ONCE)]

    together = [each for part in await asyncio.gather(*(several() for _ in range(AT_ONCE))) for each in part]
    seconds = time.perf_counter() - began
    spent = time.process_time() - cpu
    await database.close()
    return {
        "alone_p50_ms": round(statistics.median(alone), 2),
        "alone_p95_ms": round(sorted(alone)[int(len(alone) * 0.95)], 2),
        "transaction_with_one_row_p50_ms": round(statistics.median(bare), 2),
        "eight_at_once_p50_ms": round(statistics.median(together), 2),
        "eight_at_once_per_s": round(len(together) / seconds),
        "cpu_ms_per_entry": round(spent * 1000 / len(together), 3),
    }


async def transaction(database, who):
    """The peer of a write: a transaction that adds one row to a plain table."""
    began = time.perf_counter()
    async with database.transaction(who) as connection:
        await connection.execute(
            text("insert into processed_events (room, source, event_id) values ('bench', '/bench', :id)"),
            {"id": str(ids.new_id())},
        )
    return (time.perf_counter() - began) * 1000


def plain(records):
    before = GENESIS
    for record in records:
        before = hashlib.sha256(before + record.body).digest()
    return before


def measured(stack: Stack, settings: Settings, count: int, write_count: int):
    tenant, keys = ids.new_id(), AuditKeys(settings.audit)
    signer = Signer(bytes.fromhex(settings.audit.signing_key))
    records, _, making = timed(lambda: made(tenant, keys, count))
    asyncio.run(filled(stack, tenant, records, signer))
    walk = Walk(lambda name: keys.find(tenant, name))
    fault, walk_s, walk_cpu = timed(lambda: walk.through(records))
    _, plain_s, plain_cpu = timed(lambda: plain(records))
    size = sum(len(one.body) for one in records) / count
    records.clear()

    async def verify():
        database = Database(settings.postgres.dsn, pool_size=2)
        try:
            return await verifying.tenant(Means(database, keys, Verifier(signer.public), None), tenant)
        finally:
            await database.close()

    result, verify_s, verify_cpu = timed(lambda: asyncio.run(verify()))
    written = asyncio.run(writes(settings, keys, write_count))
    return {
        "bench": "audit",
        "machine": machine(),
        "entries": count,
        "bytes_per_entry": round(size),
        "verify_s": verify_s,
        "verify_cpu_s": verify_cpu,
        "goal_s": GOAL_SECONDS,
        "met": verify_s <= GOAL_SECONDS * count / 1_000_000,
        "walk_in_memory_s": walk_s,
        "walk_in_memory_cpu_s": walk_cpu,
        "peer_sha256_loop_s": plain_s,
        "peer_sha256_loop_cpu_s": plain_cpu,
        "making_cpu_s": making,
        "verified": result.ok and result.entries == count and fault is None,
        "checkpoints": result.chains[0].checkpoints,
        "write": written,
    }


def free_base() -> int:
    return next(base for base in range(23_000, 30_000, 20) if not any(map(is_taken, Ports(base).needed())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--writes", type=int, default=400)
    asked = parser.parse_args()
    data = Path(tempfile.mkdtemp(prefix="va-", dir="/tmp"))
    quiet = SimpleNamespace(report=lambda _line: None)
    stack = open_stack(Layout(data), port_base=free_base(), environ={}, report=quiet.report)
    try:
        stack.start_stores()
        print(json.dumps(measured(stack, parse(stack.settings_environment), asked.entries, asked.writes), indent=2))
    finally:
        stack.stop()
        shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    main()
