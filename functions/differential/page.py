"""docs/reference/differential.md, rendered from the table: `python -m functions.differential.page` writes it."""

from pathlib import Path

from functions.differential import library
from functions.differential.domain.model import URGENCIES, Presentation, Source

PLACE = Path(__file__).resolve().parents[2] / "docs/reference/differential.md"
HEAD = """# Differential diagnosis: the table

Rendered from `functions/differential/knowledge/` by `python -m functions.differential.page`, which `make check` runs;
do not edit. How the room answers, and what the weights mean, stands [here](rooms/differential.md).

Reviewed by a clinician: **no**. {presentations} presentations, {diagnoses} diagnoses, {features} findings,
{sources} sources. Weights are judgement informed by the sources, not measured. What speaks for and against each
diagnosis stands in `functions/differential/knowledge/diagnoses/`.
"""


def render() -> str:
    table = library.table()
    head = HEAD.format(
        presentations=len(table.presentations),
        diagnoses=len(table.diagnoses),
        features=len(table.features),
        sources=len(table.sources),
    )
    sections = [_section(one) for one in table.presentations.values()]
    return "\n".join([head, *sections, "## Sources", "", *(_source(one) for one in table.sources.values()), ""])


def write(place: Path = PLACE) -> None:
    """Nothing to do where the documents are not: in an image, in an installed package."""
    if place.parent.is_dir():
        place.write_text(render())


def _section(one: Presentation) -> str:
    named = {
        urgency: [candidate.name for candidate in one.candidates if candidate.urgency == urgency]
        for urgency in URGENCIES
    }
    lines = [f"- {urgency}: {'; '.join(names)}" for urgency, names in named.items() if names]
    return "\n".join([f"## {one.name}", "", *lines, f"- red flags: {', '.join(one.red_flags)}", ""])


def _source(one: Source) -> str:
    doi = f", [doi:{one.doi}](https://doi.org/{one.doi})" if one.doi else ""
    return f"- {one.text}. {one.body}, {one.year}{doi}"


if __name__ == "__main__":
    write()
