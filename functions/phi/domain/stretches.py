"""A finding goes on to the end of what it is a part of: `118-20` of `118-20-44-7`, `Rashid` of `K. Al-Rashid`, a street of its flat."""

import re
from typing import NamedTuple

from functions.phi.domain.model import Entity


class Rest(NamedTuple):
    """What may stand directly before and behind a finding and still be of it; with which signs that ends, and begins."""

    before: re.Pattern[str] | None
    behind: re.Pattern[str] | None
    ends: str = ""
    begins: str = ""


REACH = 28
# Behind a number a sign and what has a figure, `-44-7`, `/2`, or one letter, `-B`; before it a prefix, `CLM-`, `A#`.
NUMBER = Rest(
    re.compile(r"(?<![A-Za-z0-9/=.:_-])(?:[A-Z]{1,5}\d{0,4}|\d{1,6})[-_#]\Z"),
    re.compile(r"(?:[-_/.#](?=[A-Za-z]{0,6}\d)[A-Za-z0-9]{1,16}|-[A-Z](?![A-Za-z0-9])){1,4}"),
    ends="-_#",
    begins="-_/.#",
)
# The halves of a double name, and initials where they are no end of a sentence.
NAME = Rest(
    re.compile(
        r"(?<![\w.@/=-])(?:[A-ZÀ-Þ][A-Za-zÀ-ÿ]{0,15}[-’'])+\Z|(?<=[\n,;:(>|\"] )(?:[A-Z]\. ?){1,2}\Z|(?<=\b(?:by|of|to) )(?:[A-Z]\. ?){1,2}\Z"
    ),
    re.compile(r"(?:[-’'](?!s\b)[A-ZÀ-Þ][A-Za-zÀ-ÿ]{1,20})+|(?: [A-Z]\.){1,2}(?=[,;:)\n]|\s[a-z(]|\s*\Z)"),
    ends="-’'. ",
    begins="-’' ",
)
PLACE = Rest(
    None,
    re.compile(
        r",? (?:(?:Apt|Apartment|Unit|Suite|Ste|Lot|Bldg|Flat|Floor|Fl|Rm)\.? ?#?|# ?)(?:\d{1,5}[A-Z]?|[A-Z]\d{0,4})\b"
    ),
    begins=", ",
)
ADDRESS = Rest(None, re.compile(r"[/?#&=%][\w/?#&=%~+.-]{0,200}(?<![.])"), begins="/?#&=%")
PICTURE = Rest(re.compile(r"(?<![\w])(?:[\w.~-]{1,30}['’()]){1,3}\Z"), None, ends="'’()")
RESTS = {
    **dict.fromkeys("MRN HEALTH_PLAN ACCOUNT LICENSE DEVICE OTHER_ID VEHICLE BIOMETRIC".split(), NUMBER),
    "NAME": NAME, "GEO": PLACE, "URL": ADDRESS, "PHOTO": PICTURE,
}  # fmt: skip


def whole(text: str, one: Entity) -> Entity:
    """The finding with its rest."""
    rest = RESTS.get(one.label)
    if rest is None or (one.label == "NAME" and not text[one.start : one.start + 1].isupper()):
        return one
    start, end = one.start, one.end
    if rest.before is not None and start and text[start - 1] in rest.ends:
        found = rest.before.search(text, max(0, start - REACH), start)
        start = found.start() if found else start
    if rest.behind is not None and text[end : end + 1] in rest.begins:
        found = rest.behind.match(text, end)
        end = found.end() if found else end
    return one if (start, end) == (one.start, one.end) else one._replace(start=start, end=end)
