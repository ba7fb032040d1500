"""A text in pieces: however it is cut, the same goes on, and no identifier that the whole text shows."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.phi.domain.scan import detect
from voiceassist.runtime.egress.scanning import Found
from voiceassist.runtime.egress.streaming import AHEAD, CONTEXT, HOLD_BACK, LONGEST_OPEN, STEP, Redacting, redacted

pytestmark = pytest.mark.req("P11.6")

TRANSCRIPTS = (
    "the patient in bed four was born on march third nineteen fifty and her number is 212-867-5309 please call",
    "patient mrn 44198-2 came in at nine, ssn 123-45-6789, write to john.smith@mail.example.org about the dose of 5 mg",
)
OUTPUTS = (
    "Colchicine 0.5 mg for the patient reached at anna.smith@example.org or https://a.example/p/123?x=y, MRN: 8812345.",
    "She was first seen 03/07/2024. Then nothing for a while, and then a line that ends without a stop",
    '{"sentences": [{"text": "Call (212) 867-5309 on 2024-03-07T10:00:00Z.", "citations": [1]}]}',
)
LOGS = (
    "2026-11-29 10:00:01 INFO GET /patients?mrn=4419820&x=1 from 10.2.3.4 took 12 ms\n",
    "2026-11-29 10:00:02 ERROR value (SSN 123-45-6789) refused, user=anna.smith@example.org",
    "k=" + "x" * 90 + " call 212-867-5309 now",
)
TEXTS = (*TRANSCRIPTS, *OUTPUTS, *LOGS, "", " ", "é" * 130, "a@b " * 60)
PARTS = [*"aé1-. @/:", "mrn ", "44198", "212-867-5309", " call ", "x@y.org", "a" * 70]
SECRETS = re.compile(r"867-5309|123-45-6789|smith@|44198|8812345|10\.2\.3\.4")


def put(one, _text):
    return f"[{one.label}]"


def stream(pieces, find=detect):
    redacting = Redacting(find, put)
    return "".join([*(redacting.feed(piece) for piece in pieces), redacting.flush()])


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_every_cut_in_two_gives_the_same(text):
    whole = redacted(text, detect, put)
    assert not SECRETS.search(whole)
    for cut in range(len(text) + 1):
        assert stream([text[:cut], text[cut:]]) == whole


def test_a_thousand_random_ways_to_cut_give_the_same():
    chance = random.Random(5)
    whole = {text: redacted(text, detect, put) for text in TEXTS}
    for _ in range(1000):
        text = chance.choice(TEXTS)
        cuts = sorted(chance.randint(0, len(text)) for _ in range(chance.randint(1, 40)))
        assert stream([text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]) == whole[text]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(PARTS), max_size=80),
    st.data(),
)
def test_any_text_in_any_pieces(parts, data):
    text = "".join(parts)
    pieces, rest = [], text
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        pieces, rest = [*pieces, rest[:size]], rest[size:]
    assert stream(pieces) == redacted(text, detect, put)


def test_nothing_is_lost_or_added_where_nothing_is_found():
    for text in TEXTS:
        assert stream(list(text), lambda _window: ()) == text


def test_at_most_64_characters_are_held_and_the_context_is_bounded():
    seen = []

    def nothing(window):
        seen.append(len(window))
        return ()

    redacting = Redacting(nothing, put)
    for character in "the quick brown fox jumps " * 100:
        redacting.feed(character)
        assert redacting.held <= HOLD_BACK == 64
    assert max(seen) <= CONTEXT + HOLD_BACK
    assert STEP + AHEAD == HOLD_BACK


def test_an_open_finding_is_never_cut_and_has_an_end():
    def long_word(window):
        return [Found(match.start(), match.end(), ("ID",)) for match in re.finditer(r"Z+", window)]

    for length in (1, 16, 17, 64, 300):
        text = "a " * 20 + "Z" * length + " b"
        for cut in range(len(text)):
            assert stream([text[:cut], text[cut:]], long_word) == "a " * 20 + "[ID] b"
        assert stream(list(text), long_word) == "a " * 20 + "[ID] b"
    text = "a " * 20 + "Z" * 1_200 + " b"
    assert len({stream([text[:cut], text[cut:]], long_word) for cut in range(0, len(text), 7)}) == 1
    endless = Redacting(long_word, put)
    for character in "Z" * 5_000:
        endless.feed(character)
        assert endless.held <= LONGEST_OPEN + HOLD_BACK
    assert "Z" not in endless.feed("Z" * 5_000) + endless.flush()


def test_a_megabyte_in_one_line_takes_time_in_proportion():
    """Counted, not timed: characters looked at."""
    looked = [0]

    def find(window):
        looked[0] += len(window)
        return ()

    for size in (10_000, 100_000):
        looked[0] = 0
        redacted("x" * size, find, put)
        assert looked[0] / size < 1.1 * (CONTEXT + HOLD_BACK) / STEP


def test_a_detector_that_fails_lets_nothing_of_what_is_held_go():
    calls = []

    def failing(window):
        calls.append(window)
        if len(calls) == 3:
            raise OSError
        return ()

    redacting = Redacting(failing, put)
    told = redacting.feed("a" * 70)
    with pytest.raises(OSError):
        redacting.feed("b" * 200)
    assert told == "a" * 16
    assert redacting.held == 0
    with pytest.raises(RuntimeError):
        redacting.feed("c")
    with pytest.raises(RuntimeError):
        redacting.flush()
