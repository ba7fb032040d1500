"""The table out of knowledge/, read on the first question and kept.

The files are YAML of the simplest kind: names, two levels, and texts. Reading exactly that takes a small part of the
time of a YAML library, and a test compares both.
"""

import hashlib
from functools import cache
from pathlib import Path

from functions.differential.domain.findings import Reader
from functions.differential.domain.model import (
    FREQUENCIES,
    OLDEST,
    ONSETS,
    URGENCIES,
    WEIGHTS,
    Ages,
    Diagnosis,
    Onset,
    Presentation,
    Sex,
    Source,
    Table,
    Weight,
)

FOLDER = Path(__file__).with_name("knowledge")
Entries = dict[str, dict[str, str]]


@cache
def table() -> Table:
    """Raises ValueError, KeyError or IndexError where a file is not as it should be; a test reads them all."""
    sources = {name: _source(name, entry) for name, entry in entries("sources.yaml").items()}
    files = sorted(path.name for path in (FOLDER / "diagnoses").glob("*.yaml"))
    described = [one for file in files for one in entries(f"diagnoses/{file}").items()]
    diagnoses = {name: _diagnosis(name, entry, sources) for name, entry in described}
    if len(diagnoses) != len(described):
        raise ValueError("A diagnosis is described twice.")
    presentations = {
        name: Presentation(
            name,
            listed(entry["words"]),
            tuple(diagnoses[one] for one in listed(entry["candidates"])),
            listed(entry["red flags"]),
        )
        for name, entry in entries("presentations.yaml").items()
    }
    features = {name: listed(entry[""]) for name, entry in entries("features.yaml").items()}
    combinations = {name: frozenset(listed(entry[""])) for name, entry in entries("combinations.yaml").items()}
    return Table(presentations, diagnoses, features, combinations, sources, _version())


@cache
def reader() -> Reader:
    return Reader(table())


def entries(file: str) -> Entries:
    """Name to its fields; a name with a text of its own has it under the empty field."""
    return parsed((FOLDER / file).read_text())


def parsed(text: str) -> Entries:
    found: Entries = {}
    entry: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError("A line of the table has no colon.")
        value = value.strip().removeprefix('"').removesuffix('"')
        if line.startswith("  "):
            entry[name.strip()] = value
            continue
        if name in found:
            raise ValueError("A name stands twice in a file of the table.")
        entry = found[name] = {"": value} if value or line.endswith('""') else {}
    return found


def listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _source(name: str, entry: dict[str, str]) -> Source:
    return Source(name, entry["text"], entry["body"], int(entry["year"]), entry.get("doi"))


def _diagnosis(name: str, entry: dict[str, str], sources: dict[str, Source]) -> Diagnosis:
    features: dict[str, Weight] = {one: weight for weight in WEIGHTS for one in listed(entry.get(weight, ""))}
    sex, ages = _only(entry.get("only", ""))
    onset: frozenset[Onset] = frozenset(ONSETS[ONSETS.index(one)] for one in listed(entry["onset"]))
    return Diagnosis(
        id=name,
        name=entry["name"],
        urgency=URGENCIES[URGENCIES.index(entry["urgency"])],
        frequency=FREQUENCIES[FREQUENCIES.index(entry["frequency"])],
        features=features,
        against=listed(entry.get("against", "")),
        onset=onset,
        tests=listed(entry["tests"]),
        sources=tuple(sources[one] for one in listed(entry["sources"])),
        typical=_ages(entry["typical"]) if "typical" in entry else None,
        ages=ages,
        sex=sex,
        needs=listed(entry.get("needs", "")),
    )


def _only(text: str) -> tuple[Sex | None, Ages]:
    """ "female 12-55", "male", "age 50-"."""
    who, _, ages = text.partition(" ")
    sex: Sex | None = "female" if who == "female" else "male" if who == "male" else None
    return sex, _ages(ages) if ages else Ages()


def _ages(text: str) -> Ages:
    low, _, high = text.partition("-")
    return Ages(float(low or 0), float(high or OLDEST))


def _version() -> str:
    """The first letters of the digest of all files: another table is another version."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.rglob("*.yaml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
