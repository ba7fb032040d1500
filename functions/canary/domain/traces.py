"""Whether bytes tell of the patient: every value, plain and in the encodings that bytes on their way pass through."""

import base64
import html
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote, quote_plus

import re2

from functions.canary.domain.patient import Patient, spoken

PIECE = 8_388_608
LONGEST = 2_048  # of any form, in bytes: pieces overlap by as much
FEWEST_DIGITS = 9  # fewer in a row stand by chance in ids and times


@dataclass(frozen=True, slots=True)
class Trace:
    """Something found: where, of which category, in which form, how often. Never the value."""

    sink: str
    category: str
    form: str
    count: int


class Search:
    """For one patient; `found(sink, data)` and `found_in(sink, file)` tell what stands there."""

    def __init__(self, patient: Patient) -> None:
        self._known: dict[bytes, tuple[str, str]] = {}
        for one in patient.identifiers:
            for value in whole_and_parts(one.category, one.value):
                for form, data in forms(value):
                    self._known.setdefault(data.lower(), (one.category, form))
        options = re2.Options()
        options.case_sensitive = False
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = 268_435_456
        self._pattern = re2.compile(b"|".join(map(re2.escape, sorted(self._known, key=len, reverse=True))), options)

    def found(self, sink: str, data: bytes) -> list[Trace]:
        return self._told(sink, Counter(self._hits(data)))

    def found_in(self, sink: str, file: BinaryIO) -> list[Trace]:
        counts: Counter[tuple[str, str]] = Counter()
        before = b""
        while piece := file.read(PIECE):
            data = before + piece
            counts.update(self._hits(data))
            before = data[-LONGEST:]
        return self._told(sink, counts)

    def _hits(self, data: bytes) -> Iterator[tuple[str, str]]:
        for match in self._pattern.finditer(data):
            yield self._known[match.group().lower()]

    @staticmethod
    def _told(sink: str, counts: Counter[tuple[str, str]]) -> list[Trace]:
        return [Trace(sink, category, form, count) for (category, form), count in sorted(counts.items())]


def whole_and_parts(category: str, value: str) -> Iterable[str]:
    """A family name and a street tell as much without what stands beside them."""
    if category == "A":
        return (value, value.rsplit(maxsplit=1)[-1])
    if category == "B":
        street, town = value.split(", ")
        return (value, street, street.split()[1], town)
    if category == "C":
        month, day, year = value.split("/")
        return (value, f"{year}-{month}-{day}")
    if category == "N":
        return (value, value.removeprefix("https://"), value.rsplit("/", maxsplit=1)[-1])
    return (value,)


def forms(value: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each form; in bytes A to Z and a to z count as the same (bytes.lower)."""
    for each in dict.fromkeys((value, value.lower(), value.upper())):
        yield "plain", each.encode()
        yield "latin-1", each.encode("latin-1")
        yield "utf-16", each.encode("utf-16-le")
        yield "url", quote(each, safe="").encode()
        yield "form", quote_plus(each).encode()
        yield "path", quote(each).encode()
        yield "json", json.dumps(each)[1:-1].encode()
        yield "html", html.escape(each).encode()
        yield "hex", each.encode().hex().encode()
        for shift in range(3):
            yield "base64", inner_base64(each.encode(), shift)
            yield "base64url", inner_base64(each.encode(), shift).replace(b"+", b"-").replace(b"/", b"_")
    digits = "".join(each for each in value if each.isdecimal())
    if len(digits) >= FEWEST_DIGITS:
        yield "digits", digits.encode()
    yield "spoken", spoken(value).encode()
    letters = "".join(each for each in value if each.isalnum())
    yield "letters", letters.encode()
    if value.isalpha():
        yield "spelled", " ".join(value.lower()).encode()


def inner_base64(data: bytes, shift: int) -> bytes:
    """What of the base64 of data does not depend on the neighbours, when `shift` bytes stand before it in its group."""
    whole = base64.b64encode(b"\0" * shift + data).rstrip(b"=")
    first = (0, 2, 3)[shift]
    partial = (shift + len(data)) % 3
    return whole[first : len(whole) - bool(partial)]
