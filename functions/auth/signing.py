"""When which key signs our access tokens: each for thirty days, the next one published long before it is used.

Times are Unix time. The rules are pure; `key_ring.py` keeps the keys.
"""

from collections.abc import Sequence
from typing import Protocol

ROTATE_SECONDS = 30 * 86_400  # N42
# The longest that a token of the former key and a set of keys remembered elsewhere live.
OVERLAP_SECONDS = 3_600


class Dated(Protocol):
    @property
    def signs_from(self) -> float: ...


def signer(dated: Sequence[Dated], now: float) -> int:
    """The place of the key that signs now; -1 where none does yet."""
    begun = [place for place, key in enumerate(dated) if key.signs_from <= now]
    return max(begun, key=lambda place: dated[place].signs_from, default=-1)


def published(dated: Sequence[Dated], now: float) -> list[int]:
    """The places of the keys that others may meet: who signs, who will, and for an hour who did."""
    present = signer(dated, now)
    if present < 0:
        return list(range(len(dated)))
    began = dated[present].signs_from
    former = max((key.signs_from for key in dated if key.signs_from < began), default=None)
    kept = now < began + OVERLAP_SECONDS
    return [
        place
        for place, key in enumerate(dated)
        if key.signs_from >= began or (kept and former is not None and key.signs_from == former)
    ]


def missing(dated: Sequence[Dated], now: float) -> list[float]:
    """From when keys must sign that do not exist yet, so that one signs now and one is there to follow."""
    found: list[float] = []
    latest = max((key.signs_from for key in dated), default=None)
    while latest is None or latest <= now:
        latest = now if latest is None else max(latest + ROTATE_SECONDS, now)
        found.append(latest)
        if latest == now:
            latest = now + ROTATE_SECONDS
            found.append(latest)
    return found
