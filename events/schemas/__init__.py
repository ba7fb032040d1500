"""The JSON schemas of the event types, one file a type, rendered from events.catalog."""

import json
from pathlib import Path

from events.catalog import EVENT_TYPES, schema

FOLDER = Path(__file__).parent


def render() -> dict[str, str]:
    """File name to text, for every type of the catalogue."""
    return {f"{name}.json": json.dumps(schema(name), indent=2) + "\n" for name in sorted(EVENT_TYPES)}


def write(folder: Path = FOLDER) -> None:
    """Make the folder hold exactly what the catalogue says."""
    wanted = render()
    for stale in {path.name for path in folder.glob("*.json")} - wanted.keys():
        (folder / stale).unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text)
