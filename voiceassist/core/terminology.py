"""Names of clinical concepts and which of them are kinds of another.

A concept is an inner node by a terminology pack, or because titles end in its name: "Ataxia telangiectasia" is a
telangiectasia. Packs are read by voiceassist/runtime/terminology.py.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from voiceassist.core.errors import ValidationError
from voiceassist.core.text import singular, words


class PackError(ValidationError):
    """A terminology pack cannot be read; `detail` never repeats what it holds."""

    code = "TERMINOLOGY_INVALID"


def key(name: str) -> str:
    """How names are compared: words without case, accents, marks and plural endings; `Kaposi's` is `kaposi`."""
    bare = name.replace("\u2019", "'").replace("'s ", " ").removesuffix("'s")
    return " ".join(singular(_SPELLINGS.get(word, word)) for word in words(bare))


# One spelling for both sides of the ocean.
_SPELLINGS = {
    "anaemia": "anemia",
    "oedema": "edema",
    "haemorrhage": "hemorrhage",
    "haemorrhagic": "hemorrhagic",
    "leukaemia": "leukemia",
    "diarrhoea": "diarrhea",
    "ischaemic": "ischemic",
    "tumour": "tumor",
    "haemolytic": "hemolytic",
    "hypoglycaemia": "hypoglycemia",
    "hyponatraemia": "hyponatremia",
    "hyperkalaemia": "hyperkalemia",
}


@dataclass(frozen=True, slots=True)
class Concept:
    """`names` are compared names, its own first; `kinds` compared names of what is narrower, in the pack's order.

    `also` are its other names as they are written.
    """

    name: str
    names: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Concepts:
    """Concepts by every compared name they have."""

    by_name: Mapping[str, Concept] = field(default_factory=dict)

    def find(self, phrase: str) -> Concept | None:
        return self.by_name.get(key(phrase))

    def names(self, phrase: str) -> tuple[str, ...]:
        """All compared names of what `phrase` names; its own where nothing is known of it."""
        found = self.find(phrase)
        return found.names if found else (key(phrase),)

    def joined(self, other: "Concepts") -> "Concepts":
        """Both; where both know a name, the names and kinds of this one come first."""
        merged = dict(other.by_name)
        for name, concept in self.by_name.items():
            there = other.by_name.get(name, concept)
            names = tuple(dict.fromkeys((*concept.names, *there.names)))
            kinds = tuple(dict.fromkeys((*concept.kinds, *there.kinds)))
            also = tuple(dict.fromkeys((*concept.also, there.name, *there.also)))
            merged[name] = Concept(concept.name, names, kinds, tuple(one for one in also if one != concept.name))
        return Concepts(merged)


def term_pack(lines: Iterable[str]) -> Concepts:
    """Terms of a Disease-Ontology-shaped pack. Raises PackError for a line that is no term."""
    terms: dict[str, tuple[str, Sequence[str]]] = {}
    narrower: dict[str, list[str]] = {}
    for line in lines:
        if not line.strip():
            continue
        try:
            term = json.loads(line)
            terms[str(term["id"])] = (str(term["name"]), [str(one) for one in term.get("syn") or ()])
            for wider in term.get("isa") or ():
                narrower.setdefault(str(wider), []).append(key(str(term["name"])))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise PackError("A line of the terminology pack is no term with id and name.") from None
    found: dict[str, Concept] = {}
    for identity, (name, synonyms) in terms.items():
        put(found, name, synonyms, tuple(narrower.get(identity, ())))
    return Concepts(found)


def put(found: dict[str, Concept], name: str, also: Sequence[str], kinds: tuple[str, ...]) -> None:
    """A name proper wins over a synonym of another concept."""
    names = tuple(dict.fromkeys(one for one in map(key, (name, *also)) if one))
    if not names:
        return
    concept = Concept(name, names, kinds, tuple(also))
    found[names[0]] = concept
    for other in names[1:]:
        found.setdefault(other, concept)
