"""Which patterns can match in a text at all: one pass over it instead of one for each pattern.

Hyperscan answers where it is installed and its database was built (`functions/phi/gazetteer.py` compiles it, which takes
seconds); everywhere else every pattern is run. RE2's own set is not used: it says nothing when it runs out of memory. The
finding itself is always RE2's, so the results are the same, which a test proves.
"""

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MAGIC = b"VAHS0001"


class Prefilter:
    """Of `patterns`, in their order; `path` is the built database, if there is one."""

    def __init__(self, patterns: Sequence[str], path: Path | None = None) -> None:
        self._patterns = tuple(patterns)
        self._threads = threading.local()
        self._database = loaded(self._patterns, path) if path is not None else None

    @property
    def engine(self) -> str:
        return "re2" if self._database is None else "hyperscan"

    def candidates(self, data: bytes) -> list[int]:
        """Indices of the patterns that match somewhere in this UTF-8, in their order; perhaps some that do not."""
        if self._database is None:
            return list(range(len(self._patterns)))
        found: list[int] = []
        self._database.scan(data, match_event_handler=lambda index, *_: found.append(index), scratch=self._scratch())
        return sorted(set(found))

    def _scratch(self) -> Any:
        """Of this thread: Hyperscan refuses one that another thread is using."""
        if not hasattr(self._threads, "scratch"):
            import hyperscan

            self._threads.scratch = hyperscan.Scratch(self._database)
        return self._threads.scratch


def digest(patterns: Sequence[str]) -> bytes:
    return hashlib.sha256("\0".join(patterns).encode()).digest()


def loaded(patterns: Sequence[str], path: Path) -> Any:
    """The database of these very patterns; None where Hyperscan is not to be had or the file is another's."""
    try:
        import hyperscan

        data = path.read_bytes()
        if data[:8] != MAGIC or data[8:40] != digest(patterns):
            return None
        database = hyperscan.loadb(data[40:], mode=hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
    except (ImportError, OSError):
        return None
    except Exception:  # noqa: BLE001 - hyperscan.error is no subclass of anything narrower; RE2 does the same work
        return None
    return database


def built(patterns: Sequence[str]) -> bytes | None:
    """The file of the compiled patterns; None where Hyperscan is not to be had."""
    try:
        import hyperscan
    except ImportError:
        return None
    flags = hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_PREFILTER
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[pattern.encode() for pattern in patterns],
        ids=list(range(len(patterns))),
        elements=len(patterns),
        flags=[flags] * len(patterns),
    )
    made: bytes = hyperscan.dumpb(database)
    return MAGIC + digest(patterns) + made
