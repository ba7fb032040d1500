"""A compiled expression, in its two modes: with all its faults, and as a filter."""

from events.cesql import parser, required
from events.cesql.compiler import compile_node
from events.cesql.nodes import Node
from events.cesql.values import Event, Fault, Faulty, Value


class _Stopped(Exception):  # noqa: N818 - nothing went wrong here: the filter's answer is known
    """The first fault of a filter."""


def _stop(_fault: Fault) -> None:
    raise _Stopped


class Expression:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._run = compile_node(node).run

    def evaluate(self, event: Event) -> tuple[Value, list[Fault]]:
        """The value and every fault on the way to it."""
        faults: list[Fault] = []
        value = self._run(event, faults.append)
        return value.value if isinstance(value, Faulty) else value, faults

    def matches(self, event: Event) -> bool:
        """Whether the value is the boolean true and nothing went wrong."""
        try:
            return self._run(event, _stop) is True
        except _Stopped:
            return False

    def required(self, name: str) -> frozenset[str] | None:
        """The texts of which one must be the attribute `name` (one that every event has), else this does not match."""
        return required.values_of(self._node, name)


def parse(text: str) -> Expression:
    """ParseError where it is no expression, or one beyond our bounds."""
    return Expression(parser.parse(text))
