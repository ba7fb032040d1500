"""What somebody may have written into an event: its fields, with where each stands.

Our own machines write ids, moments, digests and codes; all else is looked through, at the way in (screening.py) and at
the way out to integrators (outside.py).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from events import catalog
from events.envelope import CloudEvent

# What our own machines write: ids, moments, digests, traces and codes. Everything else in an event is looked through.
_MADE = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)"
    r"|(?=[0-9]{0,127}[a-f])[0-9a-f]{16,128}"
    r"|00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
    r"|[A-Z][A-Z0-9_]{1,63}"
)
# In a payload of our own catalogue, whose fields are typed: a name of ours, without the figures of a number.
_OURS = re.compile(
    r"(?=(?:\D*\d){0,5}\D*\Z)[A-Za-z0-9_.:/{}<>+-]{0,200}"
    r"|(?:[A-Z][A-Z_]{1,11}(?:90)?:\d{1,6} ?){0,20}"  # kinds of identifiers and how many
)
LEAST_FIGURES = 5  # of a number that could name somebody
# A key that may be repeated in an answer: a name of a program, and no name of a person with a number.
_KEY = re.compile(r"(?=(?:\D*\d){0,4}\D*\Z)[A-Za-z_][A-Za-z0-9_-]{0,40}")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """`path` within the event, beginning with the attribute or `data`; `name` is what a text calls it."""

    path: Path
    name: str
    value: str

    @property
    def pointer(self) -> str:
        """RFC 6901, with `*` for a key that may itself be somebody's words."""
        return "".join(f"/{one if isinstance(one, int) or _KEY.fullmatch(one) else '*'}" for one in self.path)


def parsed(event: CloudEvent) -> Any:
    """The event's data as JSON, else as text."""
    if event.data is None:
        return None
    try:
        return json.loads(event.data)
    except (ValueError, RecursionError):
        return event.data.decode(errors="replace")


def fields(event: CloudEvent, data: Any, *, beside: dict[str, Any]) -> Iterator[Field]:
    """Of `beside` (attributes) and the data what may be somebody's words.

    Of a payload that fits our catalogue that is what no id, code or name of ours looks like; of any other one all but
    ids, moments, digests and codes.
    """
    yield from _fields(beside, (), "", typed=False)
    yield from _fields(data, ("data",), "", typed=_is_typed(event))


def _is_typed(event: CloudEvent) -> bool:
    if event.type not in catalog.EVENT_TYPES:
        return False
    try:
        catalog.check(event.type, event.data)
    except catalog.PayloadError:
        return False
    return True


def _fields(value: Any, path: Path, name: str, *, typed: bool) -> Iterator[Field]:
    """Without recursion: a document may be as deep as the parser bears."""
    left: list[tuple[Any, Path, str]] = [(value, path, name)]
    while left:
        value, path, name = left.pop()
        if name and not _KEY.fullmatch(name) and not typed:
            yield Field(path, name, "")  # whatever stands under it
        if isinstance(value, dict):
            left += [(inner, (*path, str(key)), str(key)) for key, inner in reversed(value.items())]
        elif isinstance(value, list):
            left += [(inner, (*path, index), name) for index, inner in reversed(list(enumerate(value)))]
        elif (told := _text(value, typed=typed)) is not None:
            yield Field(path, name, told)


def _text(value: Any, *, typed: bool) -> str | None:
    if isinstance(value, str):
        return None if _MADE.fullmatch(value) or (typed and _OURS.fullmatch(value)) else value
    if typed or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    told = str(value)
    return told if sum(map(str.isdigit, told)) >= LEAST_FIGURES else None
