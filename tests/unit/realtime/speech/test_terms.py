"""Which words the recogniser is told to expect."""

from hypothesis import given
from hypothesis import strategies as st

from realtime.speech.terms import DEFAULT_TERMS, LIMIT, choose


def test_the_context_comes_first() -> None:
    chosen = choose(["alteplase", "  ischemic   stroke "])
    assert chosen[:2] == ["alteplase", "ischemic stroke"]
    assert chosen[2] == DEFAULT_TERMS[0]
    assert len(chosen) == LIMIT


def test_without_context_the_usual_terms() -> None:
    assert choose() == list(DEFAULT_TERMS)
    assert len(DEFAULT_TERMS) <= LIMIT


@given(st.lists(st.text(max_size=12), max_size=60))
def test_never_too_many_never_twice_never_empty(terms: list[str]) -> None:
    chosen = choose(terms)
    assert len(chosen) <= LIMIT
    assert len({term.casefold() for term in chosen}) == len(chosen)
    assert all(term.strip() for term in chosen)
