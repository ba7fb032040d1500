"""How well findings agree with marked texts, by the same definitions as the release figures.

A token is `\\w+`. One that holds an identifier is found when all its identifying characters are covered; one without is a
false one when any of its characters is, of those that are not ignored. A span is found when each of its letters and figures is. A document with
identifiers leaks when a span of it is not found; one without is altered when anything in it is.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from functions.phi.domain.model import Entity
from functions.phi.training.grammar import Text

TOKEN = re.compile(r"\w+")


def counted(made: Text, found: Sequence[Entity]) -> Counter[str]:
    covered = {at for one in found for at in range(one.start, one.end)}
    wrong = covered - {at for start, end in made.ignored for at in range(start, end)}
    secret = {at for start, end, _ in made.spans for at in range(start, end)}
    counts: Counter[str] = Counter()
    for match in TOKEN.finditer(made.text):
        token = set(range(*match.span()))
        if inside := token & secret:
            counts["tokens"] += 1
            counts["tokens_found"] += inside <= covered
        else:
            counts["tokens_false"] += bool(token & wrong)
    whole = [all(at in covered for at in range(start, end) if made.text[at].isalnum()) for start, end, _ in made.spans]
    for (_, _, label), right in zip(made.spans, whole, strict=True):
        counts[f"spans {label}"] += 1
        counts[f"found {label}"] += right
    kind = "with" if whole else "clean"
    counts[f"documents_{kind}"] += 1
    counts["leaking"] += not all(whole)
    counts["altered"] += not whole and any(not made.text[at].isspace() for at in wrong)
    return counts


def figures(counts: Counter[str]) -> dict[str, float]:
    def share(part: str, of: float) -> float:
        return round(counts[part] / of, 4) if of else 0.0

    found = counts["tokens_found"] + counts["tokens_false"]
    spans = {key: value for key, value in counts.items() if key.startswith("spans ")}
    counts["spans_found"] = sum(value for key, value in counts.items() if key.startswith("found "))
    return {
        "token_recall": share("tokens_found", counts["tokens"]),
        "token_precision": share("tokens_found", found),
        "full_span_recall": share("spans_found", sum(spans.values())),
        "leak_rate": share("leaking", counts["documents_with"]),
        "clean_documents_altered": share("altered", counts["documents_clean"]),
    }


def measured(texts: Iterable[Text], find: Callable[[str], Sequence[Entity]]) -> dict[str, object]:
    """Figures in all, by genre, and the full-span recall of each label."""
    by_genre: dict[str, Counter[str]] = {}
    for made in texts:
        by_genre.setdefault(made.genre, Counter()).update(counted(made, find(made.text)))
    total = sum(by_genre.values(), Counter())
    labels = sorted(key.removeprefix("spans ") for key in total if key.startswith("spans "))
    return {
        "total": figures(total),
        "by_genre": {genre: figures(counts) for genre, counts in by_genre.items()},
        "by_label": {label: round(total[f"found {label}"] / total[f"spans {label}"], 4) for label in labels},
    }
