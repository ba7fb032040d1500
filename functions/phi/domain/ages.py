"""Ages over 89 that stand behind a name: `Jane Roe, 97, veteran`, `ROE (94F)`."""

import re
from collections.abc import Iterable

from functions.phi.domain.model import NAMED, Entity

AGE = re.compile(
    r"(?:, | \(|, age |, aged | is |'s )((?:9\d|1[01]\d)(?:[MF]| ?y/?o)?)(?=[,;)]|\.(?:\s|$)|$| (?:from|who|with|in|on|and|was|male|female)\b)"
)


def behind_names(text: str, found: Iterable[Entity]) -> list[Entity]:
    matches = (AGE.match(text, end) for end in {one.end for one in found if one.label == "NAME"})
    return [Entity(*match.span(1), "AGE90", NAMED, "context") for match in matches if match]
