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


@given(st.lists(st.text(max_size=12), max_size=60), st.lists(st.text(max_size=12), max_size=60))
def test_never_too_many_never_twice_never_empty(terms: list[str], familiar: list[str]) -> None:
    chosen = choose(terms, familiar)
    assert len(chosen) <= LIMIT
    assert len({term.casefold() for term in chosen}) == len(chosen)
    assert all(term.strip() for term in chosen)


def test_familiar_terms_take_the_places_of_the_last_usual_ones() -> None:
    chosen = choose(["Apixaban"], ["apixaban", "cirrhosis", "Potassium", "Cirrhosis"])
    usual = [term for term in DEFAULT_TERMS if term != "apixaban"][: LIMIT - 3]
    assert chosen == ["Apixaban", *usual, "cirrhosis", "Potassium"]


def test_a_familiar_term_that_is_a_usual_one_stays_where_it_is() -> None:
    assert choose([], [DEFAULT_TERMS[0]]) == list(DEFAULT_TERMS)


def test_familiar_terms_take_no_place_of_what_the_turn_is_about() -> None:
    context = [f"term {number}" for number in range(LIMIT)]
    assert choose(context, ["cirrhosis"]) == context
