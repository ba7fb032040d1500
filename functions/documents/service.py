"""Receiving a file: recognised, counted, hashed and sealed while it streams in."""

import asyncio
import hashlib
import queue
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, cast

from functions.documents.domain import (
    SNIFF_BYTES,
    Format,
    Label,
    Upload,
    key_of,
    one_line,
    sniffed,
    title_of,
    visibility_of,
    year_of,
)
from functions.documents.form import UploadForm, parser_for
from voiceassist.core.errors import PayloadTooLargeError, ValidationError

PIECE_BYTES = 1_048_576
# Room for the form around the file, when its declared length is compared with the limit.
FORM_BYTES = 65_536

UPLOADS_AT_ONCE = 40  # threads; containerConcurrency in knative/rooms/documents.yaml lets no more requests in

# Stores plaintext pieces as they come and undoes everything if the iterable raises; runs in a thread.
Store = Callable[[Iterable[bytes]], None]


class _AbortedError(Exception):
    """The upload ended early; tells the storing thread to undo what it sent."""


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """Threads of their own: one waits as long as its uploader dawdles, and the process's few are for short work."""
    return ThreadPoolExecutor(UPLOADS_AT_ONCE, thread_name_prefix="upload")


class _Storing:
    """A thread that stores pieces while the event loop receives them, a few ahead at most."""

    def __init__(self, store: Store) -> None:
        self._queue: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=4)
        self._task = asyncio.get_running_loop().run_in_executor(_threads(), store, self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        while (piece := self._queue.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    async def put(self, piece: bytes | BaseException | None) -> None:
        """Waits while the store is behind; its failure surfaces here."""
        while not self._task.done():
            try:
                self._queue.put_nowait(piece)
            except queue.Full:
                await asyncio.wait({self._task}, timeout=0.005)
            else:
                return
        if not isinstance(piece, BaseException):
            await self._task

    async def finish(self) -> None:
        await self.put(None)
        await self._task

    async def abandon(self) -> None:
        await self.put(_AbortedError())
        await asyncio.wait({self._task})
        self._task.exception()  # looked at, so that it is not reported as forgotten


class _Receiving:
    """One upload on its way in."""

    def __init__(self, content_type: str, *, limit: int, store: Store) -> None:
        self.form = UploadForm()
        self.digest = hashlib.sha256()
        self.size = 0
        self.kind: Format | None = None
        self._parser = parser_for(content_type, self.form)
        self._limit = limit
        self._store = store
        self._storing: _Storing | None = None

    async def take(self, body: AsyncIterator[bytes]) -> None:
        async for data in body:
            self._parse(data)
            await self._forward(PIECE_BYTES)
        if not self.form.complete:
            raise ValidationError("The form ends too early.", code="BROKEN_FORM")
        if self.form.file_name is None:
            raise ValidationError("The form holds no file.", code="ONE_FILE_EXPECTED")
        await self._forward(1, last=True)

    def _parse(self, data: bytes) -> None:
        from python_multipart.exceptions import FormParserError

        try:
            self._parser.write(data)
        except FormParserError:
            raise ValidationError("The form cannot be read.", code="BROKEN_FORM") from None
        if self.size + len(self.form.file) > self._limit:
            raise PayloadTooLargeError("The file is larger than allowed.")

    async def _forward(self, least: int, *, last: bool = False) -> None:
        """Pass on what has come in, in pieces of at least `least` bytes; the first look decides the format."""
        file = self.form.file
        if self.kind is None and (last or len(file) >= SNIFF_BYTES):
            self.kind = sniffed(bytes(file[:SNIFF_BYTES]), self.form.file_name or "")
            self._storing = _Storing(self._store)
        while self._storing is not None and len(file) >= least:
            piece = bytes(file[:PIECE_BYTES])
            del file[:PIECE_BYTES]
            self.digest.update(piece)
            self.size += len(piece)
            await self._storing.put(piece)

    async def finish(self) -> None:
        if self._storing is not None:
            await self._storing.finish()

    async def abandon(self) -> None:
        if self._storing is not None:
            await self._storing.abandon()


async def receive(
    body: AsyncIterator[bytes], content_type: str, *, limit: int, may_share: bool, store: Store
) -> Upload:
    """Parse a multipart body and store its file of at most `limit` bytes; a refused one leaves nothing behind."""
    receiving = _Receiving(content_type, limit=limit, store=store)
    try:
        await receiving.take(body)
        upload = Upload(
            label=_label(receiving.form, may_share=may_share),
            format=cast("Format", receiving.kind),
            size_bytes=receiving.size,
            content_hash=receiving.digest.digest(),
        )
        await receiving.finish()
    except BaseException:
        await receiving.abandon()
        raise
    return upload


def refuse_declared(length: Any, limit: int) -> None:
    """A body that says it is too large is refused before it is read."""
    if isinstance(length, str) and length.isdigit() and int(length) > limit + FORM_BYTES:
        raise PayloadTooLargeError("The file is larger than allowed.")


def _label(form: UploadForm, *, may_share: bool) -> Label:
    return Label(
        name=form.file_name or "",
        title=title_of(form.text("title"), form.file_name or ""),
        visibility=visibility_of(form.text("visibility"), may_share=may_share),
        doc_key=key_of(form.text("doc_key")),
        source=one_line(form.text("source")),
        year=year_of(form.text("year")),
    )
