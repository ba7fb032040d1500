"""When two ways to write or say it are the same: the form under which a value is known in its conversation.

Forms are compared and sealed, never sent.
"""

import re
import unicodedata

from voiceassist.runtime.pseudonyms import dates

TITLES = frozenset("dr doctor mr mrs ms miss mx prof professor sir madam rn md np pa phd jr sr ii iii iv".split())
POSSESSIVE = re.compile(r"['\u2019](?:s)?$", re.IGNORECASE)
DIGITS = {word: str(value) for value, word in enumerate("zero one two three four five six seven eight nine".split())}
DIGITS |= {"oh": "0", "o": "0", "nought": "0"}
TEENS = {
    word: str(value)
    for value, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), start=10
    )
}
TENS = {
    word: str(value)
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
TIMES = {"double": 2, "triple": 3, "treble": 3}
SIGNS = {"dash": "", "hyphen": "", "dot": "", "point": "", "slash": ""}
ADDRESSES = {"at": "@", "dot": ".", "underscore": "_", "dash": "-", "hyphen": "-", "slash": "/", "colon": ":"}
NAMES = frozenset({"NAME", "FACILITY", "GEO"})


def split_possessive(value: str) -> tuple[str, str]:
    """`Smith's` is Smith and `'s`."""
    found = POSSESSIVE.search(value)
    return (value[: found.start()], found[0]) if found else (value, "")


def form_of(label: str, value: str) -> str:
    """Equal for equal values of a label; empty only where nothing of it is letter or figure."""
    folded = unicodedata.normalize("NFKD", value).casefold()
    folded = "".join(character for character in folded if not unicodedata.combining(character))
    if label in NAMES:
        return " ".join(sorted(words_of_name(folded))) or _plain(folded)
    if label == "DATE":
        read = dates.read(folded)
        return read.key if read else _plain(_figures(folded))
    if label in {"EMAIL", "URL"}:
        return "".join(ADDRESSES.get(word, word) for word in folded.split())
    return _plain(_figures(folded))


def words_of_name(folded: str) -> list[str]:
    """The words that tell a name; letters spelled one by one are a word, titles and initials are none."""
    words = [POSSESSIVE.sub("", word) for word in re.split(r"[\s,.;()]+", folded) if word]
    joined: list[str] = []
    spelled = ""
    for word in [*words, ""]:
        if len(word) == 1 and word.isalpha():
            spelled += word
            continue
        if len(spelled) > 2:
            joined.append(spelled)
        spelled = ""
        joined.append(word)
    return [word for word in joined if word and word not in TITLES]


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _figures(folded: str) -> str:
    """Spoken figures as figures: `double four oh twenty one` is 44021."""
    told: list[str] = []
    times = 1
    tens = ""
    for word in re.findall(r"[^\W\d_]+|\d+|[^\w\s]|_", folded):
        figure = DIGITS.get(word)
        if tens and figure and figure != "0":
            told.append(tens + figure)
            tens = ""
            continue
        if tens:
            told.append(tens + "0")
            tens = ""
        if word in TIMES:
            times = TIMES[word]
        elif word in TENS:
            tens = TENS[word]
        else:
            told.append((figure or TEENS.get(word) or SIGNS.get(word, word)) * times)
            times = 1
    return "".join([*told, tens + "0" if tens else ""])
