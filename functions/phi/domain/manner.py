"""What kind of text it looks like: speech, a log, capitals, small letters or prose."""

from collections import Counter

STYLES = ("asr", "log", "caps", "low", "prose")
HEAD = 4_000  # characters that are looked at
# The kind of each sign that is ASCII: upper case, lower case, figure, space, or another.
KINDS = bytes(
    ord("u" if sign.isupper() else "l" if sign.islower() else "d" if sign.isdigit() else "s" if sign.isspace() else ".")
    for sign in map(chr, range(128))
).ljust(256, b".")
LOOK = (str.isalnum, str.isspace, str.isupper, str.islower, str.isdigit)


def counted(text: str) -> tuple[int, int, int, int, int]:
    """How many letters and figures, spaces, capitals, small letters, figures."""
    if text.isascii():
        kinds = text.encode("ascii").translate(KINDS)
        upper, lower, figures = kinds.count(b"u"), kinds.count(b"l"), kinds.count(b"d")
        return upper + lower + figures, kinds.count(b"s"), upper, lower, figures
    met = Counter(text).items()
    words, spaces, upper, lower, figures = (sum(times for sign, times in met if look(sign)) for look in LOOK)
    return words, spaces, upper, lower, figures


def style(text: str) -> str:
    head = text[:HEAD]
    words, spaces, upper, lower, figures = counted(head)
    signs = len(head) - words - spaces - sum(map(head.count, "'’-"))
    if not upper and not signs and not figures:
        return "asr"
    if signs > 0.09 * len(head) and sum(map(head.count, '{}="|[]<>')) > 0.02 * len(head):
        return "log"
    if upper > 4 * lower:
        return "caps"
    return "low" if not upper else "prose"
