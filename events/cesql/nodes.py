"""The parts of a parsed expression. Brackets leave no trace: they only decide what belongs to what."""

from dataclasses import dataclass

from events.cesql.values import Value


@dataclass(frozen=True, slots=True)
class Literal:
    value: Value


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str


@dataclass(frozen=True, slots=True)
class Exists:
    name: str


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Negate:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Like:
    operand: "Node"
    pattern: str
    negated: bool


@dataclass(frozen=True, slots=True)
class In:
    operand: "Node"
    elements: tuple["Node", ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`sign` is one of * / % + -."""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`sign` is one of = != <> < <= > >=."""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Logic:
    """`sign` is AND, OR or XOR. `a AND b AND c` is one of these, so a long list is not a deep one."""

    sign: str
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Call:
    """`name` is in capitals; whether there is such a function shows when it is compiled."""

    name: str
    arguments: tuple["Node", ...]


Node = Literal | Attribute | Exists | Not | Negate | Like | In | Arithmetic | Comparison | Logic | Call
