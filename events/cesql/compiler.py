"""From nodes to closures, which do no work at run time that can be done now."""

from collections.abc import Callable
from typing import Any, NamedTuple

from events.cesql import functions, nodes, operators
from events.cesql.operators import Run
from events.cesql.parser import DEEPEST
from events.cesql.values import Event, Faulty, Kind, ParseError, Report, Value, kind_of


class Part(NamedTuple):
    """`kind` is the type of its values, None where only the event tells."""

    run: Run
    kind: Kind | None


# Compiles an operand, cast to a type if one is given.
Inner = Callable[[nodes.Node, Kind | None], Run]


def compile_node(node: nodes.Node, depth: int = 1) -> Part:
    """A long chain of operators is deep although nothing in it is in brackets, so the depth is checked here again."""
    if depth > DEEPEST:
        raise ParseError("The CESQL expression is nested too deeply.")

    def inner(operand: nodes.Node, kind: Kind | None) -> Run:
        part = compile_node(operand, depth + 1)
        return part.run if kind in {None, part.kind} else operators.cast(part.run, kind)

    return _PARTS[type(node)](node, inner)


def _comparison(node: nodes.Comparison, inner: Inner) -> Part:
    if node.sign in operators.ORDERS:
        return Part(operators.order(operators.ORDERS[node.sign], inner(node.left, int), inner(node.right, int)), bool)
    return Part(operators.equal(inner(node.left, None), inner(node.right, None), negated=node.sign != "="), bool)


def _arithmetic(node: nodes.Arithmetic, inner: Inner) -> Part:
    compute = operators.COMPUTE[node.sign]
    return Part(operators.arithmetic(compute, inner(node.left, int), inner(node.right, int)), int)


def _in(node: nodes.In, inner: Inner) -> Part:
    elements = tuple(inner(element, None) for element in node.elements)
    return Part(operators.in_(inner(node.operand, None), elements, negated=node.negated), bool)


def _logic(node: nodes.Logic, inner: Inner) -> Part:
    return Part(operators.LOGIC[node.sign](tuple(inner(operand, bool) for operand in node.operands)), bool)


def _call(node: nodes.Call, inner: Inner) -> Part:
    count = len(node.arguments)
    function = functions.find(node.name, count)
    if function is None:
        return Part(operators.missing_function, bool)
    call, result = function.call, function.result
    kinds = (*function.parameters, *(function.rest,) * (count - len(function.parameters)))
    operands = tuple(inner(argument, kind) for argument, kind in zip(node.arguments, kinds, strict=True))

    def run(event: Event, report: Report) -> Value | Faulty:
        values = [operand(event, report) for operand in operands]
        if any(isinstance(value, Faulty) for value in values):
            return Faulty(result())
        return call(report, *values)

    return Part(run, result)


_PARTS: dict[type, Callable[[Any, Inner], Part]] = {
    nodes.Literal: lambda node, _inner: Part(operators.constant(node.value), kind_of(node.value)),
    nodes.Attribute: lambda node, _inner: Part(operators.attribute(node.name), None),
    nodes.Exists: lambda node, _inner: Part(operators.exists(node.name), bool),
    nodes.Not: lambda node, inner: Part(operators.not_(inner(node.operand, None)), bool),
    nodes.Negate: lambda node, inner: Part(operators.negate(inner(node.operand, int)), int),
    nodes.Like: lambda node, inner: Part(
        operators.like_(inner(node.operand, str), node.pattern, negated=node.negated), bool
    ),
    nodes.In: _in,
    nodes.Arithmetic: _arithmetic,
    nodes.Comparison: _comparison,
    nodes.Logic: _logic,
    nodes.Call: _call,
}
