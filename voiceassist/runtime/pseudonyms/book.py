"""The stand-ins of one conversation: which value has which, and what may be said of its dates.

A stand-in is drawn at random and never computed from the value (45 CFR 164.514(c)): the same name has another one in
the next conversation. Within a conversation a value keeps its stand-in however it is written or said.
"""

import secrets
from collections import Counter
from collections.abc import Mapping
from typing import Literal

import msgspec

from voiceassist.core.errors import UnavailableError
from voiceassist.runtime.pseudonyms import dates, surrogates
from voiceassist.runtime.pseudonyms.forms import form_of, split_possessive, words_of_name

Dates = Literal["token", "year", "relative", "shift"]
Style = Literal["tokens", "realistic"]

NUMBERED = frozenset("MRN SSN PHONE FAX EMAIL HEALTH_PLAN ACCOUNT LICENSE VEHICLE DEVICE".split())
MOST = 5_000  # values in a conversation; whoever has more is no conversation
MOST_WEEKS = 26  # a date moves by at most half a year either way
OLDEST = 89  # years; a year that tells of a greater age is an identifier itself
TRIES = 50


class Entry(msgspec.Struct, array_like=True):
    """`shown` is what leaves in the place of `value`; `form` is what the value is known by."""

    label: str
    value: str
    form: str
    shown: str


class BookFullError(UnavailableError):
    code = "TOO_MANY_IDENTIFIERS"

    def __init__(self) -> None:
        super().__init__("The conversation holds more identifiers than are kept for one.")


class Book(msgspec.Struct):
    """`weeks` by patient: how far dates move; `first_day`: the ordinal that relative dates are counted from; `known`:
    identifiers of the patient whom the conversation is about, as the caller's record has them."""

    entries: list[Entry] = []
    weeks: dict[str, int] = {}
    first_day: int | None = None
    known: list[str] = []

    @property
    def identifiers(self) -> tuple[str, ...]:
        """What is looked for in every text of the conversation: what is known, and numbers that were found before.

        Names that were found are not: `Grace Long` in one sentence would hide the long QT of the next.
        """
        return (*self.known, *(entry.value for entry in self.entries if entry.label in NUMBERED))

    def shown(
        self,
        label: str,
        value: str,
        *,
        style: Style = "tokens",
        dates_as: Dates = "token",
        patient: str = "",
        this_year: int = 0,
        avoid: str = "",
    ) -> str:
        """What stands for the value, the same again for the same; `avoid` is the text that it must not occur in."""
        bare, possessive = split_possessive(value) if label == "NAME" else (value, "")
        known = self._known(label, bare)
        if known is None:
            if len(self.entries) >= MOST:
                raise BookFullError
            shown = self._drawn(label, bare, style, dates_as, patient, this_year, avoid)
            known = Entry(label, bare, form_of(label, bare), shown)
            self.entries.append(known)
        return known.shown + possessive

    @property
    def values(self) -> Mapping[str, str]:
        """What each stand-in stands for; of names that look real also their parts, where these tell which one."""
        whole = {entry.shown: entry.value for entry in self.entries}
        parts = [part for entry in self.entries if entry.label == "NAME" for part in _parts(entry)]
        count = Counter(shown for shown, _ in parts)
        return {shown: value for shown, value in parts if count[shown] == 1} | whole

    def _known(self, label: str, value: str) -> Entry | None:
        form = form_of(label, value)
        of_label = [entry for entry in self.entries if entry.label == label]
        for entry in of_label:
            if entry.form == form:
                return entry
        if label != "NAME":
            return None
        # A part of exactly one known name is that person.
        words = set(words_of_name(value.casefold()))
        whole = [entry for entry in of_label if words and words < set(entry.form.split())]
        return whole[0] if len(whole) == 1 else None

    def _drawn(
        self, label: str, value: str, style: Style, dates_as: Dates, patient: str, this_year: int, avoid: str
    ) -> str:
        taken = {entry.shown for entry in self.entries}
        said = avoid.casefold()
        if label == "DATE":
            return self._date(value, dates_as, patient, this_year, taken, said)
        for _ in range(TRIES if style == "realistic" else 0):
            made = surrogates.surrogate(label, value)
            if made is None:
                break
            if made not in taken and not any(word in said for word in made.casefold().split() if len(word) > 3):
                return made
        return self._token(label, "", taken, said)

    def _date(self, value: str, told: Dates, patient: str, this_year: int, taken: set[str], said: str) -> str:
        found = dates.read(value)
        if found is None or told == "token":
            return self._token("DATE", "", taken, said)
        if told == "year":
            tells = found.year is not None and found.year > this_year - OLDEST
            return self._token("DATE", str(found.year) if tells else "", taken, said)
        if told == "relative":
            if found.ordinal is None:
                return self._token("DATE", "", taken, said)
            self.first_day = found.ordinal if self.first_day is None else self.first_day
            away = found.ordinal - self.first_day
            return self._token("DATE", f"day {away:+d}" if away else "day 0", taken, said)
        there = dates.moved(value, self._weeks(patient))
        return there if there and there not in taken else self._token("DATE", "", taken, said)

    def _weeks(self, patient: str) -> int:
        if patient not in self.weeks:
            weeks = secrets.randbelow(2 * MOST_WEEKS) - MOST_WEEKS
            self.weeks[patient] = weeks + 1 if weeks >= 0 else weeks
        return self.weeks[patient]

    @staticmethod
    def _token(label: str, note: str, taken: set[str], said: str) -> str:
        """`[[NAME_417]]`; with a note `[[DATE_417|1987]]`. The number says nothing, not even who came first."""
        numbers = {shown.partition("|")[0].removesuffix("]]") for shown in taken}
        digits = 3
        while True:
            for _ in range(TRIES):
                bare = f"[[{label}_{secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1)}"
                if bare not in numbers and bare.casefold() not in said:
                    return f"{bare}|{note}]]" if note else f"{bare}]]"
            digits += 1


def _parts(entry: Entry) -> list[tuple[str, str]]:
    """First and last name of a realistic stand-in and of the value; nothing where either has one word or a comma."""
    shown, value = entry.shown.split(), entry.value.split()
    if entry.shown.startswith("[[") or "," in entry.shown + entry.value or min(len(shown), len(value)) < 2:
        return []
    return [(shown[0], value[0]), (shown[-1], value[-1])]
