"""What a log line, a span and a metric may carry: the key is looked at first, the value second.

A key that is not declared here is dropped with its value. A value must look like what its key is declared for: a
number, an id, or a word that stands in our code. Free text, and whatever does not look as declared, is searched for
identifiers, and what is found is replaced by its kind. Without a search (it fails, or the engine is not there) the text
is withheld: its length is told instead.
"""

import re
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

Redact = Callable[[str], str]

NUMBERS = frozenset(
    "status duration_ms chunks pages count bytes attempt pid port seconds audio_ms queries retry_after".split()
)
IDS = frozenset("trace_id session_id user_id tenant_id event_id document_id job_id turn_id scan_id".split())
# Constants of our code and names from the wiring.
WORDS = frozenset(
    """event logger module service room route method code error_type causes engine mode version state step model
    setting trigger sink action policy digest rules length_class reason""".split()
)
PLACES = frozenset({"where", "stack"})  # files and lines of code
COUNTS = frozenset({"labels"})  # kinds of identifiers and how many of each
# What others may have written.
TEXTS = frozenset({"event_type", "address"})
ALLOWED = NUMBERS | IDS | WORDS | PLACES | COUNTS | TEXTS

LONGEST = 2_000  # characters of a text; more is a mistake and no diagnosis
MOST = 10_000_000_000  # what we count and measure is less; more may be an identifier without its hyphens
MOST_FIGURES = 5  # of a word: fewer than in any number that names a person
MOST_KNOWN = 500  # values of a key that are remembered
_WORD = re.compile(r"[A-Za-z0-9_.:/{}<>-]{0,200}")
# Sixteen figures without a letter may be those of a card.
_ID = re.compile(
    r"(?:[a-z]{1,16}[_-])?(?=[0-9-]{0,63}[a-f])(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{16,64})"
)
_PLACES = re.compile(r"(?:[\w.<>-]{1,80}:\d{1,6} ?)*")
_COUNTS = re.compile(r"(?:[A-Z][A-Z_]{1,11}(?:90)?:\d{1,6} ?)*")
_NUMBER = frozenset({int, float, bool})
_FIGURES = re.compile(r"\d")


class Fields:
    """The two passes over the fields of one line. `redact` searches a text and gives it back without identifiers."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        # By key the values that were looked at before: a process says the same few hundred for ever.
        self._known: dict[str, set[str]] = {key: set() for key in ALLOWED}

    def __call__(self, _logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """A structlog processor."""
        known, dropped = self._known, []
        for key, value in fields.items():  # an item may be replaced meanwhile, but not taken away
            words = known.get(key)
            if words is None:
                dropped.append(key)
                continue
            kind = type(value)
            if kind is str:
                if value not in words:
                    fields[key] = self._looked_at(key, value, words)
            elif kind in _NUMBER and key in NUMBERS:
                if not -MOST < value < MOST:
                    fields[key] = self.text(value)
            elif value is not None:
                fields[key] = self.text(value)
        for key in dropped:
            del fields[key]
        return fields

    def kept(self, attributes: Mapping[str, Any] | None) -> dict[str, Any]:
        """The same for the attributes of a span or of a log record of OpenTelemetry."""
        return dict(self(None, "", dict(attributes or {})))

    def text(self, value: object) -> str | None:
        """A value that may hold anything, without identifiers."""
        if value is None:
            return None
        if isinstance(value, bool | int | float):
            value = str(value)
        if not isinstance(value, str):
            return f"[{type(value).__name__}]"
        try:
            return self._redact(value[:LONGEST])
        except Exception:  # noqa: BLE001 - a line without the text is better than no line, and than the text
            return withheld(value)

    def _looked_at(self, key: str, value: str, known: set[str]) -> str | None:
        """The value as it may stand there. One that is fit is remembered, but for ids, of which there is no end."""
        if key in IDS and _ID.fullmatch(value):
            return value
        told = value if looks_like_ours(key, value) else self.text(value)
        if told == value and len(known) < MOST_KNOWN:
            known.add(value)
        return told


def withheld(text: str) -> str:
    return f"[{len(text)} characters]"


def looks_like_ours(key: str, value: str) -> bool:
    """A place in our code, or a word with few figures, or one with an id in it."""
    if key in PLACES:
        return len(value) <= LONGEST and _PLACES.fullmatch(value) is not None
    if key in COUNTS:
        return len(value) <= LONGEST and _COUNTS.fullmatch(value) is not None
    if key not in WORDS:
        return value == ""
    if _ID.fullmatch(value):
        return True
    return _WORD.fullmatch(value) is not None and len(_FIGURES.findall(value)) <= MOST_FIGURES


def searched(text: str) -> str:
    """A text with the kind of each identifier in its place; the engine is loaded with the first text."""
    from voiceassist.runtime import deidentification

    parts, at = [], 0
    for one in deidentification.engine().find(text, kind="log"):
        parts += [text[at : one.start], f"[{one.label}]"]
        at = one.end
    return "".join([*parts, text[at:]])


FIELDS = Fields(searched)
