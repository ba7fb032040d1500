import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceassist.adapters import crypto
from voiceassist.core.identity import DEFAULT_TENANT

KEY = crypto.tenant_key("ab" * 32, DEFAULT_TENANT, "test")
BOX = crypto.Box(KEY)


def test_a_sealed_value_opens_only_in_its_place_and_unchanged():
    sealed = BOX.seal(b"text", place="t|c|1")
    assert BOX.unseal(sealed, place="t|c|1") == b"text"
    for broken, place in ((sealed, "t|c|2"), (sealed[:-1] + bytes([sealed[-1] ^ 1]), "t|c|1"), (b"", "t|c|1")):
        with pytest.raises(crypto.SealBrokenError):
            BOX.unseal(broken, place=place)


def test_keys_differ_by_tenant_and_purpose():
    assert crypto.tenant_key("ab" * 32, DEFAULT_TENANT, "other") != KEY


FRAME = crypto.FRAME_BYTES + crypto.OVERHEADS[1]


def opened(sealed, box=BOX, piece=700_000):
    """Pieces come as a network cuts them."""
    pieces = [sealed[start : start + piece] for start in range(0, len(sealed), piece)]
    return b"".join(crypto.unseal_frames(pieces, box=box, place="o"))


@settings(deadline=None, max_examples=20)
@given(st.lists(st.binary(max_size=700_000), max_size=6))
def test_a_stream_comes_back_whole(chunks):
    sealed = b"".join(crypto.seal_frames(chunks, box=BOX, place="o"))
    assert opened(sealed) == b"".join(chunks)


def test_a_cut_or_reordered_stream_is_refused():
    sealed = b"".join(crypto.seal_frames([b"x" * (2 * crypto.FRAME_BYTES + 5)], box=BOX, place="o"))
    swapped = sealed[FRAME : 2 * FRAME] + sealed[:FRAME] + sealed[2 * FRAME :]
    for broken in (sealed[:FRAME], sealed[: 2 * FRAME], swapped, b"", b"\x09" + sealed[1:]):
        with pytest.raises(crypto.SealBrokenError):
            opened(broken)


def test_a_file_whose_parts_came_before_and_after_the_data_keys_opens(fixed_keys):
    """An upload in parts may be under way while a release is rolled out."""
    keys = fixed_keys.keys("s", DEFAULT_TENANT, derived=lambda purpose: {"files": KEY}[purpose])
    whole, rest = b"a" * crypto.FRAME_BYTES, b"b" * 10
    before = b"".join(crypto.seal_frames([whole], box=BOX, place="o", last=False))
    after = b"".join(crypto.seal_frames([rest], box=keys.box("files"), place="o", first=1))
    assert opened(before + after, keys.box("files")) == whole + rest
    with pytest.raises(crypto.SealBrokenError):
        opened(before + after, keys.box())
