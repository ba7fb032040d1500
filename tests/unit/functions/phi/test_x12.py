"""Claims: of every segment the elements that are somebody's, and nothing of the others. All people are made up."""

from functions.phi.domain import x12


def found(text):
    return [(one.label, text[one.start : one.end]) for one in x12.find(text)]


def test_a_subscriber_is_found_by_element():
    text = "NM1*IL*1*HALVORSEN*INGA*M***MI*W55120987~N3*14 DUNE CT~N4*BANGOR*ME*04401~DMG*D8*19490821*F~"
    said = "HALVORSEN INGA M W55120987 14_DUNE_CT BANGOR 04401 19490821".replace("_", "~").split()
    labels = "NAME NAME NAME HEALTH_PLAN GEO GEO GEO DATE".split()
    assert found(text) == [(label, word.replace("~", " ")) for label, word in zip(labels, said, strict=True)]


def test_an_organisation_is_a_facility_and_its_number_a_licence():
    assert found("NM1*85*2*DUNE MEDICAL*****XX*1234567893") == [("FACILITY", "DUNE MEDICAL"), ("LICENSE", "1234567893")]


def test_references_and_contacts_go_by_their_qualifier():
    assert found("REF*SY*123456789~REF*ZZ*42~PER*IC*ROE*TE*2125550142*FX*2125550143") == [
        ("SSN", "123456789"), ("NAME", "ROE"), ("PHONE", "2125550142"), ("FAX", "2125550143"),
    ]  # fmt: skip


def test_claims_in_a_log_line_are_read_too():
    assert found("837P rejected: CLM*26463774*100***11:B:1 DTP*472*D8*20250311") == [
        ("ACCOUNT", "26463774"),
        ("DATE", "20250311"),
    ]


def test_what_is_no_segment_is_left():
    assert found("HI there *important* 5*3=15 NM1*~ N3 ** and NM1*IL") == []
