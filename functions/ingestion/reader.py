"""The reading process: parses one untrusted document within limits and knows nothing else.

    python -m functions.ingestion.reader FORMAT LANGUAGES <document >blocks.json

It is started without the room's environment, so no secret is in reach of a hostile file.
Exit 0 with blocks as JSON, or exit 3 with the code of the fault; on the error stream it says which page it is at.
"""

import contextlib
import resource
import sys

import msgspec

from functions.ingestion import ocr
from functions.ingestion.domain.blocks import BROKEN, TOO_LARGE, DocumentError, Extracted
from functions.ingestion.domain.extraction import extract

REFUSED = 3
MEMORY_BYTES = 1_200_000_000
CPU_SECONDS = 240
MAX_CHARACTERS = 50_000_000


def limit() -> None:
    """Memory, time and files; a system without one of these limits goes without it."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def say(done: int, total: int) -> None:
    sys.stderr.write(f"page {done} of {total}\n")
    sys.stderr.flush()


def read(kind: str, languages: str) -> Extracted:
    try:
        extracted = extract(sys.stdin.buffer, kind, paged=say, recognise=ocr.recogniser(languages))
    except MemoryError:
        raise DocumentError(code=TOO_LARGE) from None
    except RecursionError:
        raise DocumentError(code=BROKEN) from None
    if sum(len(block.text) for block in extracted.blocks) > MAX_CHARACTERS:
        raise DocumentError(code=TOO_LARGE)
    return extracted


def main() -> int:
    limit()
    try:
        extracted = read(*sys.argv[1:3])
    except DocumentError as error:
        sys.stdout.write(error.code)
        return REFUSED
    sys.stdout.buffer.write(msgspec.json.encode(extracted))
    return 0


if __name__ == "__main__":
    sys.exit(main())
