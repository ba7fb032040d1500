"""What a bundle may use: built-ins that regorus, rego-cpp and OPA all have, and nothing that reads the world.

A policy with `time.now_ns` could not be asked again tomorrow about yesterday, one with `http.send` would depend on a
stranger; what only one engine knows is undefined in another. So the list says what is allowed, not what is not.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from voiceassist.ports.policy import Bundle, PolicyError

PORTABLE = frozenset(
    """abs all any array.concat array.slice ceil concat contains count endswith floor format_int indexof intersection
    is_array is_boolean is_null is_number is_object is_set is_string lower max min object.get object.keys object.remove
    object.union product regex.match replace round sort split startswith substring sum to_number trim trim_left
    trim_prefix trim_right trim_space trim_suffix union upper""".split()
)


@dataclass(frozen=True, slots=True)
class Fault:
    """`name` is the built-in, a word of the policy's author and no input."""

    file: str
    line: int
    name: str


def faults(bundle: Bundle) -> list[Fault]:
    """Calls of what is not portable, in order; PolicyError where the text is no Rego."""
    found = []
    for file, rules in _parsed(bundle):
        own = {_name(call["refr"]) for call in _objects(rules, "Func")} | _aliases(rules, bundle.modules[file])
        for call in _objects(rules, "Call"):
            name = _name(call["fcn"])
            if name not in PORTABLE and name not in own and name.partition(".")[0] not in own | {"data"}:
                found.append(Fault(file, call["span"]["line"], name))
    return sorted(found, key=lambda one: (one.file, one.line))


def _parsed(bundle: Bundle) -> Iterator[tuple[str, dict[str, Any]]]:
    import regorus

    for name, text in bundle.modules.items():
        engine = regorus.Engine()
        try:
            engine.add_policy(name, text)
            (tree,) = json.loads(engine.get_ast_as_json())
        except Exception:  # noqa: BLE001 - the message is a source excerpt with a backtrace
            raise PolicyError("The bundle cannot be compiled.") from None
        yield name, tree["ast"]


def _aliases(tree: dict[str, Any], text: str) -> set[str]:
    """What files of the bundle are called by their importers; the tree tells only where an alias stands."""
    source = text.encode()
    names = set()
    for one in tree["imports"]:
        path, alias = _name(one["refr"]), one.get("as")
        if path.startswith("data."):
            names.add(source[alias["start"] : alias["end"]].decode() if alias else path.rpartition(".")[2])
    return names


def _objects(node: object, kind: str) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get(kind), dict):
            yield node[kind]
        for value in node.values():
            yield from _objects(value, kind)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value, kind)


def _name(node: dict[str, Any]) -> str:
    """`object.union` of nested references; a reference that is computed is named by `?`, which nothing allows."""
    if "Var" in node:
        return str(node["Var"]["value"])
    if "RefDot" in node:
        return f"{_name(node['RefDot']['refr'])}.{node['RefDot']['field'][1]}"
    return "?"
