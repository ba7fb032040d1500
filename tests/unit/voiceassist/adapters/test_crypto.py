import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceassist.adapters import crypto
from voiceassist.core.identity import DEFAULT_TENANT

KEY = crypto.tenant_key("ab" * 32, DEFAULT_TENANT, "test")


def test_a_sealed_value_opens_only_in_its_place_and_unchanged():
    sealed = crypto.seal(b"text", key=KEY, place="t|c|1")
    assert crypto.unseal(sealed, key=KEY, place="t|c|1") == b"text"
    for broken, place in ((sealed, "t|c|2"), (sealed[:-1] + bytes([sealed[-1] ^ 1]), "t|c|1"), (b"", "t|c|1")):
        with pytest.raises(crypto.SealBrokenError):
            crypto.unseal(broken, key=KEY, place=place)


def test_keys_differ_by_tenant_and_purpose():
    assert crypto.tenant_key("ab" * 32, DEFAULT_TENANT, "other") != KEY


def opened(sealed):
    size = crypto.FRAME_BYTES + crypto.OVERHEAD
    frames = [sealed[start : start + size] for start in range(0, len(sealed), size)]
    return b"".join(crypto.unseal_frames(frames, key=KEY, place="o"))


@settings(deadline=None, max_examples=20)
@given(st.lists(st.binary(max_size=700_000), max_size=6))
def test_a_stream_comes_back_whole(chunks):
    sealed = b"".join(crypto.seal_frames(chunks, key=KEY, place="o"))
    assert opened(sealed) == b"".join(chunks)


def test_a_cut_or_reordered_stream_is_refused():
    sealed = b"".join(crypto.seal_frames([b"x" * (2 * crypto.FRAME_BYTES + 5)], key=KEY, place="o"))
    frame = crypto.FRAME_BYTES + crypto.OVERHEAD
    swapped = sealed[frame : 2 * frame] + sealed[:frame] + sealed[2 * frame :]
    for broken in (sealed[:frame], sealed[: 2 * frame], swapped, b""):
        with pytest.raises(crypto.SealBrokenError):
            opened(broken)
