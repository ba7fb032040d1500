"""The words of English that the voice's own dictionary holds: what is in it is no misspelling of a drug.

Read from the package without importing it. Where it is not installed there are none.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

from realtime.speech import tables

CLINICAL = Path(__file__).parent / "clinical.txt"
PACKAGE = "hibari"
FILES = ("lexicon_us_gold.json.gz", "lexicon_us_silver.json.gz", "lexicon_gb_gold.json.gz", "lexicon_gb_silver.json.gz")


@lru_cache(maxsize=1)
def english() -> tables.Words:
    """About 200,000 words in lower case, American and British."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return tables.Words(())
    folder = Path(next(iter(spec.submodule_search_locations))) / "assets"
    return tables.Words(chain.from_iterable(_lower(folder / name) for name in FILES if (folder / name).is_file()))


def _lower(path: Path) -> list[str]:
    return "\n".join(tables.keys(tables.read(path))).lower().split("\n")


@lru_cache(maxsize=1)
def clinical() -> frozenset[str]:
    """Words of symptoms, tests and procedures, in lower case."""
    lines = CLINICAL.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
