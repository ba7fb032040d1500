"""A chain of records that nobody changes unseen: each carries a keyed MAC over the one before and itself.

    h(n) = HMAC-SHA-256(k, h(n-1) || body(n)),  h(0) = 32 zero bytes

The body is canonical JSON (RFC 8785) and says chain and number itself, so a record fits one place only. HMAC: RFC 2104.
Whoever lacks k can add, change or remove nothing without a record that does not fit. Against who has stolen k, and
against a database that was set back, anchors help: what was signed and put where the database cannot reach
(checkpoints.py).
"""

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

GENESIS = bytes(32)
TAG_BYTES = 16  # of a MAC, as anchors repeat it: 2^64 tries to meet another one
LARGEST = 2**53 - 1  # JSON numbers are exact up to here

FaultKind = Literal[
    "changed",  # the MAC does not fit the record and the one before: an edit, or a record from somebody without the key
    "missing",  # the number was passed over: a record was taken out
    "out_of_order",  # a number came again, or came late
    "cut_off",  # an anchor knows this record, the chain ends before it: its tail was cut, or old data restored
    "not_as_anchored",  # it fits the chain and an anchor knows another one: a fork, or made again with a stolen key
    "key_unknown",  # its key is none of ours
    "anchor_forged",  # the checkpoint over it is not signed by us, or does not continue the one before
    "anchor_missing",  # a checkpoint that was anchored is not there any more
    "archive_missing",  # it left the database for an archive that is not there or does not open
]


class Record(NamedTuple):
    """One link as it is stored; a tuple, because millions are looked at."""

    number: int
    key: str
    body: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """The first record of a chain that is not right; `number` is its place, from 1."""

    kind: FaultKind
    number: int


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stands: the number and MAC of its last record; 0 and GENESIS before the first."""

    number: int = 0
    mac: bytes = GENESIS


Keys = Callable[[str], bytes | None]


def canonical(value: Mapping[str, Any]) -> bytes:
    """RFC 8785 for what records hold: objects with ASCII names, texts, whole numbers, lists; TypeError for the rest."""
    _refuse(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _refuse(value: object) -> None:
    """What two writers could write in two ways: fractions, huge numbers, names whose order depends on the encoding."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not isinstance(name, str) or not name.isascii():
                raise TypeError("a name of a record is ASCII")
            _refuse(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse(inner)
    elif isinstance(value, bool) or value is None or isinstance(value, str):
        return
    elif not isinstance(value, int) or abs(value) > LARGEST:
        raise TypeError("a record holds texts, whole numbers, truths and lists of these")


def mac(key: bytes, before: bytes, body: bytes) -> bytes:
    """32 bytes."""
    return hmac.digest(key, before + body, "sha256")


class Anchored(Protocol):
    def get(self, number: int, /) -> bytes | None: ...


class Walk:
    """Goes along a chain record by record until the first fault.

    `tags` tells the first TAG_BYTES of the MAC that an anchor knows at a number.
    """

    def __init__(self, keys: Keys, head: Head | None = None, tags: "Anchored | None" = None) -> None:
        self.head = head or Head()
        self.seen = 0
        self.tags: Anchored = tags or {}
        self._keys = keys
        self._known: dict[str, bytes] = {}

    def through(self, records: Iterable[Record]) -> Fault | None:
        """Look at the next records; None while all are right. `head` is then the last of them."""
        number, before = self.head.number, self.head.mac
        known, tags = self._known, self.tags
        fault: Fault | None = None
        for record in records:
            if record.number != number + 1:
                fault = _displaced(record.number, number + 1)
                break
            key = known.get(record.key) or self._found(record.key)
            if key is None:
                fault = Fault("key_unknown", record.number)
                break
            if not hmac.compare_digest(hmac.digest(key, before + record.body, "sha256"), record.mac):
                fault = Fault("changed", record.number)
                break
            tag = tags.get(record.number)
            if tag is not None and tag != record.mac[:TAG_BYTES]:
                fault = Fault("not_as_anchored", record.number)
                break
            number, before = record.number, record.mac
            self.seen += 1
        self.head = Head(number, before)
        return fault

    def ended(self, anchored: int) -> Fault | None:
        """The chain has no more records and an anchor knows `anchored` of them."""
        return Fault("cut_off", self.head.number + 1) if self.head.number < anchored else None

    def _found(self, name: str) -> bytes | None:
        key = self._keys(name)
        if key is not None:
            self._known[name] = key
        return key


def _displaced(found: int, expected: int) -> Fault:
    return Fault("missing", expected) if found > expected else Fault("out_of_order", found)
