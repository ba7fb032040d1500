"""Log lines by their templates: machines write the same few sentences for ever, with other numbers in them.

Time stamps, hexadecimal ids and bare numbers are replaced by stand-ins about which every recogniser and the tagger
decide alike; the engine looks at that text, and what it finds is remembered for all lines that differ in nothing else.
So what is found never depends on what was seen before. A value keeps whatever a rule asks of it: how many figures it
has, whether it can be a year, where a month stands near it a day, where an age may be told an age over 89; and it stays
as it is where check digits agree. Of amounts, by their unit or the word before them, only the size is kept. Figures
beside letters, signs or other figures are never replaced, nor is anything in a text that has escapes, look-alikes or
figures of other scripts: that is its own template.

Remembered are digests and places, no text.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

from functions.phi.domain import checks
from functions.phi.domain.fields import DICOM_GROUP
from functions.phi.domain.model import Entity
from functions.phi.domain.readings import escaped, plain

LONGEST = 4_000  # characters; more is no line
MOST = 8_192  # templates remembered in each of two generations
MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
DAYS = "(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|[12]\\d)"
CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
# Each begins behind its first character, which is looked for first, because that is quick.
STAMP = rf"(?:(?<=2)0|(?<=1)9)\d\d-(?:{DAYS})[T ]{CLOCK}(?:[.,]\d{{1,9}})?(?:Z|[+-]\d\d:?\d\d)?(?![\w+/-])"
ACCESS = rf"\d/(?:{MONTHS})/20\d\d:{CLOCK} [+-]\d{{4}}\b"
SYSLOG = (
    rf"(?:{'|'.join(f'(?<={month[0]}){month[1:]}' for month in MONTHS.split('|'))}) (?: [1-9]|[12]\d|3[01]) {CLOCK}\b"
)
UUID = r"[0-9a-f]{7}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\w+=-])"
HEX = r"(?:(?<=[a-f])(?=[a-f]*\d)|(?=\d*[a-f]))[0-9a-f]{15,63}(?![\w+=-])"
BARE = r"""(?:(?<=[=,\[{;|>"' \t\n:].)|(?<=\A.))(?<![\d)][ :,].)(?<!::.)"""  # no other figures before it
SERVED = r"""(?:(?<=HTTP/\d\.\d" .)|(?<=HTTP/\d" .))(?<=[1-5])\d\d \d{1,9}(?=[ \n]|\Z)"""  # status and bytes
ENDS = r"""(?:[mun]?s|[kKMG]i?B|B)?(?=[,\]};|<"' \t\n)%]|\Z)(?![ ,]\(?\d)"""
NET = r"\d{0,2}(?:\.\d{1,3}){3}"
NUMBER = r"\d*(?:\.\d{1,9})?"
UNIT = re.compile(r" ?(?:[mun]?s|[kKMG]i?B|B|bytes|seconds?|minutes?|rows|tokens|chunks|buffers|connections)\b|%")
PARTS = re.compile("[A-Z]?[a-z]+")
AMOUNTS = frozenset(
    """
    attempt attempts backlog backoff buffers bytes chunks connections count duration elapsed free heap hits index lag latency limit
    line lines memory offset pages partition pause pid port queue rate requests retries rows seq size status sync term
    threads timeout tokens took total ttl uptime usage used wait waited write
    """.split()
)
UNITS = frozenset("ms us ns kb mb gb".split())  # as the last part of a key
VALUE = re.compile(
    r"[0-9a-fADFJMNOS](?<![\w+-].)(?:"
    rf"(?<=\d)(?:(?<![/.].)(?P<stamp>{STAMP})|(?P<access>{ACCESS})|(?P<served>{SERVED})|{BARE}(?:(?P<net>{NET})|(?P<number>{NUMBER})){ENDS})"
    rf"|(?<=[0-9a-f])(?:(?P<uuid>{UUID})|(?P<hex>{HEX}))|(?<=[ADFJMNOS])(?P<syslog>{SYSLOG}))"
)
FIVES = str.maketrans("0123456789", "5555555555")
NEAR = 24  # characters in which the word before an amount stands
AMOUNT = "55"
LONG_NUMBER = 13  # figures; with a letter behind them they may be the number of a vehicle
ONE_UUID = "0199a3c2-7d1e-4a40-9b6e-3f1d2c4b5a69"
ONE_HEX = "7d1e0a3c9b6e4f1d" * 4


class Templates:
    """`find` looks through a text; it is asked once for each template."""

    def __init__(self, find: Callable[[str], tuple[Entity, ...]]) -> None:
        self._find = find
        self._young: dict[bytes, tuple[Entity, ...]] = {}
        self._old: dict[bytes, tuple[Entity, ...]] = {}

    def find(self, text: str) -> tuple[Entity, ...]:
        if len(text) > LONGEST:
            return self._find(text)
        moves: list[tuple[int, int, int]] = []
        told = template(text, moves) if as_it_looks(text) else text
        digest = blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        found = self._young.get(digest)
        if found is None:
            found = self._old.get(digest)
            if found is None:
                found = self._find(told)
            self._remember(digest, found)
        return moved(found, moves) if found and moves else found

    def _remember(self, digest: bytes, found: tuple[Entity, ...]) -> None:
        if len(self._young) >= MOST:
            self._old, self._young = self._young, {}
        self._young[digest] = found


def as_it_looks(text: str) -> bool:
    """No escapes, no figures of other scripts, nothing unseen; and no figures that tell what stands behind them."""
    return (text.isascii() or plain(text).text == text) and DICOM_GROUP not in text and not escaped(text)


def template(text: str, moves: list[tuple[int, int, int]]) -> str:
    """The text with stand-ins; adds to `moves` of each that has another length: where it begins and ends in the result,
    and how much longer the text is up to there.
    """
    parts: list[str] = []
    at = longer = 0
    for match in VALUE.finditer(text):
        begin, end = match.span()
        kind = match.lastgroup
        if kind == "number":
            last, end = end, match.end(kind)  # a unit stays as it is
            made = number(text, begin, end, last)
        elif kind == "hex":
            made = ONE_HEX[: end - begin]
            if text[end - 1].isdigit() and text[end : end + 1] in set(" :,") and text[end + 1 : end + 2].isdigit():
                made = f"{made[:-1]}7"  # a number behind a figure stays, and must stay so
        else:
            made = stand_in(match)
        parts += (text[at:begin], made)
        at = end
        if len(made) != end - begin:
            start = begin - longer
            longer += end - begin - len(made)
            moves.append((start, start + len(made), longer))
    if not parts:
        return text
    parts.append(text[at:])
    return "".join(parts)


def moved(found: tuple[Entity, ...], moves: list[tuple[int, int, int]]) -> tuple[Entity, ...]:
    """Findings in a template at their places in the text; one that has a part of a stand-in has all of the value."""
    if found[-1].end <= moves[0][0]:
        return found
    begins, ends, longer = zip(*moves, strict=True)
    longer = (0, *longer)
    made = []
    for one in found:
        # Behind how many stand-ins it begins; how many had begun where it ends.
        start, end = bisect_right(ends, one.start), bisect_left(begins, one.end)
        first = min(one.start, begins[start]) if start < len(begins) else one.start
        last = max(one.end, ends[end - 1]) if end else one.end
        made.append(Entity(first + longer[start], last + longer[end], one.label, one.score, one.source))
    return tuple(made)


def stand_in(match: re.Match[str]) -> str:
    kind, value = match.lastgroup, match[0]
    if kind == "uuid":
        return ONE_UUID
    if kind == "stamp":
        return f"2024-06-14{value[10]}10:41:38{value[19:].translate(FIVES)}"
    if kind == "access":
        return "14/Jun/2024:10:41:38 +0000"
    if kind == "served":
        return "200 5555"
    if kind == "syslog":
        return "Jun 14 10:41:38" if value[4] != " " else "Jun  4 10:41:38"
    size = match.end("net") - match.start()
    return address(value[:size]) + value[size:]


def number(text: str, begin: int, end: int, last: int) -> str:
    """Figures, up to `end`, before a unit, up to `last`: others for which the rules have the same words; behind a
    point, where there is one, just one.
    """
    whole, point, _ = text[begin:end].partition(".")
    unit = text[end:last]
    size = len(whole)
    if unit and size >= LONG_NUMBER:
        return text[begin:end]
    if size > 9 and size != 12:
        made = figures(whole)
    elif unit or amount(word_before(text, begin)) or UNIT.match(text, last):
        made = AMOUNT if size < 4 else "5" * size
    else:
        made = small(whole) if size < 5 else "5" * size
    return f"{made}.5" if point else made


def word_before(text: str, end: int) -> str:
    """`duration_ms=`, `"size":`, `attempt `: the word that stands directly before a number."""
    told = text[end - NEAR if end > NEAR else 0 : end].rstrip("\"'=: ")
    return told[max(told.rfind(" "), told.rfind('"'), told.rfind(",")) + 1 :]


@lru_cache(maxsize=16_384)
def small(value: str) -> str:
    """A day of a month, another number below 90, an age over 89, a year: each kind has its own stand-in."""
    told, size = int(value), len(value)
    if value[0] == "0":
        return value
    if size == 1:
        return "5"
    if size == 2:
        return "11" if told <= 12 else "22" if told <= 31 else "55" if told < 90 else "99"
    if size == 3:
        return "111" if told < 120 else "122" if told < 130 else "555"
    return value if 1800 <= told < 2200 else "5555"


@lru_cache(maxsize=4_096)
def amount(word: str) -> bool:
    """Whether what stands behind this word, or at the end of this key, is an amount of a machine's."""
    parts = PARTS.findall(word)
    return bool(parts) and (parts[-1].lower() in AMOUNTS or (len(parts) > 1 and parts[-1].lower() in UNITS))


def figures(value: str) -> str:
    """Ten figures and more: as they are where they may be the number of a card, a telephone or a provider."""
    if len(value) > 19:
        return "7" * len(value)
    if checks.payment_card(value) or checks.npi(value) or checks.north_american(value):
        return value
    first = "1" if len(value) == 11 and value[0] == "1" else "7"
    return first + "0" * (len(value) - 1)


def address(value: str) -> str:
    """Another address of the net, unless every machine has it or it is none."""
    return "155.55.155.5" if checks.address(value) else value
