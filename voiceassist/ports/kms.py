"""Where key-encryption keys live. They wrap the data keys of tenants and never leave it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from voiceassist.core.errors import UnavailableError

KEY_BYTES = 32
# What a data key is for; a wrapped key opens under the same words only.
Context = Mapping[str, str]


class KmsUnavailableError(UnavailableError):
    """The keeper of keys is away, sealed, or does not let us in: for now nothing can be opened."""

    code = "KMS_UNAVAILABLE"


class WrappedKeyBrokenError(UnavailableError):
    """The wrapped key was changed, moved, or its key-encryption key is gone."""

    code = "KEY_NOT_OPENED"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """`kek` names the key-encryption key and its version, so that what an old one wrapped can be found."""

    kek: str
    data: bytes


class Kms(Protocol):
    """Blocking calls; whoever has an event loop makes them in a thread."""

    def current(self) -> str:
        """The name of the key-encryption key that wraps now."""
        ...

    def wrap(self, key: bytes, context: Context) -> Wrapped: ...

    def unwrap(self, wrapped: Wrapped, context: Context) -> bytes: ...

    def rotate(self) -> str:
        """Make a new key-encryption key that wraps from now on; what older ones wrapped still opens."""
        ...
