"""Texts with marked identifiers: evaluation data where there is some, else the held-out half of our own generator."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

from functions.phi.training.grammar import Text
from voiceassist.runtime.wiring import ROOT

DATA = Path(os.environ.get("VOICEASSIST_EVAL_DATA", ROOT.parent / "shared/data")) / "phi/docs.jsonl"
COUNTS = {"note": 25, "query": 75, "asr": 75, "log": 75}
FOLDER = ROOT / ".make/bench-phi-texts"


def texts(seed: int = 7) -> tuple[str, list[Text]]:
    """Where they are from, and as many of each genre as COUNTS says."""
    if DATA.exists():
        rows = [json.loads(line) for line in DATA.read_text().splitlines()]
        random.Random(seed).shuffle(rows)
        chosen = [
            row for genre, count in COUNTS.items() for row in [one for one in rows if one["genre"] == genre][:count]
        ]
        marked = [
            Text(row["genre"], row["text"], [(one["start"], one["end"], one["label"]) for one in row["spans"]])
            for row in chosen
        ]
        return "development data", marked
    if not FOLDER.exists():
        locked = ["--require-hashes", "-r", str(ROOT / "requirements/training.txt")]
        install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(FOLDER), *locked]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
    sys.path.append(str(FOLDER))
    from functions.phi.training import corpus  # needs the packages above

    return "held-out half of our generator", list(corpus.texts(seed, COUNTS, held=True))
