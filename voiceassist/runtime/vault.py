"""Uploaded files in the object store, sealed frame by frame before they leave this process."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from voiceassist.adapters import crypto
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.objects import ObjectStore

PURPOSE = "files"


class Vault:
    """Blocking calls: doors run them in a thread. A file is known by its tenant and id."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def store(self, keys: TenantKeys, file_id: UUID, chunks: Iterable[bytes]) -> None:
        """Seal and upload while reading; an exception raised by `chunks` leaves nothing behind."""
        sealed = crypto.seal_frames(chunks, box=keys.box(PURPOSE), place=place_of(file_id))
        self._objects.put_parts(object_key(keys.tenant_id, file_id), sealed)

    def begin(self, tenant_id: UUID, file_id: UUID) -> str:
        """Open a file that comes in parts; returns the id that its parts are stored under."""
        return self._objects.begin_parts(object_key(tenant_id, file_id))

    def store_part(
        self, keys: TenantKeys, file_id: UUID, upload: str, number: int, data: bytes, *, part_bytes: int, last: bool
    ) -> str:
        """Seal and store part `number`, from 1; all but the last have `part_bytes`, a multiple of FRAME_BYTES.

        The object is the same as if the file had come in one piece. Returns what `finish` wants to know of the part.
        """
        first = (number - 1) * part_bytes // crypto.FRAME_BYTES
        frames = crypto.seal_frames([data], box=keys.box(PURPOSE), place=place_of(file_id), first=first, last=last)
        return self._objects.put_part(object_key(keys.tenant_id, file_id), upload, number, b"".join(frames))

    def finish(self, tenant_id: UUID, file_id: UUID, upload: str, etags: Mapping[int, str]) -> None:
        """The parts become the file; again is no error."""
        self._objects.finish_parts(object_key(tenant_id, file_id), upload, etags)

    def abandon(self, tenant_id: UUID, file_id: UUID) -> None:
        """Nothing is left of a file that came in parts, finished or not."""
        self._objects.abort_parts(object_key(tenant_id, file_id))
        self._objects.delete(object_key(tenant_id, file_id))

    def fetch(self, keys: TenantKeys, file_id: UUID) -> Iterator[bytes]:
        """The plaintext in frames; raises SealBrokenError if one was lost, moved or changed."""
        data = self._objects.stream(object_key(keys.tenant_id, file_id), crypto.FRAME_BYTES)
        yield from crypto.unseal_frames(data, box=keys.box(PURPOSE), place=place_of(file_id))

    def delete(self, tenant_id: UUID, file_id: UUID) -> None:
        """Deleting what is not there is no error."""
        self._objects.delete(object_key(tenant_id, file_id))


def place_of(file_id: UUID) -> str:
    return f"{PURPOSE}|{file_id}"


def object_key(tenant_id: UUID, file_id: UUID) -> str:
    return f"files/{tenant_id}/{file_id}"
