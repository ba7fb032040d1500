"""Lines as machines write them, none like another: sixteen sentences of ten services, proxies and databases, with ids,
times and sizes that are drawn anew for each.
"""

import random
from collections.abc import Iterator

ROOMS = "auth retrieval ingestion documents phi calculators audio differential notifications subscriptions".split()
LEVELS = "DEBUG INFO INFO INFO INFO WARN ERROR".split()
PLACES = "db.py:connect ws.py:send consumer.py:poll app.py:lifespan index.py:flush cache.py:get".split()
WORDS = "started ready drained indexed embedded flushed answered reloaded evicted compacted".split()
ROUTES = "/healthz /metrics /api/v1/search /api/v1/documents /api/v1/phi/detect /static/app.js".split()
TEMPLATES = (
    "{stamp} {level} [{room}] request answered route={route} status={status} duration_ms={ms} trace={hex}",
    '{{"ts":"{stamp}","level":"{level}","service":"{room}","trace_id":"{hex}","msg":"{word}","latency_ms":{ms},"hits":{n}}}',
    '{{"timestamp":"{stamp}","severity":"{level}","logger":"{room}","document_id":"{uuid}","chunks":{n},"bytes":{size}}}',
    '127.0.0.1 - - [{access}] "GET {route} HTTP/1.1" {status} {size} "-" "kube-probe/1.30"',
    "{syslog} node-a kubelet: pod default/{room} restarted, exit code {n}, uptime {size} s",
    "{stamp} {level} {room} job {uuid} {word} after {ms} ms, attempt {n}",
    "{stamp} {level} {room} pool: {n} connections, {n} idle, waited {ms} ms",
    'level={level} svc={room} msg="circuit {word}" backoff={ms}ms peer=127.0.0.1',
    "gc: pause {ms}ms heap={size}kB threads={n} build {hex}",
    "{stamp} LOG:  checkpoint complete: wrote {size} buffers; write={ms} s, sync={ms} s",
    "raft: term {n} {word}, index {size}, leader {room}",
    '{{"event":"scan.completed","scan":"{uuid}","tokens":{size},"took_ms":{ms},"model":"local"}}',
    "{stamp} {level} {room} Traceback: TimeoutError at {place}, line {n}, request {hex}",
    "kafka: consumer {room} lag {size} partition {n} offset {size}",
    "SELECT count(*) FROM outbox WHERE leased_until < now() LIMIT {n}; -- {ms} ms, {size} rows",
    "{stamp} nginx: upstream {room} answered {status} in {ms} s, {size} bytes",
)  # fmt: skip


def lines(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [made(rng) for _ in range(count)]


def made(rng: random.Random) -> str:
    day, hour, minute, second = rng.randint(1, 28), rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59)
    clock = f"{hour:02}:{minute:02}:{second:02}"
    number = f"{rng.getrandbits(128):032x}"
    kind, room = rng.randrange(len(TEMPLATES)), rng.randrange(len(ROOMS))
    own = kind * len(ROOMS) + room  # a service says a sentence at one level and in one way
    return TEMPLATES[kind].format(
        stamp=f"2026-{rng.randint(1, 12):02}-{day:02}T{clock}.{rng.randint(0, 999):03}Z",
        access=f"{day:02}/Nov/2026:{clock} +0000",
        syslog=f"Nov {day:2} {clock}",
        level=LEVELS[own % len(LEVELS)],
        room=ROOMS[room],
        place=PLACES[own % len(PLACES)],
        word=WORDS[own % len(WORDS)],
        route=rng.choice(ROUTES),
        status=rng.choice((200, 200, 200, 204, 301, 404, 429, 503)),
        ms=round(rng.lognormvariate(3, 1.5), rng.choice((0, 1, 3))),
        n=rng.randint(0, 999),
        size=int(rng.lognormvariate(8, 2)),
        hex=number,
        uuid=f"{number[:8]}-{number[8:12]}-7{number[13:16]}-9{number[17:20]}-{number[20:]}",
    )


def mixed(plain: list[str], named: list[str], share: float, seed: int) -> Iterator[str]:
    """The plain lines with one of `named` in place of `share` of them, each of those once as long as there are some."""
    rng = random.Random(seed)
    rest = named * (1 + int(len(plain) * share / len(named)))
    for one in plain:
        yield rest.pop() if rest and rng.random() < share else one
