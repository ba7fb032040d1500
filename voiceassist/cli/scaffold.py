"""The files of a new function, out of the templates beside this module; nothing is overwritten.

A function answers a question over HTTP, or it hears one type of event. Both get the wings of every other room: folder,
wiring, compose service, page and test (docs/guides/new-function.md).
"""

import ast
import builtins
import json
import keyword
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from string import Template

import yaml

from events.catalog import EVENT_TYPES
from realtime.dialogue import phrases
from voiceassist.core.errors import ConflictError, NotFoundError, ValidationError
from voiceassist.runtime import wiring
from voiceassist.runtime.settings import inherited

TEMPLATES = Path(__file__).with_name("templates")
NAME = re.compile(r"[a-z][a-z0-9]{1,23}")
TITLE = re.compile(r"\w[\w ,.()/-]{0,37}")
SCOPE = re.compile(r"[a-z][a-z0-9]*:[a-z]+")
# What the templates, or compose.yaml, call something else.
TAKEN = frozenset({"room", "app", "ask", "skill", "log", "hear", "gateway", "realtime", "broker", "migrate"})
KUSTOMIZATION = "knative/rooms/kustomization.yaml"
ACCESS = "tests/data/access/matrix.yaml"  # who may call which route
BEFORE = "\n  gateway:\n"  # rooms stand before it in compose.yaml


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `hears` is an event type; such a function has neither route nor scope nor phrases."""

    name: str
    title: str
    scope: str = ""
    phrases: tuple[str, ...] = ()
    hears: str = ""


def write(root: Path, wanted: Wanted) -> list[str]:
    """Write everything and return the paths; ValidationError, ConflictError or NotFoundError before the first file."""
    if not all((root / path).is_file() for path in (KUSTOMIZATION, "compose.yaml")):
        raise NotFoundError("This is no checkout: a function is written where knative/ and compose.yaml are.")
    refuse_names(root, wanted)
    refuse_wiring(root, wanted)
    new = files(wanted)
    folders = [root / "functions" / wanted.name, root / "tests/unit/functions" / wanted.name]
    if any(place.exists() for place in (*folders, *(root / path for path in new))):
        raise ConflictError("There is something of this name already; nothing was written.")
    changed = changes(root, wanted)
    for path, text in (new | changed).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    if wanted.hears:  # the page of the events says who hears them
        command = [sys.executable, "-m", "events.schemas"]
        subprocess.run(command, cwd=root, env=inherited() | {"PYTHONPATH": str(root)}, check=True)
    return [*new, *changed]


def refuse_names(root: Path, wanted: Wanted) -> None:
    house = {part for path in (root / "voiceassist").rglob("*.py") for part in path.relative_to(root).parts}
    reserved = {part.removesuffix(".py") for part in house} | TAKEN | set(dir(builtins)) | set(keyword.kwlist)
    if not NAME.fullmatch(wanted.name) or wanted.name in reserved:
        raise ValidationError("The name must be 2 to 24 small letters and digits, and no word of Python or this house.")
    if not TITLE.fullmatch(wanted.title):
        raise ValidationError("The title must be 1 to 38 letters, digits, spaces and ,.()/-.")


def refuse_wiring(root: Path, wanted: Wanted) -> None:
    """Refuse what `voiceassist check` would report later."""
    found = wiring.load(root / "knative")
    if wanted.hears:
        if not (wanted.hears in EVENT_TYPES and EVENT_TYPES[wanted.hears].says):
            raise ValidationError("No room says this event type; docs/reference/events.md lists those that are said.")
        return
    if not SCOPE.fullmatch(wanted.scope):
        raise ValidationError("The scope must be two words with a colon between, such as oncall:read.")
    if f"/api/v1/{wanted.name}" in found.routes:
        raise ConflictError("Another room answers under this name; nothing was written.")
    room = wiring.room_of(yaml.safe_load(filled("service.yaml.txt", wanted)))
    faults = phrases.read([*found.rooms.values(), room])[1]
    if faults:
        raise ValidationError(f"The phrases cannot be used: {faults[-1]}.")


def files(wanted: Wanted) -> dict[str, str]:
    """Path to text of every new file."""
    name, kind = wanted.name, "listener" if wanted.hears else "function"
    trigger = filled("listener/trigger.yaml.txt", wanted) if wanted.hears else ""
    return {
        f"functions/{name}/__init__.py": "",
        f"functions/{name}/main.py": filled(f"{kind}/main.py.txt", wanted),
        f"knative/rooms/{name}.yaml": filled("service.yaml.txt", wanted) + trigger,
        f"docs/reference/rooms/{name}.md": filled(f"{kind}/page.md.txt", wanted),
        f"tests/unit/functions/{name}/test_main.py": filled(f"{kind}/test_main.py.txt", wanted),
    }


def changes(root: Path, wanted: Wanted) -> dict[str, str]:
    """Path to new text of every file that must know the function."""
    kustomization = (root / KUSTOMIZATION).read_text()
    head, listed = kustomization.split("resources:\n")
    resources = sorted([*listed.splitlines(), f"  - {wanted.name}.yaml"])
    compose = (root / "compose.yaml").read_text()
    if compose.count(BEFORE) != 1:
        raise ConflictError("compose.yaml has no service gateway to put the function before; nothing was written.")
    told = {
        KUSTOMIZATION: head + "resources:\n" + "\n".join(resources) + "\n",
        "compose.yaml": compose.replace(BEFORE, f"\n{filled('compose.yaml.txt', wanted)}{BEFORE[1:]}"),
    }
    if wanted.hears:
        return told | heard(root, wanted)
    return told | callers(root, wanted)


def callers(root: Path, wanted: Wanted) -> dict[str, str]:
    """The table of who may call which route, with the function's: whoever works with patients (`room.use`)."""
    path = root / ACCESS
    if not path.is_file():
        return {}
    who = "clinician nurse user researcher integrator service"
    return {ACCESS: f"{path.read_text()}{wanted.name}:\n  POST /api/v1/{wanted.name}/ask: {who}\n"}


def heard(root: Path, wanted: Wanted) -> dict[str, str]:
    """The catalogue's module with the function among those who hear the event."""
    payload = EVENT_TYPES[wanted.hears].payload
    path = f"{payload.__module__.replace('.', '/')}.py"
    text = (root / path).read_text()
    for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
        given = {named.arg: named.value for named in call.keywords}
        if ast.unparse(given.get("payload", call)) == payload.__name__ and "heard_by" in given:
            place = given["heard_by"]
            names = json.dumps([*ast.literal_eval(place), wanted.name])[1:-1]
            comma = "," if ", " not in names else ""
            lines = text.splitlines(keepends=True)
            line = lines[place.lineno - 1].encode()
            lines[place.lineno - 1] = (
                line[: place.col_offset] + f"({names}{comma})".encode() + line[place.end_col_offset :]
            ).decode()
            return {path: "".join(lines)}
    raise ConflictError("The catalogue does not say who hears this event where it is declared; nothing was written.")


def filled(template: str, wanted: Wanted) -> str:
    values = {"name": wanted.name, "title": wanted.title, "scope": wanted.scope, "annotations": annotations(wanted)}
    if wanted.hears:
        values |= {
            "type": wanted.hears,
            "payload": EVENT_TYPES[wanted.hears].payload.__name__,
            "event": ".".join(wanted.hears.split(".")[2:-1]),
            "noun": "-".join(wanted.hears.split(".")[2:-1]).replace("_", "-"),
            "anchor": wanted.hears.replace(".", ""),
        }
    voice = "; ".join(f'"{phrase}"' for phrase in wanted.phrases)
    values["voice"] = f"Asked by voice with {voice}." if voice else "Not asked by voice: its wiring names no phrases."
    return Template((TEMPLATES / template).read_text()).substitute(values)


def annotations(wanted: Wanted) -> str:
    if wanted.hears:
        told = {"roles": "service"}
    else:
        told = {"routes": f"/api/v1/{wanted.name}", "scope": wanted.scope, "roles": "user,admin,viewer"}
    if wanted.phrases:
        told |= {
            "voice": f"/api/v1/{wanted.name}/ask",
            "phrases": json.dumps("; ".join(wanted.phrases), ensure_ascii=False),
            "warm-for-voice": '"true"',
        }
    return "\n".join(f"    {wiring.PREFIX}{name}: {value}" for name, value in told.items())
