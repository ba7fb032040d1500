"""New people of the embedded issuer, who were invited: what a password must be, and the entry in `users.json`."""

import fcntl
import json
import re
import secrets
from pathlib import Path

import msgspec
from argon2 import PasswordHasher

from voiceassist.adapters.issuer.directory import User
from voiceassist.adapters.issuer.seed import users_file
from voiceassist.core.files import write_whole

LEAST_DIFFERENT = 6
# What is left of the passwords of twelve characters and more that people use most, without figures and signs.
COMMON = frozenset(
    """password passwort contrasena motdepasse welcome letmein iloveyou sunshine princess football baseball superman
    qwerty qwertyuiop asdfghjkl zxcvbnm admin administrator changeme secret hospital doctor nurse medicine voiceassist
    trustnoone dragon monkey master login access""".split()
)
REPLACED = str.maketrans("013457@$", "oieastas")


def guessable(password: str, username: str) -> bool:
    """NIST SP 800-63B, 5.1.1.2: common words with ornaments, few different characters, or the person's own name."""
    plain = password.casefold()
    word = re.sub(r"[^a-z]", "", plain.translate(REPLACED))
    bare = re.sub(r"[^a-z]", "", plain)
    doubled = {word[: len(word) // 2] for word in (word, bare) if word[: len(word) // 2] * 2 == word}
    return len(set(plain)) < LEAST_DIFFERENT or username in plain or bool({word, bare, *doubled} & COMMON)


def new_user(username: str, password: str, name: str, email: str, role: str, profile: str) -> User:
    """With a random subject, which is never given twice; hashing takes about 50 ms."""
    return User(
        sub=secrets.token_hex(16),
        username=username,
        name=name,
        email=email,
        role=role,
        profile=profile,
        password_hash=PasswordHasher().hash(password),
    )


def add(data_dir: Path, user: User) -> bool:
    """Write the person into the directory; False where the user name is taken. One writer at a time."""
    path = users_file(data_dir)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = json.loads(path.read_bytes())["users"]
        if any(one["username"] == user.username for one in known):
            return False
        write_whole(path, json.dumps({"users": [*known, msgspec.to_builtins(user)]}, indent=2).encode())
    return True
