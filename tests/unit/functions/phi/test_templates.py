"""Log lines are looked at by their templates: what is found is what the engine finds in the line itself."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.phi.domain import templates
from functions.phi.domain.model import Entity
from functions.phi.domain.templates import Templates, moved, template

LINES = (
    "2024-06-14T00:41:18.752Z INFO gateway [trace=2e2b58b7d0973c7c6af69be57e183d5b] GET /healthz 200 in 35 ms",
    '{"ts":"2024-08-21 01:38:50,935","level":"INFO","document":"0199a3c2-7d1e-7a40-9b6e-3f1d2c4b5a69","n":6556}',
    "Jun  3 09:15:02 worker-3 sshd[812]: Accepted password for rkowalski from 203.0.113.77 port 50122 ssh2",
    '127.0.0.1 - - [28/Dec/2023:07:51:15 +0000] "GET /readyz HTTP/1.1" 200 12 "-" "kube-probe/1.30"',
    "level=warn svc=phi mrn=3893525 dob=1961-02-09 retry in 12.5s",
    'query="aged 93 on warfarin 5 mg since May 5" k=8 took 140ms',
    "reminder for Wexelbaum, Tamsin at 1 (650) 741-2814",
    "card 4111 1111 1111 1111 for account 4111111111111111 of npi 1234567893",
    "DETAIL:  Key (mrn)=(938-75-87) already exists.\n[parameters: {'name': 'Tamsin Okereke'}]",
    "(0010,0010) PN [Okereke^Tamsin] # 14, 1 PatientName",
    "GET /find?last=Okereke&phone=%28212%29%20555-0142 200",
    "plate 1HGCM82633A004352 page=1895281750784396s",
    "2024-06-14T00:41:18Z Söhnke Çelik, n° 4417729, took 1234 ms",
)  # fmt: skip
# Values for which the rules have another word each, though they have the same length.
PAIRS = (
    ("aged 89", "aged 93"),
    ("account_ref 4111111111111111", "account_ref 4111111111111112"),
    ("npi 1234567893", "npi 1234567890"),
    ("from 127.0.0.1", "from 203.0.113.7"),
    ("on May 31", "on May 45"),
    ("id 1961", "id 7961"),
)
PARTS = st.sampled_from(
    [*" =:,;.-/'\"[](){}|\n", "mrn", "aged", "May", "npi", "ms", "2024-06-14T10:41:38Z", "a1b2" * 5]
)
TEXTS = st.lists(st.one_of(PARTS, st.integers(0, 10**19).map(str)), max_size=30).map("".join)


@pytest.fixture(scope="module")
def whole(engine):
    """Finds in the line itself: as a line that is too long for a template is read."""

    def found(text):
        longest, templates.LONGEST = templates.LONGEST, 0
        try:
            return engine.find(text, kind="log")
        finally:
            templates.LONGEST = longest

    return found


@pytest.mark.parametrize("line", LINES)
def test_a_line_has_the_findings_of_the_line_itself(engine, whole, line):
    assert engine.find(line, kind="log") == whole(line)


@pytest.mark.parametrize("line", [one for pair in PAIRS for one in pair])
def test_values_that_the_rules_tell_apart_have_different_stand_ins(engine, whole, line):
    assert engine.find(line, kind="log") == whole(line)


@pytest.mark.parametrize("pair", PAIRS)
def test_they_are_not_one_template(pair):
    assert template(pair[0], []) != template(pair[1], [])


def test_lines_that_differ_in_numbers_alone_are_looked_at_once():
    asked = []
    lines = Templates(lambda text: asked.append(text) or ())
    for number in range(100, 119):
        lines.find(f"2024-06-{number % 28 + 1:02} 10:00:{number % 60:02} trace=b{number:031x} took {number + 100} ms")
        lines.find(f"trace=a{number:031x}, {number * 1000} bytes")
    assert len(asked) == 2


def test_a_line_that_is_its_own_template_is_looked_at_once():
    asked = []
    lines = Templates(lambda text: asked.append(text) or ())
    for line in ("12%41 of 7", "\ud800 12", "12\u200b 7", "12%41 of 8") * 2:
        lines.find(line)
    assert len(asked) == 4


def test_a_finding_in_a_stand_in_is_the_whole_value():
    moves = []
    text = "took 1234 ms, 7 rows, mrn 4417729"
    told = template(text, moves)
    at = told.index("5, ") if "5, " in told else told.index("5 rows")
    (one,) = moved((Entity(at, at + 1, "MRN", 1.0),), moves)
    assert text[one.start : one.end] == "7"


@given(TEXTS)
@example("1ms,")  # the stand-in of the figure is longer, the unit stands where it stood
@example("0a0000000000000000000000 1")  # a figure behind a figure stays, behind a letter it does not
def test_a_template_is_its_own_and_every_place_in_it_is_one_of_the_text(text):
    moves = []
    told = template(text, moves)
    assert template(told, []) == told
    for word in re.finditer(r"[A-Za-z]{2,}", told):
        found = (Entity(*word.span(), "NAME", 1.0),)
        (one,) = moved(found, moves) if moves else found
        assert text[one.start : one.end] == word[0]


def test_what_was_seen_before_changes_nothing(engine):
    lines = [*LINES, *(line.replace("3", "4") for line in LINES)]
    first = Templates(engine.find)
    second = Templates(engine.find)
    assert [first.find(line) for line in lines] == [second.find(line) for line in reversed(lines)][::-1]


def test_no_text_is_remembered_and_no_more_than_so_many(monkeypatch):
    monkeypatch.setattr(templates, "MOST", 10)
    lines = Templates(lambda _text: ())
    for letter in "abcdefghijklmnopqrstuvwxyz":
        lines.find(f"user {letter}kowalski")
    kept = {**lines._young, **lines._old}
    assert len(kept) <= 20
    assert all(len(key) == 16 and isinstance(key, bytes) for key in kept)


@pytest.mark.parametrize("text", ["", "é\u200b 12", "\u0661\u0662 12", "12%41", "&#65; 12", "x" * 5000, "\ud800 12"])
def test_other_texts_are_read_as_they_are(text):
    asked = []
    Templates(lambda text: asked.append(text) or ()).find(text)
    assert asked == [text]
