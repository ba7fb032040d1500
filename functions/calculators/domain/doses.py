"""How often a day something is given: "twice a day", "every 8 hours", "t i d"."""

import re
from collections.abc import Callable

# These become `perday3`, a word whose number no dose can take for its own.
FREQUENCIES: tuple[tuple[str, Callable[[str], float]], ...] = (
    (r"(?:every|q) ?(\d+(?:\.\d+)?) ?(?:h|hr|hrs|hours?)", lambda hours: 24 / float(hours)),
    (r"(\d+(?:\.\d+)?) ?(?:x|times?|doses?) ?(?:a|per|each|every|/) ?day", float),
    (r"(\d+(?:\.\d+)?) ?(?:x|times?) daily", float),
    (r"()(?:twice (?:daily|a day|per day|each day)|b ?i ?d)", lambda _: 2.0),
    (r"()(?:thrice (?:daily|a day|per day)|t ?i ?d)", lambda _: 3.0),
    (r"()q ?i ?d", lambda _: 4.0),
    (
        r"()(?:once (?:daily|a day|per day)|q ?d|daily|at bedtime|nightly|every (?:night|morning|evening))",
        lambda _: 1.0,
    ),
    (r"()(?:a|per|each|every) day", lambda _: 1.0),
)
SAID = re.compile(r"\bperday(\d+(?:\.\d+)?)\b")


def marked(text: str) -> str:
    """The text with every frequency as `perday<times>`; an interval of nought hours stays as it is."""
    for pattern, times in FREQUENCIES:
        for found in reversed(list(re.finditer(rf"\b{pattern}\b", text))):
            text = text[: found.start()] + _mark(found, times) + text[found.end() :]
    return text


def _mark(found: re.Match[str], times: Callable[[str], float]) -> str:
    try:
        return f"perday{times(found[1]):.6g}"
    except ZeroDivisionError:
        return found[0]
