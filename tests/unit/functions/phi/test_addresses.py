"""Addresses of other countries: the kind of street before its name or grown onto it, the number before or behind."""

import pytest

from functions.phi.domain import addresses
from functions.phi.domain.document import Document

FOUND = [
    ("lives at 12 rue de la Liberté, 69003 Lyon with", "12 rue de la Liberté, 69003 Lyon"),
    ("Domicilio: Calle Mayor 14, 28013 Madrid", "Calle Mayor 14, 28013 Madrid"),
    ("sent to C/ Sagasta 7", "C/ Sagasta 7"),
    ("wohnt Lindenstraße 5a, 10969 Berlin", "Lindenstraße 5a, 10969 Berlin"),
    ("Keizersgracht 263 is her house", "Keizersgracht 263"),
    ("adres ul. Kwiatowa 7 m. 3, 30-702 Kraków", "ul. Kwiatowa 7 m. 3, 30-702 Kraków"),
    ("at 44 Jalan Melati, Ipoh 31400 since", "44 Jalan Melati, Ipoh 31400"),
    ("Via Garibaldi 12", "Via Garibaldi 12"),
    ("Rua Augusta no. 210", "Rua Augusta no. 210"),
]
LEFT = [
    "given via Foley 16 Fr",
    "route PO 5 mg",
    "Schatzki ring 20 mm",
    "on Rue Morgue nobody lives",
    "Elm Avenue Unit 5",
    "Col. 5 of the table",
    "the avenue to 12 new drugs",
    "Via Dolorosa 3 mg",
]


def spans(engine, text):
    return [text[one.start : one.end] for one in addresses.find(Document(text, engine.lists))]


@pytest.mark.parametrize(("text", "address"), FOUND)
def test_an_address_is_found_with_its_code_and_town(engine, text, address):
    assert spans(engine, text) == [address]


@pytest.mark.parametrize("text", LEFT)
def test_what_has_no_number_of_a_house_is_left(engine, text):
    assert spans(engine, text) == []


def test_in_speech_nothing_is_looked_for(engine):
    assert list(addresses.find(Document("calle mayor 14", engine.lists, speech=True))) == []
