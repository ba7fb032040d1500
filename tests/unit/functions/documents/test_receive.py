"""Receiving an upload: counted, hashed, passed on in pieces, and undone when refused."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from functions.documents import service
from voiceassist.core.errors import (
    ForbiddenError,
    PayloadTooLargeError,
    UnavailableError,
    UnsupportedFormatError,
    ValidationError,
    VoiceAssistError,
)

pytestmark = pytest.mark.req("P5.1")

TEXT = b"Warfarin is monitored by INR. " * 50


class Shelf:
    """Keeps what it is given when the pieces end, nothing when they raise."""

    def __init__(self, *, fails_after: int | None = None):
        self.kept: bytes | None = None
        self.undone = False
        self.fails_after = fails_after

    def __call__(self, pieces):
        self.undone = True
        self.kept = b"".join(self._taken(pieces))
        self.undone = False

    def _taken(self, pieces):
        for number, piece in enumerate(pieces):
            if number == self.fails_after:
                raise UnavailableError("full")
            yield piece


def form(file=("guide.txt", TEXT, "text/plain"), **fields):
    request = httpx.Request("POST", "http://x/", data=fields, files={"file": file} if file else {"no": (None, b"")})
    return request.read(), request.headers["content-type"]


async def send(shelf, body, content_type, *, limit=10_000_000, may_share=False, step=1000):
    async def stream():
        for start in range(0, len(body), step):
            yield body[start : start + step]

    return await service.receive(stream(), content_type, limit=limit, may_share=may_share, store=shelf)


@pytest.mark.parametrize("step", [1, 7, 1000, 10_000_000])
async def test_the_file_arrives_whole_whatever_the_packets(step):
    shelf = Shelf()
    body, kind = form(title="My guide")
    upload = await send(shelf, body, kind, step=step)
    assert shelf.kept == TEXT
    assert (upload.label.name, upload.label.title, upload.format, upload.label.visibility) == (
        "guide.txt",
        "My guide",
        "txt",
        "private",
    )
    assert upload.size_bytes == len(TEXT)
    assert upload.content_hash == hashlib.sha256(TEXT).digest()


async def test_a_large_file_is_passed_on_in_pieces():
    data = b"%PDF-1.7\n" + bytes(range(256)) * 20_000
    shelf = Shelf()
    body, kind = form(("big.pdf", data, "application/pdf"))
    upload = await send(shelf, body, kind, step=65_536)
    assert shelf.kept == data
    assert upload.format == "pdf"


@pytest.mark.parametrize("size", [2_000, 3_000_000])
async def test_too_large_is_refused_and_undone(size):
    shelf = Shelf()
    body, kind = form(("a.txt", b"a" * size, "text/plain"))
    with pytest.raises(PayloadTooLargeError):
        await send(shelf, body, kind, limit=size - 1)
    assert shelf.kept is None


async def test_exactly_the_limit_is_taken():
    shelf = Shelf()
    body, kind = form()
    await send(shelf, body, kind, limit=len(TEXT))
    assert shelf.kept == TEXT


async def test_a_body_that_declares_too_much_is_refused_unread():
    service.refuse_declared("1000", 1000)
    service.refuse_declared(None, 1000)
    with pytest.raises(PayloadTooLargeError):
        service.refuse_declared("1000000", 1000)


async def test_a_connection_that_breaks_leaves_nothing_behind():
    shelf = Shelf()
    body, kind = form(("a.pdf", b"%PDF-1.7" + b"x" * 3_000_000, "application/pdf"))
    with pytest.raises(ValidationError) as caught:
        await send(shelf, body[:2_500_000], kind, step=65_536)
    assert caught.value.code == "BROKEN_FORM"
    assert shelf.kept is None
    assert shelf.undone


async def test_a_store_that_fails_is_told_at_once():
    shelf = Shelf(fails_after=0)
    body, kind = form(("a.pdf", b"%PDF-1.7" + b"x" * 30_000_000, "application/pdf"))
    with pytest.raises(UnavailableError):
        await send(shelf, body, kind, limit=100_000_000, step=262_144)
    assert shelf.undone


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        (*form(("a.exe", b"MZ\x90\0" * 100, "text/plain")), UnsupportedFormatError),
        (*form(None), ValidationError),
        (*form(visibility="everybody"), ValidationError),
        (*form(visibility="shared"), ForbiddenError),
        (*form(surprise="x"), ValidationError),
        (*form(title="x" * 5000), PayloadTooLargeError),
        (*form(("a.txt", b"", "text/plain")), ValidationError),
        (b"{}", "application/json", UnsupportedFormatError),
        (b"x", "multipart/form-data", ValidationError),
        (b"no form at all", "multipart/form-data; boundary=b", ValidationError),
        (b"", "multipart/form-data; boundary=b", ValidationError),
    ],
)
async def test_bad_forms_are_refused_and_nothing_is_kept(body, kind, error):
    shelf = Shelf()
    with pytest.raises(error) as caught:
        await send(shelf, body, kind)
    assert isinstance(caught.value, VoiceAssistError)
    assert shelf.kept is None


async def test_two_files_are_refused():
    request = httpx.Request("POST", "http://x/", files=[("file", ("a.txt", b"a")), ("file", ("b.txt", b"b"))])
    with pytest.raises(ValidationError) as caught:
        await send(Shelf(), request.read(), request.headers["content-type"])
    assert caught.value.code == "ONE_FILE_EXPECTED"


async def test_uploaders_who_dawdle_hold_no_thread_of_the_others():
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    body, kind = form(file=("guide.txt", TEXT * 100, "text/plain"))
    half, go_on = asyncio.Event(), asyncio.Event()

    async def slowly():
        yield body[:-100]
        half.set()
        await go_on.wait()
        yield body[-100:]

    shelf = Shelf()
    upload = asyncio.create_task(service.receive(slowly(), kind, limit=10_000_000, may_share=False, store=shelf))
    await half.wait()
    try:
        assert await asyncio.wait_for(asyncio.to_thread(int, "7"), 5) == 7
    finally:
        go_on.set()
        await upload
    assert shelf.kept == TEXT * 100


async def test_an_administrator_may_share():
    body, kind = form(visibility="shared")
    assert (await send(Shelf(), body, kind, may_share=True)).label.visibility == "shared"
