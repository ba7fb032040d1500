"""Sealed values of a tenant, their places, and blind indexes."""

import struct

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.encryption.columns import Column
from voiceassist.adapters.encryption.keys import OVERHEAD, TenantKeys, version_of
from voiceassist.core.errors import UnavailableError
from voiceassist.core.ids import new_id

pytestmark = pytest.mark.req("P11.2")

TENANT = new_id()


@pytest.fixture
def keys(fixed_keys):
    return fixed_keys.keys("one", TENANT, versions=(1, 2))


def test_the_layout_is_version_key_nonce_ciphertext_and_the_place_names_the_key():
    key = bytes(range(32))
    sealed = TenantKeys(TENANT, {7: key}, 7, b"i" * 32, allowance=9).seal(b"text", place="documents|title|5")
    assert struct.unpack(">BI", sealed[:5]) == (2, 7)
    assert AESGCM(key).decrypt(sealed[5:17], sealed[17:], b"documents|title|5|7") == b"text"
    assert len(sealed) == len(b"text") + OVERHEAD


@given(st.binary(max_size=2000))
def test_every_value_comes_back_and_no_two_are_alike(value):
    keys = TenantKeys(TENANT, {1: b"k" * 32}, 1, b"i" * 32, allowance=9)
    one, other = (keys.seal(value, place="t|c|1") for _ in range(2))
    assert one != other
    assert keys.unseal(one, place="t|c|1") == keys.unseal(other, place="t|c|1") == value


def test_a_value_opens_in_its_place_only(keys, fixed_keys):
    sealed = keys.seal(b"text", place="t|c|1")
    strangers = (fixed_keys.keys("one", new_id()), fixed_keys.keys("other", TENANT, versions=(1, 2)))
    for place in ("t|c|2", "t|d|1", "u|c|1", "t|c|1|2", ""):
        with pytest.raises(SealBrokenError):
            keys.unseal(sealed, place=place)
    for stranger in strangers:
        with pytest.raises(SealBrokenError):
            stranger.unseal(sealed, place="t|c|1")


def test_no_bit_can_be_turned_and_no_byte_cut(keys):
    sealed = keys.seal(b"text", place="t|c|1")
    for place in range(len(sealed) * 8):
        turned = bytearray(sealed)
        turned[place // 8] ^= 1 << place % 8
        with pytest.raises(SealBrokenError):
            keys.unseal(bytes(turned), place="t|c|1")
    for cut in range(len(sealed)):
        with pytest.raises(SealBrokenError):
            keys.unseal(sealed[:cut], place="t|c|1")


def test_older_keys_open_what_they_sealed_and_the_newest_seals(keys, fixed_keys):
    before = fixed_keys.keys("one", TENANT).seal(b"text", place="t|c|1")
    assert version_of(before) == 1
    assert keys.unseal(before, place="t|c|1") == b"text"
    assert version_of(keys.seal(b"text", place="t|c|1")) == 2


def test_nothing_is_sealed_that_was_not_counted(fixed_keys):
    keys = fixed_keys.keys("one", TENANT, allowance=2)
    keys.seal(b"", place="")
    keys.seal(b"", place="")
    with pytest.raises(UnavailableError, match="renewed"):
        keys.seal(b"", place="")


def test_an_index_is_the_same_for_what_means_the_same_and_nothing_else(keys, fixed_keys):
    index = keys.index("documents.doc_key", "Ménière  Note")
    assert len(index) == 16
    assert index == keys.index("documents.doc_key", " ménière note")
    others = (
        keys.index("documents.doc_key", "Meniere Note"),
        keys.index("uploads.doc_key", "Ménière Note"),
        fixed_keys.keys("one", new_id()).index("documents.doc_key", "Ménière Note"),
    )
    assert index not in others


def test_a_column_binds_a_text_to_its_row_and_one_that_is_copied_in_sql_stays_bound(keys):
    secret, previous = Column("s", "secret"), Column("s", "previous", bound_to="secret")
    row = new_id()
    sealed = secret.seal(keys, row, "grün")
    assert secret.open(keys, row, sealed) == previous.open(keys, row, sealed) == "grün"
    for column, other in ((secret, new_id()), (Column("s", "other"), row)):
        with pytest.raises(SealBrokenError):
            column.open(keys, other, sealed)


def test_keys_do_not_show_themselves(keys):
    assert repr(keys) == f"TenantKeys({TENANT})"
