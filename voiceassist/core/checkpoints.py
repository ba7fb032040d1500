"""Checkpoints of a hash chain: a signed word, at most a minute later, on every record there was.

One names the records `first` to `last`, the MAC of the last, a tag of each (so that a fork is found to the record),
and the checkpoint before by its SHA-256. Kept where neither the database nor its keys reach, it tells what was there,
whoever holds them now. Signing itself is the adapters' business (Ed25519, RFC 8032).
"""

import base64
import binascii
import bisect
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from voiceassist.core.hash_chain import TAG_BYTES, Fault, Record, canonical

MOST = 1_000  # records under one checkpoint
VERSION = 1

Sign = Callable[[bytes], bytes]
Verify = Callable[[str, bytes, bytes], bool]  # key id, message, signature


class MalformedError(ValueError):
    """It is no checkpoint of ours at all."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`time` is RFC 3339 in UTC, `head` and `previous` are hexadecimal; `previous` is empty in the first."""

    tenant: str
    chain: int
    number: int
    first: int
    last: int
    head: str
    tags: bytes
    time: str
    key: str
    previous: str

    @property
    def body(self) -> bytes:
        return canonical(
            {
                "v": VERSION,
                "tenant": self.tenant,
                "chain": self.chain,
                "number": self.number,
                "first": self.first,
                "last": self.last,
                "count": self.last - self.first + 1,
                "head": self.head,
                "tags": base64.b64encode(self.tags).decode(),
                "time": self.time,
                "key": self.key,
                "previous": self.previous,
            }
        )

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Signed:
    checkpoint: Checkpoint
    signature: bytes

    @property
    def document(self) -> bytes:
        """As it is stored: canonical JSON of both."""
        signature = base64.b64encode(self.signature).decode()
        return canonical({"checkpoint": json.loads(self.checkpoint.body), "signature": signature})

    @classmethod
    def read(cls, document: bytes) -> Self:
        """Raises MalformedError."""
        try:
            outer: dict[str, Any] = json.loads(document)
            inner: dict[str, Any] = outer["checkpoint"]
            checkpoint = Checkpoint(
                tenant=str(inner["tenant"]),
                chain=int(inner["chain"]),
                number=int(inner["number"]),
                first=int(inner["first"]),
                last=int(inner["last"]),
                head=str(inner["head"]),
                tags=base64.b64decode(inner["tags"], validate=True),
                time=str(inner["time"]),
                key=str(inner["key"]),
                previous=str(inner["previous"]),
            )
            signed = cls(checkpoint, base64.b64decode(outer["signature"], validate=True))
        except (ValueError, TypeError, KeyError, binascii.Error):
            raise MalformedError("not a checkpoint") from None
        if signed.document != document:  # one form only, or two documents would say the same
            raise MalformedError("not a checkpoint")
        return signed


def over(
    records: Sequence[Record], *, tenant: str, chain: int, after: Checkpoint | None, time: str, key: str
) -> Checkpoint:
    """The checkpoint over records (one to MOST, checked before) that follow those of `after`."""
    return Checkpoint(
        tenant=tenant,
        chain=chain,
        number=after.number + 1 if after else 1,
        first=records[0].number,
        last=records[-1].number,
        head=records[-1].mac.hex(),
        tags=b"".join(record.mac[:TAG_BYTES] for record in records),
        time=time,
        key=key,
        previous=after.digest if after else "",
    )


class Links:
    """Goes along a chain's checkpoints, in order, until one is not ours or does not continue the one before."""

    def __init__(self, *, tenant: str, chain: int, verify: Verify) -> None:
        self.last: Checkpoint | None = None
        self._place = (tenant, chain)
        self._verify = verify

    def fault(self, signed: Signed) -> Fault | None:
        """None when it fits, and it is then the `last`. A fault's number is the first record nobody vouches for."""
        now, before = signed.checkpoint, self.last
        first = before.last + 1 if before else 1
        if now.number > (before.number + 1 if before else 1):
            return Fault("anchor_missing", first)
        if not (
            (now.tenant, now.chain) == self._place
            and now.number == (before.number + 1 if before else 1)
            and now.previous == (before.digest if before else "")
            and now.first == first
            and len(now.tags) == (now.last - now.first + 1) * TAG_BYTES > 0
            and now.tags[-TAG_BYTES:].hex() == now.head[: 2 * TAG_BYTES]
            and self._verify(now.key, now.body, signed.signature)
        ):
            return Fault("anchor_forged", first)
        self.last = now
        return None


class Tags:
    """What checkpoints that follow each other say of each record, as Walk asks for it."""

    def __init__(self, checkpoints: Sequence[Checkpoint]) -> None:
        self._checkpoints = checkpoints
        self._firsts = [one.first for one in checkpoints]
        self._now: Checkpoint | None = None

    def get(self, number: int) -> bytes | None:
        one = self._now
        if one is None or not one.first <= number <= one.last:
            place = bisect.bisect_right(self._firsts, number) - 1
            one = self._now = self._checkpoints[place] if place >= 0 else None
            if one is None or number > one.last:
                return None
        start = (number - one.first) * TAG_BYTES
        return one.tags[start : start + TAG_BYTES]
