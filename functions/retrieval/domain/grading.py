"""The class of a recommendation and the level of its evidence, as a text states them."""

import re

# "class IIa, level C"; "Class 1 (Level of Evidence: B-NR)"; "COR 2b, LOE C-LD".
_CLASS = r"(?:class(?: of recommendation)?|cor)[:\s]+(?P<cls>III|II[ab]?|I|3|2[ab]?|1)(?![\w])"
_LEVEL = r"(?:level(?: of evidence)?|loe)[:\s]+(?P<lvl>[ABC](?:-(?:NR|R|LD|EO))?)(?![\w])"
# A class alone may be NYHA's; one with a level, in brackets or called a recommendation is none.
_BOTH = re.compile(rf"(?i){_CLASS}[\s,;(]*{_LEVEL}")
_CLASS_ALONE = re.compile(rf"(?i)\(\s*{_CLASS}\s*\)|{_CLASS.replace('<cls>', '<named>')}\s+recommendation")
_LEVEL_ALONE = re.compile(rf"(?i){_LEVEL}")
# GRADE (Guyatt 2008): "strong recommendation, moderate-quality evidence"; "grade 1B".
_GRADE = re.compile(
    r"(?i)(?P<strength>strong|conditional|weak) recommendation[\s,;:(]*(?P<quality>very low|low|moderate|high)"
    r"[- ](?:quality|certainty)"
)
_GRADED = re.compile(r"(?i)\bgrade (?P<code>[12][ABC])(?![\w])")


def grading(text: str) -> str | None:
    """`class IIa, level C`, or None where the text states none."""
    if found := _BOTH.search(text):
        return f"class {_case(found['cls'])}, level {found['lvl'].upper()}"
    if found := _CLASS_ALONE.search(text):
        return f"class {_case(found['cls'] or found['named'])}"
    if found := _LEVEL_ALONE.search(text):
        return f"level {found['lvl'].upper()}"
    if found := _GRADE.search(text):
        return f"{found['strength'].lower()} recommendation, {found['quality'].lower()} certainty"
    if found := _GRADED.search(text):
        return f"grade {found['code'].upper()}"
    return None


def _case(code: str) -> str:
    """IIa, 2b: figures in capitals, their letter small."""
    return code.upper().replace("A", "a").replace("B", "b")
