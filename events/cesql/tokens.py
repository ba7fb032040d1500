"""The words and signs of a CESQL expression (specification, section 2).

Keywords and names are case-insensitive. A quote inside a text is written `\\'` or doubled; any other backslash stays,
as the published lexer has it.
"""

import re
from typing import NamedTuple

from events.cesql.values import ParseError

# Characters of an expression. Knative sets no limit; a Trigger of a hundred types needs about this.
LONGEST = 8192

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
    | (?P<text>'(?:\\.|''|[^'\\])*+'|"(?:\\.|""|[^"\\])*+")
    | (?P<word>[A-Za-z0-9_]+)
    | (?P<sign><>|!=|<=|>=|[=<>+\-*/%(),])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)|''|\"\"", re.DOTALL)
_KEYWORDS = frozenset({"AND", "OR", "XOR", "NOT", "LIKE", "EXISTS", "IN"})


class Token(NamedTuple):
    """`kind` is text, integer, boolean, word, end, or for signs and keywords the thing itself."""

    kind: str
    value: str


END = Token("end", "")


def read(expression: str) -> list[Token]:
    """All tokens, closed by END."""
    if len(expression) > LONGEST:
        raise ParseError("The CESQL expression is too long.")
    tokens = []
    position = 0
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None:
            raise ParseError("The CESQL expression has a character that may not stand there, or an open quote.")
        position = match.end()
        if match.lastgroup != "space":
            tokens.append(_token(str(match.lastgroup), match.group()))
    return [*tokens, END]


def _token(group: str, found: str) -> Token:
    if group == "sign":
        return Token(found, found)
    if group == "text":
        return Token("text", _unquoted(found))
    word = found.upper()
    if word in _KEYWORDS:
        return Token(word, word)
    if word in {"TRUE", "FALSE"}:
        return Token("boolean", word)
    return Token("integer" if found.isdigit() else "word", found)


def _unquoted(literal: str) -> str:
    quote = literal[0]

    def plain(match: re.Match[str]) -> str:
        return quote if match.group() in {f"\\{quote}", quote * 2} else match.group()

    return _ESCAPE.sub(plain, literal[1:-1])
