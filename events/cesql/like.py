"""The patterns of LIKE: `%` any characters, `_` one character, either one taken literally after a backslash.

A pattern falls into segments between its `%`. The first and the last have fixed places; each of the others is taken
where it first fits and never tried elsewhere (an atomic group), so no pattern takes longer than its own length times
that of the text.
"""

import re
from collections.abc import Callable

_PART = re.compile(r"\\[%_]|.", re.DOTALL)


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    segments = [""]
    for part in _PART.findall(pattern):
        if part == "%":
            segments.append("")
        else:
            segments[-1] += "." if part == "_" else re.escape(part.removeprefix("\\") or "\\")
    first, *middle = segments
    last = f".*{middle.pop()}" if middle else ""
    found = re.compile("".join([first, *(f"(?>.*?{segment})" for segment in middle if segment), last]), re.DOTALL)
    return lambda text: found.fullmatch(text) is not None
