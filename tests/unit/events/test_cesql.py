"""CESQL beyond its kit: what the kit leaves open, bounds, and any text at all."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import cesql
from events.cesql import Fault
from events.cesql.like import compile_pattern

EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "/rooms/documents",
    "type": "org.voiceassist.document.uploaded.v1",
    "sequence": 7,
    "urgent": True,
    "word": "Ähre",
    "number": "12",
    "1st": "first",
}


def evaluated(expression, event=EVENT):
    return cesql.parse(expression).evaluate(event)


def value(expression):
    found, faults = evaluated(expression)
    assert faults == []
    return found


# --- syntax ---


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # precedence, from the specification's section 3.6
        ("2 + 3 * 4", 14),
        ("10 - 4 - 3", 3),
        ("100 / 10 / 2", 5),
        ("-2 * -3", 6),
        ("1 + 1 = 2", True),
        ("1 < 2 = true", True),
        ("NOT TRUE = FALSE", True),
        ("NOT TRUE OR TRUE", True),
        ("NOT urgent LIKE '%e'", True),
        ("NOT (urgent LIKE '%e')", False),
        ("-sequence IN (-7)", True),
        ("-1 LIKE '-1'", True),
        ("1 + 2 IN (3)", 1),
        ("3 * 1 IN (1, 2)", 3),
        ("TRUE = 5 IN (5)", True),
        ("NOT EXISTS absent AND EXISTS number", True),
        # AND, OR and XOR are read from left to right
        ("TRUE OR TRUE AND FALSE", False),
        ("TRUE OR (TRUE AND FALSE)", True),
        ("FALSE AND FALSE OR TRUE", True),
        ("TRUE XOR TRUE XOR TRUE", True),
        ("TRUE XOR TRUE", False),
        # names and words in any case, blanks of any kind
        ("SeQuEnCe", 7),
        ("\n(\tsequence\r)\n", 7),
        ("1st", "first"),
        ("eXists 1ST", True),
        ("length('abc')", 3),
        ("Concat_Ws ('-', 'a', 'b')", "a-b"),
        ("4-1", 3),
        ("4 -1", 3),
        ("+5", 5),
        ("4 + +5", 9),
        ("007", 7),
        ("-2147483648", -2147483648),
        ("2147483647", 2147483647),
        # texts
        (r"'it\'s'", "it's"),
        ("'it''s'", "it's"),
        ('"say ""x"""', 'say "x"'),
        (r'"a\"b"', 'a"b'),
        (r"'a\"b'", r"a\"b"),
        ("'a\"\"b'", 'a""b'),
        (r"'a\nb\\c'", r"a\nb\\c"),
        ("'a\nb'", "a\nb"),
        ("''", ""),
        ("'€😀'", "€😀"),
    ],
)
def test_what_an_expression_is_worth(expression, expected):
    found = value(expression)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    "expression",
    [
        "", " ", "(", ")", "()", "(1", "1)", "1 1", "1 2 +", "= 1", "1 =", "AND", "a AND", "a NOT b", "a NOT",
        "NOT", "-", "+", "+a", "a LIKE", "a LIKE b", "a LIKE 1", "a LIKE ('a')", "a LIKE CONCAT('a')", "a NOT = 1",
        "a IN", "a IN ()", "a IN (1", "a IN (1,)", "a IN 1", "EXISTS", "EXISTS 1", "EXISTS 'a'", "EXISTS (a)",
        "f(", "f(1", "f(1,", "f(1,)", "f(,1)", "f1(1)", "_f(1)", "1(1)", "a_b", "true(1)", "'a", '"a', "'a\\'", "'",
        "2147483648", "-2147483649", "9" * 5000, "a.b", "a; b", "a == 1", "a # b", "é", "a\x00", "a\u00a0= 1", "{}",
        "a && b", "a IS NULL", "[1]", "1.5",
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused(expression):
    with pytest.raises(cesql.ParseError) as caught:
        cesql.parse(expression)
    assert caught.value.status == 400
    assert caught.value.code == "INVALID_EXPRESSION"
    assert "CESQL" in caught.value.detail


def test_a_refusal_never_quotes_the_expression():
    secret = "Quackenbush"
    for expression in (f"'{secret}", f"{secret} {secret}", f"f_({secret}", f"{secret} LIKE {secret}", f"é{secret}"):
        with pytest.raises(cesql.ParseError) as caught:
            cesql.parse(expression)
        assert secret not in repr(caught.value) + caught.value.detail + repr(caught.value.__context__)


# --- faults ---


@pytest.mark.parametrize(
    ("expression", "expected", "faults"),
    [
        # a missing attribute gives the zero value of what looks at it, and nothing is computed
        ("absent", False, [Fault.MISSING_ATTRIBUTE]),
        ("(absent)", False, [Fault.MISSING_ATTRIBUTE]),
        ("1 / absent", 0, [Fault.MISSING_ATTRIBUTE]),
        ("absent <> 'x'", False, [Fault.MISSING_ATTRIBUTE]),
        ("absent NOT LIKE 'x'", False, [Fault.MISSING_ATTRIBUTE]),
        ("absent IN ('x')", False, [Fault.MISSING_ATTRIBUTE]),
        ("absent NOT IN ('x')", False, [Fault.MISSING_ATTRIBUTE]),
        ("'x' NOT IN (absent, 'y')", False, [Fault.MISSING_ATTRIBUTE]),
        ("absent XOR TRUE", False, [Fault.MISSING_ATTRIBUTE]),
        ("absent OR TRUE", False, [Fault.MISSING_ATTRIBUTE]),
        ("TRUE OR absent", True, []),
        ("FALSE AND absent", False, []),
        ("CONCAT('a', absent)", "", [Fault.MISSING_ATTRIBUTE]),
        ("LENGTH(absent)", 0, [Fault.MISSING_ATTRIBUTE]),
        ("BOOL(absent)", False, [Fault.MISSING_ATTRIBUTE]),
        # both sides are looked at, so both faults are told
        ("absent + 1 / 0", 0, [Fault.MISSING_ATTRIBUTE, Fault.MATH]),
        ("absent = gone", False, [Fault.MISSING_ATTRIBUTE, Fault.MISSING_ATTRIBUTE]),
        # 32 bits
        ("2147483647 + 1", 0, [Fault.MATH]),
        ("-2147483648 - 1", 0, [Fault.MATH]),
        ("65536 * 65536", 0, [Fault.MATH]),
        ("-2147483648 / -1", 0, [Fault.MATH]),
        ("--2147483648", 0, [Fault.MATH]),
        ("ABS(-2147483648) = 2147483647", False, [Fault.MATH]),
        # casts
        ("'x' + 1", 0, [Fault.CAST]),
        ("'x' = 0", False, [Fault.CAST]),
        ("'x' != 0", False, [Fault.CAST]),
        ("'x' < 'y'", False, [Fault.CAST, Fault.CAST]),
        ("'x' AND TRUE", False, [Fault.CAST]),
        ("0 IN ('x', 0)", False, [Fault.CAST]),
        ("0 IN (0, 'x')", True, []),
        ("NOT 'x'", True, [Fault.CAST]),
        ("NOT 0", True, [Fault.CAST]),
        ("NOT sequence", True, [Fault.CAST]),
        ("-'x'", 0, [Fault.CAST]),
        ("INT('2147483648')", 0, [Fault.CAST]),
        ("INT(' 1')", 0, [Fault.CAST]),
        ("INT('1_0')", 0, [Fault.CAST]),
        ("INT('١')", 0, [Fault.CAST]),
        ("INT('')", 0, [Fault.CAST]),
        ("INT('+')", 0, [Fault.CAST]),
        ("BOOL('')", False, [Fault.CAST]),
        ("BOOL('yes')", False, [Fault.CAST]),
        # functions
        ("NOSUCH()", False, [Fault.MISSING_FUNCTION]),
        ("NO_SUCH(absent)", False, [Fault.MISSING_FUNCTION]),
        ("LENGTH()", False, [Fault.MISSING_FUNCTION]),
        ("LENGTH('a', 'b')", False, [Fault.MISSING_FUNCTION]),
        ("SUBSTRING('a')", False, [Fault.MISSING_FUNCTION]),
        ("LEFT('abc', 'x')", "", [Fault.CAST]),
        ("SUBSTRING('abc', 4)", "", [Fault.FUNCTION_EVALUATION]),
        ("SUBSTRING('abc', -4)", "", [Fault.FUNCTION_EVALUATION]),
        ("SUBSTRING('abc', 1, -1)", "", [Fault.FUNCTION_EVALUATION]),
        ("SUBSTRING('', 1)", "", [Fault.FUNCTION_EVALUATION]),
    ],
)
def test_a_fault_leaves_a_value(expression, expected, faults):
    assert evaluated(expression) == (expected, faults)
    assert cesql.parse(expression).matches(EVENT) is (expected is True and not faults)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("7 % -3", 1),
        ("-7 % 3", -1),
        ("-7 / 2", -3),
        ("7 / -2", -3),
        ("-2147483648 % -1", 0),
        ("'+5' = 5", True),
        ("'00000000000000000005' = 5", True),
        ("INT('-0')", 0),
        ("TRUE + TRUE", 2),
        ("10 AND urgent", True),
        ("0 OR FALSE", False),
        ("10 = TRUE", True),
        ("TRUE = 1", True),
        ("TRUE = 2", False),
        ("'tRuE' = TRUE", True),
        ("sequence = '7'", True),
        ("sequence = '07'", False),
        ("number > 9", True),
        ("urgent IN ('true')", True),
        ("sequence IN ('07')", True),
        ("urgent LIKE 't%'", True),
        ("LENGTH(word)", 4),
        ("UPPER(word)", "ÄHRE"),
        ("LOWER(word)", "ähre"),
        ("LENGTH(sequence)", 1),
        ("TRIM('\u2003\u00a0x\t\u3000')", "x"),
        ("TRIM('\x1fx\x1f')", "\x1fx\x1f"),
        ("LEFT(word, 1)", "Ä"),
        ("LEFT(word, 0)", ""),
        ("RIGHT(word, 0)", ""),
        ("RIGHT(word, 2)", "re"),
        ("SUBSTRING(word, -4, 1)", "Ä"),
        ("SUBSTRING('abc', 2, 2147483647)", "bc"),
        ("SUBSTRING('abc', 3, 0)", ""),
        ("CONCAT_WS(CONCAT('-', '-'), 1, TRUE)", "1--true"),
        ("EXISTS id AND EXISTS source AND EXISTS type AND EXISTS specversion", True),
    ],
)
def test_casts_and_functions(expression, expected):
    found = value(expression)
    assert (found, type(found)) == (expected, type(expected))


def test_what_every_event_has_exists_even_in_a_part_of_an_event():
    assert cesql.parse("EXISTS id").matches({}) is True
    assert cesql.parse("EXISTS subject").matches({}) is False


def test_an_event_is_not_changed_and_answers_twice_the_same():
    event = dict(EVENT)
    expression = cesql.parse("sequence + 1 = 8 AND UPPER(word) = 'ÄHRE'")
    assert expression.evaluate(event) == expression.evaluate(event) == (True, [])
    assert event == EVENT


# --- LIKE ---


def as_regex(pattern):
    """The same by another road: Python's own engine, on texts too short to make it slow."""
    parts = re.findall(r"\\[%_]|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return "".join(wild.get(part) or re.escape(part[-1] if part in {r"\%", r"\_"} else part) for part in parts)


@settings(max_examples=2000, deadline=None)
@given(st.text("ab%_\\", max_size=10), st.text("ab%_\\\n", max_size=12))
def test_like_agrees_with_a_regular_expression(pattern, text):
    assert compile_pattern(pattern)(text) is bool(re.fullmatch(as_regex(pattern), text, re.DOTALL))


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("%a" * 2000 + "%b", "a" * 8192, False),
        ("%a" * 2000 + "%", "a" * 8192, True),
        ("%_a" * 2000 + "%b%", "a" * 8192, False),
        ("%" + "_a" * 2000 + "b%", "a" * 8192, False),
        ("%" + "_" * 4000 + "%", "a" * 8192, True),
        ("%" + "a" * 4000 + "b%", "a" * 8192, False),
        ("%a" * 2000 + "%" + "a" * 2000 + "b", "a" * 8192, False),
        ("%_%_%_%", "ab", False),
    ],
)
def test_no_pattern_makes_like_slow(pattern, text, expected):
    """No segment is tried in a second place; a backtracking engine does not come back from the first of these."""
    assert compile_pattern(pattern)(text) is expected


# --- bounds ---


def test_an_expression_is_as_long_as_it_may_be():
    assert value(f"LENGTH('{'a' * (cesql.LONGEST - 10)}')") == cesql.LONGEST - 10
    with pytest.raises(cesql.ParseError, match="too long"):
        cesql.parse(f"LENGTH('{'a' * (cesql.LONGEST - 9)}')")


@pytest.mark.parametrize(
    "nested",
    [
        lambda depth: "(" * depth + "1" + ")" * depth,
        lambda depth: "NOT " * depth + "TRUE",
        lambda depth: "-" * depth + "1",
        lambda depth: "ABS(" * depth + "1" + ")" * depth,
        lambda depth: "1" + " + 1" * depth,
        lambda depth: "1" + " - (1" * depth + ")" * depth,
        lambda depth: "TRUE" + " AND TRUE OR TRUE" * depth,
        lambda depth: "1 IN (" * depth + "1" + ")" * depth,
    ],
)
def test_a_deep_expression_is_refused_and_never_overflows(nested):
    cesql.parse(nested(cesql.DEEPEST // 3)).evaluate(EVENT)
    for depth in (cesql.DEEPEST + 1, 400):
        with pytest.raises(cesql.ParseError, match="too deeply"):
            cesql.parse(nested(depth))


def test_a_long_list_is_not_deep():
    types = [f"org.example.thing{number}.v1" for number in range(150)]
    either = cesql.parse(" OR ".join(f"type = '{name}'" for name in types))
    assert either.matches(EVENT | {"type": types[-1]}) is True
    assert either.matches(EVENT) is False
    assert either.required("type") == set(types)
    assert cesql.parse(f"type IN ({', '.join(map(repr, types))})").matches(EVENT | {"type": types[-1]}) is True


def test_texts_are_bounded():
    event = {"word": "x" * 8192, "long": "x" * 8193, "half": "x" * 4096}
    assert evaluated("LENGTH(word)", event) == (8192, [])
    assert evaluated("long LIKE 'x%'", event) == (False, [Fault.GENERIC])
    assert evaluated("EXISTS long", event) == (True, [])
    assert evaluated("LENGTH(CONCAT(half, half))", event) == (8192, [])
    assert evaluated("LENGTH(CONCAT(half, half, 1))", event) == (0, [Fault.FUNCTION_EVALUATION])
    assert evaluated("LENGTH(CONCAT_WS(half, 1, half))", event) == (0, [Fault.FUNCTION_EVALUATION])
    assert evaluated("LENGTH(CONCAT_WS(half, 1, 2))", event) == (4098, [])
    assert evaluated("CONCAT_WS(word, '')", event) == ("", [])


# --- any text at all ---

EVENTS = st.dictionaries(
    st.sampled_from(["a", "b", "type", "1st"]),
    st.one_of(st.text(max_size=6), st.sampled_from(["1", "-7", "true", "FALSE"]), st.integers(-(2**31), 2**31 - 1)),
) | st.dictionaries(st.sampled_from(["a", "b"]), st.booleans())
PIECES = st.sampled_from(
    """a b type 1st 0 1 -1 2147483647 -2147483648 TRUE false 'x' "7" '%' '_x%' '' ( ) , = != <> < <= > >= + - * / % AND
    OR XOR NOT LIKE IN EXISTS INT( BOOL( STRING( ABS( LENGTH( CONCAT( CONCAT_WS( LOWER( TRIM( LEFT( RIGHT( SUBSTRING(
    NOSUCH( 'open "open \\ é""".split()
)
TERMS = st.sampled_from(["a", "b", "type", "gone", "0", "1", "7", "-2147483648", "TRUE", "'x'", "'7'", "'true'", "''"])
SIGNS = st.sampled_from("= != <> < <= > >= + - * / % AND OR XOR".split())
FUNCTIONS = st.sampled_from("INT BOOL STRING ABS LENGTH CONCAT CONCAT_WS LOWER UPPER TRIM LEFT RIGHT SUBSTRING".split())
WELL_FORMED = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds(lambda one, sign, other: f"({one} {sign} {other})", inner, SIGNS, inner),
        st.builds(lambda sign, one: f"{sign} ({one})", st.sampled_from(["NOT", "-"]), inner),
        st.builds(
            lambda one, sign, pattern: f"({one}) {sign} '{pattern}'",
            inner,
            st.sampled_from(["LIKE", "NOT LIKE"]),
            st.text("x7%_", max_size=4),
        ),
        st.builds(
            lambda one, sign, elements: f"({one}) {sign} ({', '.join(elements)})",
            inner,
            st.sampled_from(["IN", "NOT IN"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda name, parts: f"{name}({', '.join(parts)})", FUNCTIONS, st.lists(inner, max_size=3)),
        st.just("EXISTS a"),
    ),
    max_leaves=12,
)


def check(text, event):
    """Total in both modes, which agree, and every integer has 32 bits."""
    try:
        expression = cesql.parse(text)
    except cesql.ParseError:
        return False
    found, faults = expression.evaluate(event)
    assert type(found) in {str, int, bool}
    assert isinstance(found, str) or -(2**31) <= found < 2**31
    assert set(faults) <= set(Fault)
    assert expression.matches(event) is (found is True and not faults)
    return True


@settings(max_examples=1000, deadline=None)
@given(st.text(max_size=60) | st.lists(PIECES, max_size=25).map(" ".join), EVENTS)
def test_any_text_is_refused_or_evaluated(text, event):
    check(text, event)


@settings(max_examples=1500, deadline=None)
@given(WELL_FORMED, EVENTS)
def test_a_well_formed_expression_is_never_refused_and_never_raises(text, event):
    assert check(text, event)


@settings(max_examples=500, deadline=None)
@given(WELL_FORMED, EVENTS, st.sampled_from(["AND", "OR", "XOR"]))
def test_a_chain_of_one_operator_means_the_same_from_either_side(text, event, sign):
    """As filters: so it does not matter here which way a cluster's broker reads it, only for mixtures."""
    left = cesql.parse(f"(({text}) {sign} a) {sign} b")
    right = cesql.parse(f"({text}) {sign} (a {sign} b)")
    assert left.matches(event) is right.matches(event)
