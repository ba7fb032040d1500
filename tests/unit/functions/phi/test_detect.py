"""What is found and what is left alone. All people and numbers are made up; check digits are computed by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.phi.domain.model import CATEGORIES, LABELS, SHAPED, Entity, merged, redacted
from functions.phi.domain.scan import RECOGNISERS, detect


def found(text: str) -> list[tuple[str, str]]:
    return [(one.label, text[one.start : one.end]) for one in detect(text)]


FOUND = [
    ("EMAIL", "write to j.doe+lab@mail.example.org today", "j.doe+lab@mail.example.org"),
    ("URL", "see https://example.org/p/17?x=1#a.", "https://example.org/p/17?x=1#a"),
    ("URL", "(www.example.org/chart)", "www.example.org/chart"),
    ("URL", "www.example.org.", "www.example.org"),
    ("IP", "from 10.20.30.40.", "10.20.30.40"),
    ("IP", "[2001:db8::8a2e:370:7334]:443", "2001:db8::8a2e:370:7334"),
    ("IP", "::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ("SSN", "123-45-6789", "123-45-6789"),
    ("SSN", "123 45 6789", "123 45 6789"),
    ("SSN", "SSN is 987654321", "987654321"),
    ("SSN", "social security number: 000-12-3456", "000-12-3456"),
    ("SSN", "SSN ending in 6789", "6789"),
    ("SSN", "xxx-xx-6789", "xxx-xx-6789"),
    ("PHONE", "call (212) 555-0142 ext. 12", "(212) 555-0142 ext. 12"),
    ("PHONE", "+1 212-555-0142", "+1 212-555-0142"),
    ("PHONE", "212.555.0142", "212.555.0142"),
    ("PHONE", "Cell: 2125550142", "2125550142"),
    ("PHONE", "+49 89 1234567", "+49 89 1234567"),
    ("PHONE", "pager 555-0142", "555-0142"),
    ("FAX", "Fax: 212-555-0143", "212-555-0143"),
    ("DATE", "seen 2024-03-07", "2024-03-07"),
    ("DATE", "at 2024-03-07T12:30:45.123Z", "2024-03-07T12:30:45.123Z"),
    ("DATE", "on 3/7/2024-3/9/2024"[:11], "3/7/2024"),
    ("DATE", "25.12.2023", "25.12.2023"),
    ("DATE", "on March 7th, 2024", "March 7th, 2024"),
    ("DATE", "on 7 March 2024", "7 March 2024"),
    ("DATE", "07-MAR-2024", "07-MAR-2024"),
    ("DATE", "since May 5", "May 5"),
    ("DATE", "in March 2019", "March 2019"),
    ("DATE", "DOB 19640229", "19640229"),
    ("AGE90", "a 93-year-old man", "93-year-old"),
    ("AGE90", "aged 101", "101"),
    ("AGE90", '{"age": 95}', "95"),
    ("AGE90", "91 y/o", "91 y/o"),
    ("AGE90", "ninety-three year old", "ninety-three year old"),
    ("GEO", "Boston, MA 02115", "02115"),
    ("GEO", "zip code 10001", "10001"),
    ("GEO", "10001-1234", "10001-1234"),
    ("GEO", "Ottawa ON K1A 0B2", "K1A 0B2"),
    ("MRN", "Hosp No. RX4 118 2207", "RX4 118 2207"),
    ("MRN", "hospital no. QH/40218-B", "QH/40218-B"),
    ("OTHER_ID", "Agency #HHB 220872", "HHB 220872"),
    ("OTHER_ID", "No.: K2-99015", "K2-99015"),
    ("SSN", "last 4: 4472", "4472"),
    ("MRN", "MRN: 00-12-34", "00-12-34"),
    ("MRN", '"mrn": "A1234567"', "A1234567"),
    ("MRN", "medical record number is 445 566 778", "445 566 778"),
    ("MRN", "patient_id=778812", "778812"),
    ("HEALTH_PLAN", "Member ID: XYZ123456789", "XYZ123456789"),
    ("HEALTH_PLAN", "insurance policy number 99-88-77", "99-88-77"),
    ("HEALTH_PLAN", "1EG4-TE5-MK73", "1EG4-TE5-MK73"),
    ("ACCOUNT", "account number 12345678", "12345678"),
    ("ACCOUNT", "4111 1111 1111 1111", "4111 1111 1111 1111"),
    ("ACCOUNT", "GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 32"),
    ("LICENSE", "NPI 1234567893", "1234567893"),
    ("LICENSE", "AB1234563", "AB1234563"),
    ("LICENSE", "driver's license D1234567", "D1234567"),
    ("VEHICLE", "1M8GDM9AXKP042788", "1M8GDM9AXKP042788"),
    ("VEHICLE", "VIN WVWZZZ1JZXW000001", "WVWZZZ1JZXW000001"),
    ("VEHICLE", "license plate 7ABC123", "7ABC123"),
    ("DEVICE", "pacemaker serial number PJN-123456S", "PJN-123456S"),
    ("DEVICE", "00:1a:2b:3c:4d:5e", "00:1a:2b:3c:4d:5e"),
]


@pytest.mark.parametrize(("label", "text", "value"), FOUND)
def test_each_kind_is_found(label, text, value):
    assert found(text) == [(label, value)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BP 120/80, pulse 72, SpO2 98 %",
        "potassium 4.5-5.0 mmol/L, INR 2.0-3.0",
        "Xarelto 12.5-25 mg, 1-2 tablets, take 1/2",
        "a 45-year-old woman, 89 y/o mother, age: 67",
        "pain 5/10, EF 55 %, 20/20 vision",
        "E11.9, I10, NCT01234567, 10.1056/NEJMoa2034577",
        "at 12:30:45, 24:00, ratio 1:2:3",
        "version 1.2.3.4.5, v2.3.10",
        "you may 5 times a day march 10 metres",
        "13/45/2024 and 2024-13-45 are no days",
        "300.1.2.3 and a::b are no addresses",
        "4111 1111 1111 1112 does not pass",
        "in 2019 the device was approved; certificate 2019; implant 2020",
        "20000 patients, 1500000 units, 5000 IU",
        "the license was lost, the serial number is missing, MRN unknown",
        "x123-45-6789 and 123-45-6789-1 and é123-45-6789",
    ],
)
def test_what_looks_alike_is_left_alone(text):
    assert found(text) == []


@pytest.mark.parametrize("text", ["000-12-3456", "112-555-0142", "AB1234564", "1M8GDM9A1KP042788"])
def test_what_fails_its_check_is_found_with_less_certainty(text):
    (one,) = detect(f"told {text} as his")
    assert (one.start, one.end) == (5, 5 + len(text))
    assert one.score < SHAPED


def test_a_list_is_found_to_its_last_member():
    text = "10.0.0.1 10.0.0.2,10.0.0.3;10.0.0.4"
    assert [value for _, value in found(text)] == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]
    assert len(found("123-45-6789 " * 50)) == 50


def test_a_range_of_dates_is_two_dates():
    assert [value for _, value in found("3/7/2024-3/9/2024")] == ["3/7/2024", "3/9/2024"]


def test_offsets_are_code_points():
    text = "Größe 😀 naïve: 123-45-6789 日本"
    (one,) = detect(text)
    assert text[one.start : one.end] == "123-45-6789"


def test_the_text_is_redacted_and_the_rest_untouched():
    text = "MRN 123456, seen 3/7/2024 by Dr. Adams."
    assert redacted(text, detect(text)) == "MRN [MRN], seen [DATE] by Dr. Adams."
    assert redacted("nothing here", ()) == "nothing here"


def test_overlapping_findings_become_one_that_covers_both():
    weak, strong, apart = Entity(0, 6, "MRN", 0.8), Entity(4, 10, "SSN", 0.9), Entity(10, 12, "IP", 1.0)
    assert merged([strong, apart, weak]) == (Entity(0, 10, "SSN", 0.9), apart)
    assert merged([Entity(0, 10, "PHONE", 0.9), Entity(2, 4, "DATE", 0.9)]) == (Entity(0, 10, "PHONE", 0.9),)


def test_every_recogniser_finds_one_place_of_a_declared_kind():
    for recogniser in RECOGNISERS:
        assert recogniser.compiled.groups == 1, recogniser.pattern
        assert recogniser.label in LABELS
        assert type(recogniser.compiled).__module__ == "re2", "only RE2 is linear in any text"
    assert {recogniser.label for recogniser in RECOGNISERS} <= set(LABELS)
    assert {category.rule for category in CATEGORIES} == set("ABCDEFGHIJKLMNOPQR")
    assert tuple(category.label for category in CATEGORIES) == LABELS


@given(st.text(max_size=400))
def test_any_text_gives_ordered_places_within_it(text):
    entities = detect(text)
    borders = [place for one in entities for place in (one.start, one.end)]
    assert borders == sorted(borders)
    assert all(0 <= one.start < one.end <= len(text) for one in entities)


WORDS = st.sampled_from(["", "Seen", "again", "für", "😀", "on the ward", "\n"])


@given(st.lists(st.tuples(WORDS, st.sampled_from(FOUND)), min_size=1, max_size=6))
def test_what_is_redacted_is_gone(pieces):
    text = " | ".join(f"{word} ; {piece[1]}" for word, piece in pieces)
    told = redacted(text, detect(text))
    for _, (_label, _context, value) in pieces:
        assert value not in told or len(value) <= 4
