"""Figures and letters as they are spoken: `forty seven double oh`, `em kay eighty nine`, `b as in boy`, `dash`, `dot`.

A run is a stretch of such words; it keeps, for each character it stands for, the token that said it, so that the
recognisers of written numbers and the places in the text fit together.
"""

from dataclasses import dataclass, field

from functions.phi.domain.document import INITIAL, LOWER, Document

UNITS = {word: str(number) for number, word in enumerate("zero one two three four five six seven eight nine".split())} | {
    "oh": "0", "o": "0", "nought": "0", "niner": "9",
}  # fmt: skip
TEENS = {
    word: str(number)
    for number, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), start=10
    )
}
TENS = {
    word: number for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
TENS |= {"fourty": 4, "ninty": 9}
TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
SCALES = {"hundred": 100, "thousand": 1000}
SIGNS = {
    "dash": "-", "hyphen": "-", "minus": "-", "dot": ".", "point": ".", "period": ".", "slash": "/", "underscore": "_",
    "colon": ":", "plus": "+", "stroke": "/", "extension": ";", "ext": ";",
}  # fmt: skip
LETTERS = {
    "ay": "a", "bee": "b", "cee": "c", "see": "c", "dee": "d", "ee": "e", "eff": "f", "ef": "f", "gee": "g", "jee": "g",
    "aitch": "h", "haitch": "h", "eye": "i", "jay": "j", "kay": "k", "el": "l", "ell": "l", "em": "m", "en": "n", "pee": "p",
    "pea": "p", "cue": "q", "queue": "q", "kew": "q", "are": "r", "ar": "r", "ess": "s", "es": "s", "tee": "t", "tea": "t",
    "you": "u", "yew": "u", "vee": "v", "doubleyou": "w", "doubleu": "w", "ex": "x", "why": "y", "wye": "y", "zee": "z",
    "zed": "z", "hey": "a",
    "alpha": "a", "alfa": "a", "bravo": "b", "charlie": "c", "delta": "d", "echo": "e", "foxtrot": "f", "golf": "g",
    "hotel": "h", "india": "i", "juliet": "j", "kilo": "k", "lima": "l", "mike": "m", "november": "n", "oscar": "o",
    "papa": "p", "quebec": "q", "romeo": "r", "sierra": "s", "tango": "t", "uniform": "u", "victor": "v", "whiskey": "w",
    "xray": "x", "yankee": "y", "zulu": "z",
}  # fmt: skip
# Words that are letters only among letters and figures.
AMBIGUOUS = frozenset(
    "hey a i are you see why eye oh o be tea pea sea ex en el es kilo mike charlie victor oscar papa".split()
)
ANNOUNCING = ("dob", "mrn", "ssn", "npi", "dea", "vin")  # spelled behind a number, they begin the next one
FILLERS = frozenset("uh um er ah and then , - . space".split())
ALPHABET = frozenset(
    "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo sierra tango "
    "uniform victor whiskey xray yankee zulu".split()
)
AFTER_I = frozenset(("", "is", "on", "for", "from", "in"))
AFTER_A = AFTER_I | frozenset("a was and belongs implanted expires group under at".split())
ASKING = frozenset("did is was are does do would should can has have not".split())
LIKE = frozenset("as for like".split())


@dataclass
class Run:
    """`said` and `by` are parallel: a character and the index of the token that said it. `end` is behind the last."""

    begin: int
    end: int
    said: list[str] = field(default_factory=list)
    by: list[int] = field(default_factory=list)
    amount: bool = False  # `two hundred fifty thousand`: a quantity, not figures in a row

    @property
    def text(self) -> str:
        return "".join(self.said)

    @property
    def digits(self) -> str:
        return "".join(one for one in self.said if one.isdigit())

    @property
    def letters(self) -> int:
        return sum(one.isalpha() for one in self.said)


def atom(document: Document, index: int) -> tuple[str, int, str] | None:
    """What this token (and some behind it) says: characters, the index behind, and digit, letter, sign or amount."""
    key = document.key(index)
    if not key:
        return None
    if key in TENS:
        unit = index + 1 + (document.key(index + 1) == "-")
        if document.key(unit) in UNITS and document.key(unit) not in {"zero", "oh", "o"}:
            return f"{TENS[key]}{UNITS[document.key(unit)]}", unit + 1, "digit"
        return f"{TENS[key]}0", index + 1, "digit"
    if key in TEENS:
        return TEENS[key], index + 1, "digit"
    if key in {"o", "oh"} and document.key(index + 1) in LIKE:
        return letter(document, index, "o")
    if key in UNITS:
        return UNITS[key], index + 1, "digit"
    if key in TIMES:
        after = index + 1 + (document.key(index + 1) == "-")
        following = document.key(after)
        if following == "you" or (following == "u" and key == "double"):
            return "w", after + 1, "letter"
        repeated = UNITS.get(following) or (following if len(following) == 1 and following.isalnum() else "")
        repeated = repeated or LETTERS.get(following, "")
        return (repeated * TIMES[key], after + 1, "digit" if repeated.isdigit() else "letter") if repeated else None
    if key.isdigit() and key.isascii():
        return key, index + 1, "figures"
    return letter(document, index, key)


def letter(document: Document, index: int, key: str) -> tuple[str, int, str] | None:
    if key in SIGNS:
        return SIGNS[key], index + 1, "sign"
    said = key if len(key) == 1 and key.isalpha() and key.isascii() else LETTERS.get(key, "")
    if not said or document.shapes[index] not in {LOWER, INITIAL}:
        return None
    # `b as in boy`, `s like sam`
    if document.key(index + 1) in LIKE and document.key(index + 2) == "in" and document.key(index + 3)[:1] == said:
        return said, index + 4, "letter"
    if (
        document.key(index + 1) in {"for", "like", "as"}
        and document.key(index + 2)[:1] == said
        and len(document.key(index + 2)) > 2
    ):
        return said, index + 3, "letter"
    return said, index + 1, "letter"


def begins(document: Document, index: int) -> bool:
    key = document.keys[index]
    if key == "plus":
        return document.key(index + 1) in UNITS or document.key(index + 1) in TENS
    if key in SIGNS:
        return False
    if key in AMBIGUOUS:
        return False
    return (
        key in UNITS
        or key in TEENS
        or key in TENS
        or key in TIMES
        or key in LETTERS
        or (len(key) == 1 and key.isalpha() and document.shapes[index] in {LOWER, INITIAL})
    )


def run(document: Document, index: int) -> Run | None:
    """The longest run that begins here. Linear: a token is looked at once for each run, and runs do not overlap."""
    made = Run(index, index)
    at, last = index, ""  # `last`: what kind of atom came before
    while at < len(document):
        found = atom(document, at)
        if found is None:
            key = document.keys[at]
            if key in SCALES and made.said and last == "digit":
                made.amount = True
                scale(made, key, at)
                last = key
                made.end = at = at + 1
                continue
            if key in FILLERS and made.said and atom(document, at + 1) is not None and key != "and":
                at += 1
                continue
            if key == "and" and made.amount and atom(document, at + 1) is not None:
                at += 1
                continue
            break
        said, after, kind = found
        if kind == "figures" and not made.said:
            kind = "digit"
        if kind == "sign" and not made.said and said != "+":
            break
        if made.amount and last == "hundred" and kind == "digit" and len(said) < 3:  # `one hundred ninety one`
            del made.said[-len(said) :], made.by[-len(said) :]
        made.said += said
        made.by += [at] * (len(said) - 1) + [after - 1] if len(said) > 1 else [at]
        made.end = at = after
        last = "digit" if kind == "figures" else kind
    return trimmed(document, as_letters(document, made))


def as_letters(document: Document, made: Run) -> Run:
    """Among letters alone `o` is the letter: `c o l e`."""
    if made.letters and all(
        not said.isdigit() or document.keys[by] in {"o", "oh"} for said, by in zip(made.said, made.by, strict=True)
    ):
        made.said = ["o" if said == "0" else said for said in made.said]
    return made


def scale(made: Run, key: str, at: int) -> None:
    """`five hundred` is 500, `two thousand` 2000: the figures so far get their zeros."""
    zeros = "00" if key == "hundred" else "000"
    made.said += zeros
    made.by += [at] * len(zeros)


def closing(document: Document, made: Run) -> bool:
    """A word that is perhaps a letter belongs to those before it: `sierra yankee kilo`, `kay ee en en why`."""
    keys = [document.keys[token] for token in made.by[-4:]]
    if keys[-1] in {"a", "i"} and made.digits:  # `nine four a`, at the end of what is said or before no noun
        return document.key(made.by[-1] + 1) in (AFTER_A if keys[-1] == "a" else AFTER_I)
    if keys[-1] in ALPHABET:
        return len(keys) > 1 and keys[-2] in ALPHABET
    return (
        len(keys) > 3
        and all(key in LETTERS and key not in ALPHABET for key in keys)
        and document.key(made.by[-1] + 1) not in ASKING
    )


def trimmed(document: Document, made: Run) -> Run | None:
    """Without signs and words that are only perhaps letters at its end."""
    while made.said:
        token = document.keys[made.by[-1]]
        lettered = len(made.said) > 3 and all(one.isalpha() for one in made.said) and len(token) == 1
        lettered = lettered or closing(document, made)
        if made.said[-1] in "-./_:+;" or (token in AMBIGUOUS and token not in {"oh", "o"} and not lettered):
            gone = made.by[-1]
            while made.by and made.by[-1] == gone:
                made.said.pop()
                made.by.pop()
            made.end = gone
        else:
            break
    for announcement in ANNOUNCING:
        if made.text.endswith(announcement) and len(made.digits) >= 3:
            made.end = made.by[-len(announcement)]
            del made.said[-len(announcement) :], made.by[-len(announcement) :]
    return made if made.said else None
