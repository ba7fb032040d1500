"""Key-encryption keys in a file, sealed under a passphrase by scrypt (RFC 7914).

The file may be copied and backed up: without the passphrase it opens nothing, and without the file the passphrase does
not. It is read again when it changes, so that a rotation needs no restart.
"""

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from voiceassist.adapters import crypto
from voiceassist.adapters.kms import associated
from voiceassist.core.errors import SettingsError
from voiceassist.core.files import write_whole
from voiceassist.ports.kms import KEY_BYTES, Context, KmsUnavailableError, Wrapped, WrappedKeyBrokenError

if TYPE_CHECKING:
    from collections.abc import Callable

# 32 MiB and a quarter of a second: one of the sets of OWASP's password storage cheat sheet, and it fits into a pod.
COST, PASSES = 2**15, 3
# A passphrase of 256 random bits is beyond guessing whatever it costs; a cold start need not pay for it.
COST_OF_RANDOM, PASSES_OF_RANDOM = 2**10, 1
MOST_COST = 2**20  # a file that asks for more is not ours
BLOCK = 8
LEAST_PASSPHRASE = 16
PREFIX = "file:"


class _Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    sealed: bytes


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last key is the one that wraps. Bytes stand in base64."""

    format: int
    salt: bytes
    cost: int
    passes: int
    keys: tuple[_Key, ...]


class KeyFile:
    """`passphrase` is asked for when the file is opened, and not kept."""

    def __init__(self, path: Path, passphrase: "Callable[[], str]") -> None:
        self._path = path
        self._passphrase = passphrase
        self._read_at = 0, 0
        self._sealer: tuple[tuple[bytes, int, int], crypto.Box] | None = None
        self._keys: dict[str, crypto.Box] = {}

    def current(self) -> str:
        return PREFIX + list(self._opened())[-1]

    def wrap(self, key: bytes, context: Context) -> Wrapped:
        name, box = list(self._opened().items())[-1]
        return Wrapped(PREFIX + name, box.seal(key, place=associated(context).decode()))

    def unwrap(self, wrapped: Wrapped, context: Context) -> bytes:
        box = self._opened().get(wrapped.kek.removeprefix(PREFIX))
        if box is None or not wrapped.kek.startswith(PREFIX):
            raise WrappedKeyBrokenError("The key-encryption key of this data is not in the key file.")
        try:
            return box.unseal(wrapped.data, place=associated(context).decode())
        except crypto.SealBrokenError:
            raise WrappedKeyBrokenError("A wrapped data key was changed.") from None

    def rotate(self) -> str:
        self._opened()
        file = _read(self._path)
        name, sealed = _new_key(self._box_of(file))
        _write(self._path, msgspec.structs.replace(file, keys=(*file.keys, _Key(name, sealed))))
        return PREFIX + name

    def forget(self, kek: str) -> None:
        """Take an old key out for good; raises SettingsError for the one that wraps."""
        file, name = _read(self._path), kek.removeprefix(PREFIX)
        if file.keys[-1].id == name:
            raise SettingsError("The key-encryption key in use cannot be forgotten.")
        _write(self._path, msgspec.structs.replace(file, keys=tuple(key for key in file.keys if key.id != name)))

    def names(self) -> list[str]:
        return [PREFIX + name for name in self._opened()]

    def _opened(self) -> dict[str, crypto.Box]:
        try:
            state = self._path.stat()
        except OSError:
            raise KmsUnavailableError("The file of the key-encryption key cannot be read.") from None
        if self._read_at != (state.st_mtime_ns, state.st_ino):
            file = _read(self._path)
            box = self._box_of(file)
            try:
                self._keys = {key.id: crypto.Box(box.unseal(key.sealed, place=key.id)) for key in file.keys}
            except crypto.SealBrokenError:
                raise KmsUnavailableError("The passphrase does not open the file of the key-encryption key.") from None
            self._read_at = state.st_mtime_ns, state.st_ino
        return self._keys

    def _box_of(self, file: _File) -> crypto.Box:
        """Derived once, not at every change of the file."""
        asked = file.salt, file.cost, file.passes
        if self._sealer is None or self._sealer[0] != asked:
            self._sealer = asked, _box(self._passphrase(), file)
        return self._sealer[1]


def create(path: Path, passphrase: str, *, random: bool = False) -> None:
    """A file with one new key, unless there is one; `random`: nobody chose the passphrase."""
    if path.exists():
        return
    if len(passphrase) < LEAST_PASSPHRASE:
        raise SettingsError(f"The passphrase needs {LEAST_PASSPHRASE} characters at least.")
    cost, passes = (COST_OF_RANDOM, PASSES_OF_RANDOM) if random else (COST, PASSES)
    empty = _File(1, os.urandom(16), cost, passes, ())
    name, sealed = _new_key(_box(passphrase, empty))
    _write(path, msgspec.structs.replace(empty, keys=(_Key(name, sealed),)))


def change_passphrase(path: Path, before: str, after: str) -> None:
    """The same keys under another passphrase."""
    if len(after) < LEAST_PASSPHRASE:
        raise SettingsError(f"The passphrase needs {LEAST_PASSPHRASE} characters at least.")
    file = _read(path)
    box = _box(before, file)
    fresh = msgspec.structs.replace(file, salt=os.urandom(16), cost=COST, passes=PASSES)
    again = _box(after, fresh)
    try:
        keys = [(key.id, box.unseal(key.sealed, place=key.id)) for key in file.keys]
    except crypto.SealBrokenError:
        raise SettingsError("The passphrase does not open the file of the key-encryption key.") from None
    sealed = tuple(_Key(name, again.seal(key, place=name)) for name, key in keys)
    _write(path, msgspec.structs.replace(fresh, keys=sealed))


def _box(passphrase: str, file: _File) -> crypto.Box:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    key = Scrypt(file.salt, KEY_BYTES, file.cost, BLOCK, file.passes).derive(passphrase.encode())
    return crypto.Box(key)


def _new_key(box: crypto.Box) -> tuple[str, bytes]:
    name = base64.b32encode(os.urandom(10)).decode().lower()
    return name, box.seal(os.urandom(KEY_BYTES), place=name)


def _read(path: Path) -> _File:
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError:
        raise KmsUnavailableError("The file of the key-encryption key cannot be read.") from None
    except msgspec.MsgspecError:
        file = None
    if file is None or file.format != 1 or not file.keys or not 1 < file.cost <= MOST_COST or not 0 < file.passes < 99:
        raise KmsUnavailableError("The file of the key-encryption key is damaged.")
    return file


def _write(path: Path, file: _File) -> None:
    write_whole(path, msgspec.json.format(msgspec.json.encode(file)))
