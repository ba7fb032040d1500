"""The JSON schemas of the event types, one file a type, rendered from events.catalog."""

import json
from pathlib import Path

from events.catalog import EVENT_TYPES, schema
from events.schemas.growth import ShrunkError, losses

FOLDER = Path(__file__).parent


def render() -> dict[str, str]:
    """File name to text, for every type of the catalogue."""
    return {f"{name}.json": json.dumps(schema(name), indent=2) + "\n" for name in sorted(EVENT_TYPES)}


def write(folder: Path = FOLDER) -> None:
    """Make the folder hold exactly what the catalogue says; ShrunkError, and nothing written, where that takes away."""
    wanted = render()
    refuse_losses(folder, wanted)
    for stale in {path.name for path in folder.glob("*.json")} - wanted.keys():
        (folder / stale).unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text)


def refuse_losses(folder: Path, wanted: dict[str, str]) -> None:
    for name, text in wanted.items():
        published = folder / name
        lost = list(losses(json.loads(published.read_text()), json.loads(text))) if published.exists() else []
        if lost:
            said = f"{published.stem} would break those who rely on it ({', '.join(lost)}): publish a next version."
            raise ShrunkError(said)
