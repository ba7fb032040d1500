"""`voiceassist eval retrieval`: passages of a corpus, ranked for each question by the search of the room itself.

Only the store is another: the corpus lies in memory instead of in Qdrant, with the same two rankings.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import click

from functions.retrieval import service
from functions.retrieval.domain.aliases import mined
from voiceassist.adapters.vectors.memory import MemoryIndex
from voiceassist.cli.evals import rows, vectors
from voiceassist.ports.embedding import Embedder
from voiceassist.ports.vectors import Chunk
from voiceassist.runtime import providers
from voiceassist.runtime.terminology import load_names

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(help="Rank the passages of a corpus for the questions of gold files and write one prediction a line.")
@click.option(
    "--gold", multiple=True, required=True, metavar="FILE", help="JSON lines, also .gz; repeatable.", type=FILE
)
@click.option(
    "--corpus", multiple=True, required=True, metavar="FILE", help="Passages (id, title, text), as --gold.", type=FILE
)
@click.option("--terminology", metavar="FILE", help="Terms (id, name, syn, isa) beside the house's names.", type=FILE)
@click.option("--field", type=click.Choice(["text", "original"]), default="text", help="What of a question is asked.")
@click.option("--cache", default=vectors.CACHE, metavar="FOLDER", help="Where vectors are kept.",
              type=click.Path(path_type=Path, file_okay=False))  # fmt: skip
@click.option("--out", required=True, metavar="FILE", help="Where the predictions go.",
              type=click.Path(path_type=Path, dir_okay=False))  # fmt: skip
def command(
    gold: tuple[Path, ...], corpus: tuple[Path, ...], terminology: Path | None, field: str, cache: Path, out: Path
) -> None:
    questions = [(question["id"], text) for question in rows.read(gold) if (text := question.get(field))]
    chunks = passages(rows.read(corpus))
    embedder = providers.embedder()
    index = indexed(chunks, embedder, cache)
    means = service.Means(names=load_names(terminology))
    answers = asyncio.run(ranked(questions, index, embedder, means))
    rows.write(out, answers)
    click.echo(json.dumps({"questions": len(answers), "passages": len(chunks), "model": embedder.model_id}))


def passages(found: Sequence[rows.Row]) -> list[Chunk]:
    """Rows with the same address, or without one the same title, are parts of a document and share its other names."""
    documents: dict[str, list[rows.Row]] = defaultdict(list)
    for row in found:
        documents[str(row.get("url") or row.get("title") or row["id"])].append(row)
    names = {
        document: mined(str(parts[0].get("title", "")), [str(part["text"]) for part in parts])
        for document, parts in documents.items()
    }
    return [
        Chunk(
            chunk_id=str(row["id"]),
            document_id=document,
            title=str(row.get("title", "")),
            text=str(row["text"]),
            heading=str(row.get("heading", "")),
            mined=names[document],
        )
        for document, parts in documents.items()
        for row in parts
    ]


def indexed(chunks: Sequence[Chunk], embedder: Embedder, cache: Path = vectors.CACHE) -> MemoryIndex:
    def progress(done: int, total: int) -> None:
        click.echo(f"embedded {done} of {total} passages", err=True)

    return MemoryIndex(chunks, vectors.embedded([chunk.searchable for chunk in chunks], embedder, progress, cache))


async def ranked(
    questions: Sequence[tuple[str, str]], index: MemoryIndex, embedder: Embedder, means: service.Means
) -> list[rows.Row]:
    answers: list[rows.Row] = []
    for identity, text in questions:
        outcome = await service.search(
            text,
            sources={"corpus": index},
            embedder=embedder,
            limit=service.KEPT,
            observe=lambda *_: None,
            means=means,
        )
        answers.append({"id": identity, "ranked": [found.chunk.chunk_id for found in outcome.passages]})
    return answers
