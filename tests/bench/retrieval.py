"""Search, answers and ingestion on real engines, and quality: `python tests/bench/retrieval.py [passages]` prints JSON.

Quality needs the evaluation data (VOICEASSIST_EVAL_DATA); its corpus is embedded once, five CPU minutes, and kept.
The knowledge base holds the starter library and synthetic passages up to 16,000 (random words, random unit
vectors: the engine's work is the same, and embedding real ones would take five minutes). Requests go through
the room's door in this process; engines are processes of their own on the same cores.
"""

import asyncio
import io
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from common.product import machine
from common.ranking import quality

QUESTIONS = (
    "how do I treat atrial fibrillation with a high stroke risk",
    "what are the stages of chronic kidney disease",
    "dose of apixaban in pulmonary embolism",
    "management of anaphylaxis",
    "antibiotics for community acquired pneumonia",
    "when to stop anticoagulation after deep vein thrombosis",
    "what is the dose of flurbozamab in gout",
)
# Other names, so a second round of searches; two sides compared; a description that stands for a name.
IN_ROUNDS = (
    "is Brilinta safe with nephrolithiasis",
    "what is the difference between gout and osteoporosis",
    "how is the arrhythmia that raises the risk of stroke treated",
)
ROUNDS = 20
# SPEC N21 and the rates of ingestion: at most, at most and at least.
GOALS = {"search_p95_ms": 60, "hundred_pages_seconds": 30, "chunks_per_cpu_second": 30}


def figures(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "n": len(ordered),
        "p50_ms": round(median(ordered) * 1000, 1),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
    }


async def fill(passages: int) -> None:
    """Bring the knowledge base to `passages`."""
    from functions.retrieval import library_index
    from voiceassist.adapters.vectors.qdrant import QdrantIndex
    from voiceassist.core import ids
    from voiceassist.ports.vectors import Chunk
    from voiceassist.runtime import providers

    await library_index.ensure()
    index = QdrantIndex(providers.knowledge())
    chance = np.random.default_rng(1)
    vocabulary = [f"term{number}" for number in range(20_000)]
    missing = passages - await index.count()
    for start in range(0, missing, 1_000):
        size = min(1_000, missing - start)
        vectors = chance.normal(size=(size, 384)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        words = chance.integers(0, len(vocabulary), size=(size, 200))
        await index.upsert(
            [
                Chunk(
                    str(ids.new_id()), f"synthetic-{start}", f"Topic {row}", " ".join(vocabulary[n] for n in words[row])
                )
                for row in range(size)
            ],
            vectors,
        )


class Signed(httpx.Auth):
    def auth_flow(self, request):
        from voiceassist.core.identity import DEFAULT_TENANT, Principal
        from voiceassist.runtime import tokens
        from voiceassist.runtime.settings import load_settings

        someone = Principal("bench", DEFAULT_TENANT, "user")
        known = load_settings().workload
        token = tokens.mint(someone, issuer="gateway", audience="retrieval", workload=known)
        request.headers["authorization"] = f"Bearer {token}"
        yield request


async def asked(path: str, field: str, questions: Sequence[str] = QUESTIONS) -> dict[str, float]:
    from functions.retrieval import main
    from functions.retrieval.main import remembered, room

    main.shared = lambda: None  # nor one that all processes remember

    seconds = []
    transport = httpx.ASGITransport(app=room)
    async with httpx.AsyncClient(transport=transport, base_url="http://room", auth=Signed(), timeout=60) as client:
        for turn in range(ROUNDS + 1):
            for question in questions:
                remembered.clear()  # an answer that is remembered is not searched
                started = time.perf_counter()
                answer = await client.post(path, json={field: question})
                answer.raise_for_status()
                if turn:  # the first round loads the model and opens connections
                    seconds.append(time.perf_counter() - started)
    return figures(seconds)


def pdf(pages: int) -> bytes:
    from reportlab.pdfgen import canvas

    buffer = io.BytesIO()
    page = canvas.Canvas(buffer)
    for number in range(pages):
        body = page.beginText(50, 780)
        body.setFont("Helvetica", 10)
        for line in range(45):
            body.textLine(f"Rule {line} of page {number} says that the records of the ward are kept complete and safe.")
        page.drawText(body)
        page.showPage()
    page.save()
    return buffer.getvalue()


async def ingested(pages: int) -> dict[str, float]:
    """Reading, scanning, cutting and embedding a document of `pages`; storing it adds milliseconds."""
    from uuid import UUID

    from functions.ingestion import sandbox, service
    from functions.phi.domain.scan import detect
    from voiceassist.runtime import providers

    class Desk:
        """The job of nobody."""

        async def nothing(self, *_step):
            return frozenset()

        progress = paged = scanned = known = keep = nothing

    async def scan(texts):
        return dict.fromkeys((one.label for one in detect("\n".join(texts))), 1)

    source = service.Source(UUID(int=1), UUID(int=2), UUID(int=3), "Bench", "pdf", 1)
    with tempfile.TemporaryFile() as file:
        file.write(pdf(pages))
        file.seek(0)
        wall, cpu = time.perf_counter(), time.process_time()
        result = await service.prepare(
            source,
            file,
            read=sandbox.read,
            scan=scan,
            policy=service.Policy(),
            embedder=providers.embedder(),
            longest=providers.embedder().model.max_tokens,
            desk=Desk(),
        )
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "pages": pages,
        "chunks": len(result.chunks),
        "seconds": round(seconds, 2),
        "chunks_per_cpu_second": round(len(result.chunks) / cpu_seconds, 1),
    }


async def measured(passages: int) -> dict[str, object]:
    from voiceassist.runtime import providers

    await fill(passages)
    started = time.process_time()
    for question in QUESTIONS * 10:
        providers.embedder().embed_query(question)
    query_ms = (time.process_time() - started) / (10 * len(QUESTIONS)) * 1000
    search, in_rounds, answers, document = (
        await asked("/api/v1/search", "query"),
        await asked("/api/v1/search", "query", IN_ROUNDS),
        await asked("/api/v1/answers", "question"),
        await ingested(100),
    )
    reached = {
        "search_p95_ms": search["p95_ms"] <= GOALS["search_p95_ms"],
        "hundred_pages_seconds": document["seconds"] <= GOALS["hundred_pages_seconds"],
        "chunks_per_cpu_second": document["chunks_per_cpu_second"] >= GOALS["chunks_per_cpu_second"],
    }
    figures_found = {
        "passages": passages,
        "query_embedding_cpu_ms": round(query_ms, 2),
        "search": search,
        "search_in_rounds": in_rounds,
        "answer": answers,
        "ingestion": document,
        "goal": GOALS,
        "reached": reached,
    }
    await providers.database().close()
    await providers.knowledge().close()
    return figures_found


def main() -> None:
    from voiceassist.runtime import logging
    from voiceassist.runtime.engines.layout import Layout
    from voiceassist.runtime.engines.stack import open_stack

    logging.configure("bench")  # to standard error: the figures stand alone
    passages = int(sys.argv[1]) if len(sys.argv) > 1 else 16_000
    data = Path(tempfile.mkdtemp(prefix="va-bench-", dir="/tmp"))
    stack = open_stack(Layout(data), port_base=17_400, environ=dict(os.environ), report=lambda *_: None)
    try:
        stack.start_stores()
        os.environ.update(stack.settings_environment)
        from voiceassist.runtime import providers

        where, speed = machine(), asyncio.run(measured(passages))
        found = {"bench": "retrieval", "machine": where, "quality": quality(providers.embedder()), **speed}
        print(json.dumps(found, indent=2))
    finally:
        stack.stop()
        shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    main()
