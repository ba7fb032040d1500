"""The three people of a fresh embedded installation: random passwords, never defaults (SPEC G17).

`seed-users.json` (0600) is the only place that holds the passwords and TOTP secrets in the clear;
`issuer/users.json`, which the issuer reads, is derived from it and holds argon2id hashes.
"""

import json
import secrets
from pathlib import Path
from typing import Any

import msgspec
from argon2 import PasswordHasher

from voiceassist.core.files import write_whole

# Without 0, 1, i, l and o: a password is read aloud and typed from a terminal.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
PEOPLE = (
    ("clinician", "Robin Hale", "user", "clinician"),
    ("admin", "Sam Porter", "admin", "administrator"),
    ("viewer", "Kim Vale", "viewer", "observer"),
)


class SeedUser(msgspec.Struct, frozen=True):
    """A seeded person with the secrets in the clear."""

    sub: str
    username: str
    name: str
    email: str
    role: str
    profile: str
    password: str
    totp_secret: str


def seed(data_dir: Path) -> list[SeedUser]:
    """Create the users once; later calls return the same people and mend a half-finished first start."""
    path = seed_file(data_dir)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, _encoded([person(*entry) for entry in PEOPLE]))
    users = read(data_dir)
    directory = users_file(data_dir)
    if not directory.exists():
        hasher = PasswordHasher()
        entries = [hashed(user, hasher) for user in users]
        directory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(directory, json.dumps({"users": entries}, indent=2).encode())
    return users


def read(data_dir: Path) -> list[SeedUser]:
    """The seeded users, or none where this installation has not been seeded."""
    path = seed_file(data_dir)
    if not path.exists():
        return []
    return msgspec.convert(json.loads(path.read_bytes())["users"], list[SeedUser])


def seed_file(data_dir: Path) -> Path:
    return data_dir / "seed-users.json"


def users_file(data_dir: Path) -> Path:
    return data_dir / "issuer" / "users.json"


def person(username: str, name: str, role: str, profile: str) -> SeedUser:
    return SeedUser(
        sub=secrets.token_hex(16),
        username=username,
        name=name,
        email=f"{username}@hospital.example",
        role=role,
        profile=profile,
        password=new_password(),
        totp_secret=new_totp_secret(),
    )


def new_password() -> str:
    """Four groups of four letters or digits: 79 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def new_totp_secret() -> str:
    """160 bits in base32, as RFC 4226 recommends."""
    import base64

    return base64.b32encode(secrets.token_bytes(20)).decode()


def hashed(user: SeedUser, hasher: PasswordHasher) -> dict[str, Any]:
    shown = {field: getattr(user, field) for field in ("sub", "username", "name", "email", "role", "profile")}
    return shown | {"password_hash": hasher.hash(user.password)}


def _encoded(users: list[SeedUser]) -> bytes:
    return json.dumps({"users": [msgspec.to_builtins(user) for user in users]}, indent=2).encode()
