"""Stand-ins: random, typed, the same for the same person of a conversation, and from ranges that belong to nobody."""

import re
from datetime import UTC, date, datetime

import pytest

from voiceassist.runtime.pseudonyms import dates, surrogates
from voiceassist.runtime.pseudonyms.book import MOST, Book, BookFullError, Entry
from voiceassist.runtime.pseudonyms.forms import form_of

pytestmark = pytest.mark.req("P11.6")

VALUES = [
    ("NAME", "John Smith"),
    ("MRN", "4419820"),
    ("PHONE", "(212) 867-5309"),
    ("EMAIL", "john.smith@mail.org"),
    ("SSN", "123-45-6789"),
]


def test_a_token_names_its_kind_and_nothing_else():
    for label, value in VALUES:
        shown = Book().shown(label, value)
        assert re.fullmatch(rf"\[\[{label}_[1-9]\d{{2}}\]\]", shown)


def test_two_conversations_differ_and_nothing_depends_on_the_value():
    """The number is uniform over 900 for every value: as a function of the value it would be the same each time."""
    sessions = [tuple(Book().shown(label, value) for label, value in VALUES) for _ in range(40)]
    assert len(set(sessions)) == 40
    for place in range(len(VALUES)):
        assert len({session[place] for session in sessions}) > 25
    realistic = [tuple(Book().shown(label, value, style="realistic") for label, value in VALUES) for _ in range(40)]
    assert len(set(realistic)) == 40


def test_the_random_source_is_the_systems(monkeypatch):
    from random import SystemRandom

    assert isinstance(surrogates.random, SystemRandom)


@pytest.mark.parametrize(
    ("label", "first", "other"),
    [
        ("NAME", "John Smith", "SMITH, JOHN"),
        ("NAME", "John Smith", "john smith"),
        ("NAME", "John Smith", "Mr. John Q. Smith"),
        ("NAME", "José Núñez", "jose nunez"),
        ("NAME", "John Smith", "john s m i t h"),
        ("NAME", "John Smith", "Smith"),
        ("MRN", "44198-2", "four four one nine eight two"),
        ("MRN", "4419820", "double four one nine eight twenty"),
        ("PHONE", "(212) 867-5309", "212.867.5309"),
        ("PHONE", "212-867-5309", "two one two eight six seven five three oh nine"),
        ("EMAIL", "john.smith@mail.org", "john dot smith at mail dot org"),
        ("DATE", "March 3, 1950", "03/03/1950"),
        ("DATE", "1950-03-03", "march third nineteen fifty"),
        ("DATE", "the third of march two thousand four", "3/3/2004"),
    ],
)
def test_the_same_however_it_is_written_or_said(label, first, other):
    book = Book()
    assert book.shown(label, first) == book.shown(label, other)


def test_others_are_others():
    book = Book()
    shown = [book.shown("NAME", name) for name in ("John Smith", "Jane Smith", "Smith", "Johnson")]
    assert len(set(shown)) == 4  # "Smith" could be either
    assert len({book.shown("MRN", number) for number in ("44198", "44189", "4419")}) == 3
    assert book.shown("MRN", "5551234") != book.shown("ACCOUNT", "5551234")


def test_the_possessive_stays_outside():
    book = Book()
    shown = book.shown("NAME", "Smith")
    assert book.shown("NAME", "Smith's") == f"{shown}'s"
    assert book.values == {shown: "Smith"}


def test_a_number_that_stands_in_the_text_is_not_drawn():
    taken = " ".join(f"[[NAME_{number}]]" for number in range(100, 1000) if number != 417)
    assert Book().shown("NAME", "John Smith", avoid=taken) in {"[[NAME_417]]"} | {
        f"[[NAME_{number}]]" for number in range(1000, 10_000)
    }


def test_a_book_has_an_end():
    book = Book(entries=[Entry("MRN", str(number), str(number), f"[[MRN_{number}]]") for number in range(MOST)])
    with pytest.raises(BookFullError):
        book.shown("MRN", "one more")


class TestRealistic:
    def test_reserved_ranges(self):
        for _ in range(50):
            assert re.fullmatch(r"\d{3}-555-01\d\d", surrogates.surrogate("PHONE", "212-867-5309"))
            assert int(surrogates.surrogate("SSN", "123-45-6789")[:3]) >= 900
            assert surrogates.surrogate("EMAIL", "a@b.org").endswith("@example.com")
            assert surrogates.surrogate("URL", "https://a.org").startswith("https://example.com/")
            assert surrogates.surrogate("IP", "10.0.0.1").rpartition(".")[0] in {
                "192.0.2",
                "198.51.100",
                "203.0.113",
            }
            assert surrogates.surrogate("IP", "fe80::1").startswith("2001:db8::")

    def test_check_digits_hold(self):
        for _ in range(50):
            card = re.sub(r"\D", "", surrogates.surrogate("ACCOUNT", "4111 1111 1111 1111"))
            assert surrogates.luhn(card)
            npi = surrogates.surrogate("LICENSE", "1234567893")
            assert npi[0] in "12"
            assert surrogates.luhn(f"80840{npi}")
            dea = [int(figure) for figure in surrogates.surrogate("LICENSE", "AB1234563")[-7:]]
            assert (dea[0] + dea[2] + dea[4] + 2 * (dea[1] + dea[3] + dea[5])) % 10 == dea[6]
            vin = surrogates.surrogate("VEHICLE", "1HGCM82633A004352")
            weighed = zip(vin, surrogates.VIN_WEIGHTS, strict=True)
            rest = sum(surrogates.VIN_VALUES[letter] * weight for letter, weight in weighed) % 11
            assert vin[8] == ("X" if rest == 10 else str(rest))

    def test_a_name_keeps_its_layout_and_is_nobody_in_the_text(self):
        shown = Book().shown("NAME", "SMITH, JOHN", style="realistic")
        assert re.fullmatch(r"[A-Z]+, [A-Z]+", shown)
        crowd = " ".join(surrogates.FIRST[:-1] + surrogates.LAST[:-1])
        shown = Book().shown("NAME", "John Smith", style="realistic", avoid=crowd)
        assert shown == f"{surrogates.FIRST[-1]} {surrogates.LAST[-1]}" or shown.startswith("[[NAME_")

    def test_what_cannot_look_real_is_a_token(self):
        for label in ("AGE90", "PHOTO", "BIOMETRIC"):
            assert Book().shown(label, "93", style="realistic").startswith(f"[[{label}_")


class TestDates:
    @pytest.mark.parametrize(
        "written",
        [
            "2024-03-07",
            "2024-03-07T10:00:00Z",
            "3/7/2024",
            "03/07/24",
            "07.03.2024",
            "25/12/2023",
            "March 7, 2024",
            "7 March 2024",
            "Mar 7th, 2024",
            "7th of March 2024",
            "MARCH 7 2024",
            "march seventh twenty twenty four",
            "the seventh of march two thousand four",
            "march third nineteen oh five",
        ],
    )
    def test_a_moved_date_is_written_as_it_was_and_lies_whole_weeks_away(self, written):
        there = dates.moved(written, 3)
        assert there != written
        assert re.sub(r"\d+|[a-z]+|[A-Z]+", "x", there.lower()).count("x") >= 2
        assert dates.read(there).shape == dates.read(written).shape
        assert dates.read(there).ordinal - dates.read(written).ordinal == 21
        assert any(map(str.isdigit, there)) == any(map(str.isdigit, written))

    def test_partial_dates_keep_their_precision(self):
        assert dates.moved("March 2024", 6) == "April 2024"
        assert re.fullmatch(r"march \w+(?: \w+)?", dates.moved("march third", 2))
        assert dates.read(dates.moved("3/14", 1)).year is None
        assert dates.moved("2024", 3) is None

    def test_intervals_are_kept_and_the_way_is_random(self):
        days = ("2024-01-10", "2024-02-29", "March 7, 2024")
        ways = set()
        for _ in range(30):
            book = Book()
            moved = [dates.read(book.shown("DATE", day, dates_as="shift", patient="p1")).ordinal for day in days]
            real = [dates.read(day).ordinal for day in days]
            assert [one - moved[0] for one in moved] == [one - real[0] for one in real]
            weeks, rest = divmod(moved[0] - real[0], 7)
            assert (rest, weeks != 0, abs(weeks) <= 26) == (0, True, True)
            ways.add(weeks)
        assert len(ways) > 10

    def test_each_patient_has_a_way_of_their_own(self):
        ways = set()
        for _ in range(20):
            book = Book()
            one, other = (
                dates.read(book.shown("DATE", day, dates_as="shift", patient=patient)).ordinal
                for day, patient in (("2024-01-10", "a"), ("2024-01-11", "b"))
            )
            ways.add(other - one)
        assert len(ways) > 5

    def test_years_and_days_beside_a_token(self):
        book = Book()
        year = {"dates_as": "year", "this_year": datetime.now(UTC).year}
        assert re.fullmatch(r"\[\[DATE_\d+\|2021\]\]", book.shown("DATE", "3/7/2021", **year))
        assert "|" not in book.shown("DATE", "3/7/1931", **year)  # the year would tell of an age over 89
        assert "|" not in book.shown("DATE", "march third", **year)
        told = [Book().shown("DATE", "2024-01-10", dates_as="relative")]
        book = Book()
        told += [book.shown("DATE", day, dates_as="relative") for day in ("2024-01-10", "2024-01-13", "2024-01-08")]
        assert [one.partition("|")[2] for one in told] == ["day 0]]", "day 0]]", "day +3]]", "day -2]]"]

    def test_what_is_no_date_is_none(self):
        for text in ("13/13/2024", "12.5-25", "february 30 2024", "march", "soon", "2024", "the seventh", ""):
            assert dates.read(text) is None

    def test_reading_and_saying_a_year_agree(self):
        for year in (1905, 1950, 1999, 2000, 2004, 2010, 2024):
            said = f"march third {dates.said_year(year)}"
            assert dates.read(said).ordinal == date(year, 3, 3).toordinal()


def test_forms_of_odd_values():
    assert form_of("NAME", "") == ""
    assert form_of("NAME", "Dr.") == "dr"
    assert form_of("OTHER_ID", "x" * 5000) == "x" * 5000
