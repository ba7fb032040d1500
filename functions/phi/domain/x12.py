"""Claims and enrolments as X12 writes them: `NM1*IL*1*ROE*JANE*A***MI*W99~DMG*D8*19490821*F~`.

Segments end with `~` or a line, elements with `*`. Which element is somebody's is told by the segment's name (005010).
"""

import re
from collections.abc import Iterator

from functions.phi.domain.model import SHAPED, Entity

SOURCE = "field"
NAMES_OF_SEGMENTS = r"(?:NM1|DMG|N3|N4|REF|PER|CLM|DTP)\*"
SEGMENT = re.compile(
    rf"(?:^|[~\n\r:=\"' ])({NAMES_OF_SEGMENTS}[^~\r\n]{{1,400}}?)(?=[~\r\n]|\Z| {NAMES_OF_SEGMENTS})", re.MULTILINE
)
PERSON = "1"  # of NM102: 2 is an organisation
REFERENCES = {"SY": "SSN", "EA": "MRN", "1W": "HEALTH_PLAN", "0F": "HEALTH_PLAN", "1L": "HEALTH_PLAN", "D9": "ACCOUNT", "F8": "ACCOUNT",
              "G1": "OTHER_ID", "9F": "OTHER_ID", "0B": "LICENSE", "1G": "LICENSE", "6R": "ACCOUNT", "Y4": "OTHER_ID", "EI": "OTHER_ID"}  # fmt: skip
MEANS = {"TE": "PHONE", "CP": "PHONE", "HP": "PHONE", "WP": "PHONE", "FX": "FAX", "EM": "EMAIL"}
QUALIFIED = {
    "MI": "HEALTH_PLAN",
    "XX": "LICENSE",
    "34": "SSN",
    "II": "HEALTH_PLAN",
    "SY": "SSN",
    "FI": "OTHER_ID",
    "24": "OTHER_ID",
}
NAMES = (3, 4, 5)


def find(text: str) -> Iterator[Entity]:
    for match in SEGMENT.finditer(text):
        at = match.start(1)
        elements: list[tuple[str, int]] = []
        for element in match[1].split("*"):
            elements.append((element, at))
            at += len(element) + 1
        for index, label in labels([value for value, _ in elements]).items():
            value, start = elements[index]
            told = value.strip()
            if told:
                begin = start + value.index(told)
                yield Entity(begin, begin + len(told), label, SHAPED, SOURCE)


def labels(values: list[str]) -> dict[int, str]:
    """The label of each element that is somebody's, by its place."""
    name = values[0]
    found: dict[int, str] = {}
    if name == "NM1" and len(values) > 3:
        person = values[2] == PERSON
        found = dict.fromkeys(NAMES, "NAME") if person else {3: "FACILITY"}
        if len(values) > 9 and values[8] in QUALIFIED:
            found[9] = QUALIFIED[values[8]]
    elif name == "DMG":
        found = {2: "DATE"}
    elif name == "DTP":
        found = {3: "DATE"}
    elif name == "N3":
        found = {1: "GEO", 2: "GEO"}
    elif name == "N4":
        found = {1: "GEO", 3: "GEO"}
    elif name == "CLM":
        found = {1: "ACCOUNT"}
    elif name == "REF" and len(values) > 2 and values[1] in REFERENCES:
        found = {2: REFERENCES[values[1]]}
    elif name == "PER":
        found = {2: "NAME"} | {
            index + 1: MEANS[value] for index, value in enumerate(values[:-1]) if index > 2 and value in MEANS
        }
    return {index: label for index, label in found.items() if index < len(values)}
