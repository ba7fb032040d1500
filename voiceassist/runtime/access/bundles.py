"""Bundles of policy: the one that comes with the product, and those that were published here, which are signed.

A published bundle is a file that every process of the installation reads: JSON with the files, a number that grows, and
an Ed25519 signature (RFC 8032) over number and revision. Who can write the file but has not the key changes nothing.
"""

import re
from functools import lru_cache
from pathlib import Path

import msgspec

from voiceassist.core.files import write_whole
from voiceassist.ports.policy import Bundle, PolicyError

PACKAGED = Path(__file__).resolve().parents[3] / "functions/policies/rego"
LARGEST = 1_048_576  # bytes of a file; one that is larger is no policy
_KEY = re.compile(r"[0-9a-fA-F]{64}")


class Published(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: int
    modules: dict[str, str]
    data: dict[str, str]
    signature: bytes = b""

    @property
    def bundle(self) -> Bundle:
        return Bundle(self.modules, self.data)

    @property
    def signed(self) -> bytes:
        return f"voiceassist policy 1\n{self.number}\n{self.bundle.revision}".encode()


@lru_cache(maxsize=1)
def packaged() -> Bundle:
    """What a fresh installation decides by."""
    return read(PACKAGED)


def read(folder: Path) -> Bundle:
    """The *.rego and *.json files of a folder."""
    return Bundle(
        modules={path.name: path.read_text() for path in sorted(folder.glob("*.rego"))},
        data={path.name: path.read_text() for path in sorted(folder.glob("*.json"))},
    )


def publish(path: Path, number: int, bundle: Bundle, *, signing_key: str) -> None:
    """Put the bundle where every process looks; whole or not at all. PolicyError without a key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not _KEY.fullmatch(signing_key):
        raise PolicyError("There is no key to sign policies with.")
    bare = Published(number, dict(bundle.modules), dict(bundle.data))
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(signing_key))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, msgspec.json.encode(msgspec.structs.replace(bare, signature=key.sign(bare.signed))))


def published(path: Path, *, public_key: str) -> Published:
    """The bundle of a file; PolicyError where it is damaged, too large, or not signed by the key (64 hex digits)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not _KEY.fullmatch(public_key):
        raise PolicyError("There is no key to check policies with.")
    try:
        content = path.read_bytes()
        if len(content) > LARGEST:
            raise PolicyError("The published policy is too large.")
        found = msgspec.json.decode(content, type=Published)
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(found.signature, found.signed)
    except (OSError, msgspec.MsgspecError, InvalidSignature):
        raise PolicyError("The published policy is damaged or not signed by us.") from None
    return found


@lru_cache(maxsize=2)
def public_of(signing_key: str) -> str:
    """The public key of a seed, hex; empty for what is no seed."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not _KEY.fullmatch(signing_key):
        return ""
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(signing_key)).public_key().public_bytes_raw().hex()
