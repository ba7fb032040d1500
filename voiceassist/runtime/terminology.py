"""Terminology packs from files: those of the house, and one that the operator configures.

terms/kinds.yaml holds clinical words with their kinds, for asking back; terms/names.yaml other names of one thing
(abbreviations, brands, everyday words), for search; terms/drugs.yaml names of drugs, for asking "did you mean?".
An operator's pack is a file of terms, one JSON object a line: {"id", "name", "syn": [exact synonyms], "isa": [ids of
wider terms]} (the Disease Ontology fits), gzipped or not.
"""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Any

from voiceassist.core.terminology import Concept, Concepts, PackError, key, put, term_pack

TERMS = Path(__file__).parent / "terms"
HOUSE_PACK = TERMS / "kinds.yaml"
HOUSE_NAMES = TERMS / "names.yaml"
HOUSE_DRUGS = TERMS / "drugs.yaml"


@lru_cache(maxsize=4)
def load(pack: Path | None = None) -> Concepts:
    """The house pack of kinds, with the operator's behind it. Raises PackError."""
    house = _kinds()
    return house.joined(term_pack(_lines(pack))) if pack else house


@lru_cache(maxsize=4)
def load_names(pack: Path | None = None) -> Concepts:
    """As `load`, with the house's other names in between. Raises PackError."""
    house = _kinds().joined(name_pack(HOUSE_NAMES.read_text(encoding="utf-8")))
    return house.joined(term_pack(_lines(pack))) if pack else house


@lru_cache(maxsize=1)
def drugs() -> tuple[str, ...]:
    """Generic and brand names of drugs, each once."""
    kinds = _mapping(HOUSE_DRUGS.read_text(encoding="utf-8")).values()
    return tuple(dict.fromkeys(str(name) for names in kinds for name in names))


def house_pack(text: str) -> Concepts:
    """A mapping of concepts to `also` (other names) and `kinds` (a mapping of kinds to their other names)."""
    # What stands in several places, as a kind here and with kinds of its own there, is one concept.
    names: dict[str, tuple[str, list[str], list[str]]] = {}
    for name, entry in _mapping(text).items():
        for one, also, kinds in (
            (name, entry.get("also"), entry["kinds"]),
            *((kind, others, ()) for kind, others in entry["kinds"].items()),
        ):
            _, known, narrower = names.setdefault(key(one), (one, [], []))
            known += also or ()
            narrower += (key(kind) for kind in kinds)
    found: dict[str, Concept] = {}
    for name, also, kinds in names.values():
        put(found, name, also, tuple(dict.fromkeys(kinds)))
    return Concepts(found)


def name_pack(text: str) -> Concepts:
    """A mapping of names to lists of other names."""
    found: dict[str, Concept] = {}
    for name, also in _mapping(text).items():
        put(found, str(name), [str(one) for one in also], ())
    return Concepts(found)


@lru_cache(maxsize=1)
def _kinds() -> Concepts:
    return house_pack(HOUSE_PACK.read_text(encoding="utf-8"))


def _mapping(text: str) -> dict[Any, Any]:
    """By libyaml where it is there: in Python alone the house's packs take a quarter of a second."""
    import yaml

    found: dict[Any, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe
    return found


def _lines(pack: Path) -> list[str]:
    try:
        raw = gzip.decompress(pack.read_bytes()) if pack.suffix == ".gz" else pack.read_bytes()
        return raw.decode("utf-8").splitlines()
    except (OSError, EOFError, ValueError):
        raise PackError("The terminology pack cannot be read.") from None
