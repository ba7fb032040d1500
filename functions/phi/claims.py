"""Texts that are too large for an event or a request: stored sealed, named by an id, gone when looked through.

An id is all a caller says: the place follows from tenant and owner, so nobody names somebody else's object, an address
or a path. Blocking calls: doors run them in a thread.
"""

import codecs
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from functions.phi.domain.model import Entity
from voiceassist.adapters import crypto
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.objects import ObjectStore
from voiceassist.core.errors import PermanentEventError

PURPOSE = "scans"
PORTION = 20_000  # characters looked through in one go: the engine is at its fastest below that
NOT_TEXT = "TEXT_NOT_UTF8"

Find = Callable[[str], Iterable[Entity]]


class Claims:
    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def store(self, keys: TenantKeys, owner_id: UUID, object_id: UUID, data: bytes) -> None:
        frames = crypto.seal_frames([data], box=keys.box(PURPOSE), place=f"{PURPOSE}|{object_id}")
        self._objects.put_parts(_path(keys.tenant_id, owner_id, object_id), frames)

    def fetch(self, keys: TenantKeys, owner_id: UUID, object_id: UUID) -> Iterator[bytes]:
        """The text in frames; NotFoundError, SealBrokenError."""
        data = self._objects.stream(_path(keys.tenant_id, owner_id, object_id), crypto.FRAME_BYTES)
        yield from crypto.unseal_frames(data, box=keys.box(PURPOSE), place=f"{PURPOSE}|{object_id}")

    def delete(self, tenant_id: UUID, owner_id: UUID, object_id: UUID) -> None:
        self._objects.delete(_path(tenant_id, owner_id, object_id))


def _path(tenant_id: UUID, owner_id: UUID, object_id: UUID) -> str:
    return f"{PURPOSE}/{tenant_id}/{owner_id}/{object_id}"


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def counts(chunks: Iterable[bytes], find: Find) -> tuple[dict[str, int], int]:
    """How many identifiers of each kind, and of how many characters; memory holds a portion at a time."""
    found: Counter[str] = Counter()
    characters = 0
    for portion in portions(chunks):
        characters += len(portion)
        found.update(one.label for one in find(portion))
    return dict(sorted(found.items())), characters


def portions(chunks: Iterable[bytes], most: int = PORTION) -> Iterator[str]:
    """The text cut behind a line, else behind a space; raises PermanentEventError where it is none."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    text = ""
    try:
        for chunk in chunks:
            text += decoder.decode(chunk)
            while len(text) > most:
                border = max(text.rfind("\n", most // 2, most), -1) + 1 or text.rfind(" ", most // 2, most) + 1 or most
                yield text[:border]
                text = text[border:]
        text += decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise PermanentEventError("The object holds no UTF-8 text.", code=NOT_TEXT) from None
    if text:
        yield text
