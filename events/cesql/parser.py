"""A Pratt parser: text to nodes, precedence by the specification's section 3.6.

    unary NOT and -   >   LIKE, IN   >   * / %   >   + -   >   comparisons   >   AND OR XOR

AND, OR and XOR are one level, read from left to right as the text of the specification says; its published grammar
reads them from right to left, so a mixture without brackets means two things (docs/reference/filters.md).
"""

import re
from collections.abc import Callable

from events.cesql.nodes import (
    Arithmetic,
    Attribute,
    Call,
    Comparison,
    Exists,
    In,
    Like,
    Literal,
    Logic,
    Negate,
    Node,
    Not,
)
from events.cesql.tokens import END, Token, read
from events.cesql.values import Faulty, ParseError, Value, to_integer

# Operators, brackets and arguments inside each other; Knative sets no limit.
DEEPEST = 64

_LOGIC = ("AND", "OR", "XOR")
_COMPARISONS = ("=", "!=", "<>", "<", "<=", ">", ">=")
_UNARY = 6
_UNARY_NODES: dict[str, Callable[[Node], Node]] = {"NOT": Not, "-": Negate}
_POWERS = {
    **dict.fromkeys(_LOGIC, 1),
    **dict.fromkeys(_COMPARISONS, 2),
    **dict.fromkeys(("+", "-"), 3),
    **dict.fromkeys(("*", "/", "%"), 4),
    **dict.fromkeys(("LIKE", "IN", "NOT"), 5),  # NOT stands between its operands only before LIKE and IN
}
_NAME = re.compile(r"[A-Za-z0-9]+\Z")
_FUNCTION = re.compile(r"[A-Za-z][A-Za-z_]*\Z")


def parse(expression: str) -> Node:
    parser = _Parser(read(expression))
    node = parser.expression(0)
    parser.expect("end")
    return node


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def _take(self) -> Token:
        token = self._tokens[self._next]
        if token is END:
            raise ParseError("The CESQL expression ends too early.")
        self._next += 1
        return token

    def _sees(self, kind: str) -> bool:
        return self._tokens[self._next].kind == kind

    def expect(self, kind: str) -> None:
        if not self._sees(kind):
            raise ParseError("The CESQL expression has a word or sign where another one must stand.")
        self._next += 1

    def expression(self, power: int) -> Node:
        """Reads on as long as operators bind stronger than `power`."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise ParseError("The CESQL expression is nested too deeply.")
        node = self._operand(self._take())
        while _POWERS.get(self._tokens[self._next].kind, 0) > power:
            node = self._operation(node, self._take().kind)
        self._depth -= 1
        return node

    def _operand(self, token: Token) -> Node:
        if token.kind in _LITERALS:
            return Literal(_LITERALS[token.kind](token.value))
        if token.kind in {"+", "-"} and self._sees("integer"):
            return Literal(_integer(token.kind + self._take().value))
        if token.kind in _UNARY_NODES:
            return _UNARY_NODES[token.kind](self.expression(_UNARY))
        if token.kind == "EXISTS":
            return Exists(_name(self._take()))
        if token.kind == "word":
            return self._call(token.value) if self._sees("(") else Attribute(_name(token))
        if token.kind != "(":
            raise ParseError("The CESQL expression has a word or sign where a value must stand.")
        node = self.expression(0)
        self.expect(")")
        return node

    def _operation(self, left: Node, sign: str) -> Node:
        negated = sign == "NOT"
        if negated:
            sign = self._take().kind
        if sign == "LIKE":
            pattern = self._take()
            if pattern.kind != "text":
                raise ParseError("In a CESQL expression LIKE needs a quoted text as its pattern.")
            return Like(left, pattern.value, negated)
        if sign == "IN":
            self.expect("(")
            return In(left, self._list(), negated)
        if negated:
            raise ParseError("In a CESQL expression NOT between two values belongs to LIKE or IN only.")
        right = self.expression(_POWERS[sign])
        if sign in _LOGIC:
            return _logic(sign, left, right)
        return (Comparison if sign in _COMPARISONS else Arithmetic)(sign, left, right)

    def _call(self, name: str) -> Node:
        if not _FUNCTION.match(name):
            raise ParseError("The CESQL expression has a bad name of a function.")
        self.expect("(")
        if self._sees(")"):
            self.expect(")")
            return Call(name.upper(), ())
        return Call(name.upper(), self._list())

    def _list(self) -> tuple[Node, ...]:
        """One or more expressions, after the opening bracket."""
        nodes = [self.expression(0)]
        while self._sees(","):
            self.expect(",")
            nodes.append(self.expression(0))
        self.expect(")")
        return tuple(nodes)


def _logic(sign: str, left: Node, right: Node) -> Node:
    if isinstance(left, Logic) and left.sign == sign:
        return Logic(sign, (*left.operands, right))
    return Logic(sign, (left, right))


def _name(token: Token) -> str:
    if token.kind != "word" or not _NAME.match(token.value):
        raise ParseError("The CESQL expression has a bad name of an attribute.")
    return token.value.lower()


def _integer(text: str) -> int:
    number = to_integer(text, lambda _fault: None)
    if isinstance(number, Faulty):
        raise ParseError("The CESQL expression has a number beyond 32 bits.")
    return number


_LITERALS: dict[str, Callable[[str], Value]] = {"text": str, "integer": _integer, "boolean": "TRUE".__eq__}
