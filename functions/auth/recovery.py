"""One-time recovery codes: ten of sixteen letters and digits, of which the first four name the code.

The name is no secret: it saves comparing a guess with ten slow hashes. The other twelve carry 59 random bits, so
argon2id runs with the smaller of OWASP's recommended costs (19 MiB, two passes).
"""

import re
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

COUNT = 10
# Without 0, 1, i, l and o: a code is read from paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUP, GROUPS = 4, 4
FORM = re.compile(f"[{ALPHABET}]{{{GROUP * GROUPS}}}")


def new_codes() -> list[str]:
    """Ten codes as they are shown, e.g. `k7xm-3fq2-9wpt-hb4n`; no two begin alike."""
    codes: dict[str, str] = {}
    while len(codes) < COUNT:
        groups = ["".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS)]
        codes[groups[0]] = "-".join(groups)
    return list(codes.values())


def parts(code: str) -> tuple[str, str] | None:
    """Selector and secret of a code as somebody types it; None where it cannot be one."""
    plain = re.sub(r"[\s-]", "", code).lower()
    return (plain[:GROUP], plain[GROUP:]) if FORM.fullmatch(plain) else None


def hashed(code: str) -> tuple[str, str]:
    """Selector and argon2id hash of a code of ours; some 20 ms."""
    found = parts(code)
    assert found is not None  # noqa: S101 - new_codes() made it
    return found[0], _hasher().hash(found[1])


def matches(secret: str, encoded: str | None) -> bool:
    """Takes as long where there is no such code."""
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return _hasher().verify(encoded or _nothing(), secret) and encoded is not None
    except (Argon2Error, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@lru_cache(maxsize=1)
def _nothing() -> str:
    return _hasher().hash(secrets.token_hex(16))
