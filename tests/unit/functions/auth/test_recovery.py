"""Recovery codes: their form, and that a hash is compared whether there is one or not."""

import pytest

from functions.auth import recovery


def test_ten_codes_whose_names_differ():
    codes = recovery.new_codes()
    assert len({code[:4] for code in codes}) == len(codes) == recovery.COUNT
    assert all(recovery.parts(code) for code in codes)


@pytest.mark.parametrize("typed", ["k7xm-3fq2-9wpt-hb4n", "K7XM 3FQ2 9WPT HB4N", "k7xm3fq29wpthb4n"])
def test_a_code_is_read_however_it_is_typed(typed):
    assert recovery.parts(typed) == ("k7xm", "3fq29wpthb4n")


@pytest.mark.parametrize(
    "typed", ["", "k7xm-3fq2-9wpt", "k7xm-3fq2-9wpt-hb4n-xxxx", "k7xm-3fq2-9wpt-hb4０", "' or 1=1 --------"]
)
def test_what_is_no_code_is_not_looked_up(typed):
    assert recovery.parts(typed) is None


def test_a_hash_opens_for_its_own_secret_only():
    selector, encoded = recovery.hashed("k7xm-3fq2-9wpt-hb4n")
    assert selector == "k7xm"
    assert "3fq2" not in encoded
    assert recovery.matches("3fq29wpthb4n", encoded)
    assert not recovery.matches("3fq29wpthb4p", encoded)


def test_without_a_hash_one_is_computed_all_the_same(monkeypatch):
    hasher = recovery._hasher()
    computed = []

    class Counting:
        def verify(self, encoded, secret):
            computed.append(encoded)
            return hasher.verify(encoded, secret)

    nothing = recovery._nothing()
    monkeypatch.setattr(recovery, "_hasher", Counting)
    assert not recovery.matches("3fq29wpthb4n", None)
    assert computed == [nothing]


def test_not_even_the_secret_of_nothing_opens(monkeypatch):
    monkeypatch.setattr(recovery, "_nothing", lambda: recovery.hashed("k7xm-3fq2-9wpt-hb4n")[1])
    assert not recovery.matches("3fq29wpthb4n", None)
