"""Texts written by hand in styles of their own: some were in view when rules and templates were written, others never.

The floors are what was measured (docs/reference/phi-tagger.md), less one document or so: they hold what was reached.
"""

import re
from pathlib import Path

import pytest

from functions.phi.training import measure
from functions.phi.training.grammar import IGNORED, Piece, Text, joined

FOLDER = Path(__file__).parent / "styles"
MARK = re.compile(r"«([A-Z0-9_~]+):([^»]*)»")
TITLE = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|NP|Rev|Miss|dr|mister|mrs|nurse|doctor|Prof|Cpl|Old|Uncle|Frau|Herr|Detective)\.? "
)


def pieces(body: str) -> list[Piece]:
    """The text between marks, and the marked; a title within a marked name is ignored."""
    made, last = [], 0
    for match in MARK.finditer(body):
        made.append(Piece(body[last : match.start()]))
        title = TITLE.match(match[2]) if match[1] == "NAME" else None
        if title:
            made.append(Piece(title[0], IGNORED))
        made.append(Piece(match[2][title.end() if title else 0 :], match[1]))
        last = match.end()
    return [*made, Piece(body[last:])]


def texts(name: str) -> list[Text]:
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("//")]
    return [joined(pieces(body.replace("\\n", "\n")), genre) for genre, body in rows]


@pytest.mark.parametrize(
    ("name", "recall", "precision", "leaking", "altered"),
    [
        ("tuned.txt", 0.97, 0.93, 0.08, 0.1),
        ("scored.txt", 0.95, 0.82, 0.14, 0.2),
        ("fresh.txt", 0.9, 0.86, 0.3, 0.15),
        ("viewed.txt", 0.965, 0.93, 0.12, 0.15),
        ("unseen.txt", 0.94, 0.86, 0.27, 0.46),
        ("probe_viewed.txt", 0.965, 0.96, 0.12, 0.08),
        ("probe_measured.txt", 0.94, 0.9, 0.26, 0.23),
    ],
)
def test_styles_of_their_own_are_read(engine, name, recall, precision, leaking, altered):
    total = measure.measured(texts(name), engine.find)["total"]
    assert total["token_recall"] >= recall
    assert total["token_precision"] >= precision
    assert total["leak_rate"] <= leaking
    assert total["clean_documents_altered"] <= altered
