"""`python -m functions.phi.training --packages FOLDER --lists FILE`: writes the model and its card (`make phi-model`).

Two runs. The judge is trained without the held-out templates and names and measured on texts made of nothing else; its
figures are the honest ones. The shipped model is trained with the same options on all of them.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from functions.phi.domain import crf
from functions.phi.domain.engine import Engine
from functions.phi.domain.lists import Lists
from functions.phi.training import corpus, measure, training

COUNTS = {"note": 2800, "query": 6300, "asr": 4500, "log": 3600}
MEASURED = {"note": 150, "query": 500, "asr": 450, "log": 400}
ROOM = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m functions.phi.training", description="Build the tagger's model.")
    parser.add_argument("--packages", type=Path, required=True, help="where requirements/training.txt was installed")
    parser.add_argument("--lists", type=Path, required=True, help="the file of lists that `make install` builds")
    parser.add_argument("--out", type=Path, default=crf.FOLDER, help="folder for the model and its card")
    asked = parser.parse_args()
    sys.path.append(str(asked.packages))
    lists = Lists.open(asked.lists)
    options = training.Options()
    asked.out.mkdir(parents=True, exist_ok=True)
    model, card = asked.out / crf.MODEL.name, asked.out / crf.CARD.name
    with tempfile.TemporaryDirectory() as folder:
        judge = Path(folder) / "judge"
        training.train(corpus.texts(options.seed, COUNTS, held=False), lists, judge, options)
        figures = {
            "held_out_templates_and_names": measured(judge, lists, options.seed + 1, held=True),
            "other_texts_of_the_training_templates": measured(judge, lists, options.seed + 1, held=False),
        }
    started = time.monotonic()
    training.train(corpus.texts(options.seed, COUNTS, held=None), lists, model, options)
    card.write_text(json.dumps(described(model, lists, options, figures), indent=1) + "\n", encoding="utf-8")
    print(f"{model}: {model.stat().st_size} bytes, trained in {time.monotonic() - started:.0f} s")  # noqa: T201


def measured(model: Path, lists: Lists, seed: int, *, held: bool) -> dict[str, object]:
    tagger = crf.Tagger(crf.opened(model, crf.digest(model.read_bytes())))
    engine = Engine(lists, taggers=(tagger.find,))
    return measure.measured(corpus.texts(seed, MEASURED, held=held), engine.find)


def described(model: Path, lists: Lists, options: training.Options, figures: Mapping[str, object]) -> dict[str, object]:
    """The card. `rules` is a digest of the code whose findings the model was trained to read."""
    rules = hashlib.sha256()
    for path in sorted((ROOM / "domain").glob("*.py")):
        if path.name not in {"crf.py", "features.py"}:
            rules.update(path.read_bytes())
    return {
        "sha256": crf.digest(model.read_bytes()),
        "bytes": model.stat().st_size,
        "trained_with": {
            "python-crfsuite": version("python-crfsuite"),
            "faker": version("faker"),
            "names": version("names"),
        },
        "options": {name: getattr(options, name) for name in options.__slots__},
        "keep": crf.KEEP,
        "texts": COUNTS,
        "rules": rules.hexdigest()[:16],
        "lists_entries": lists.entries,
        "figures_rules_and_tagger": figures,
    }


if __name__ == "__main__":
    main()
