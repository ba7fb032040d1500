"""What a calculator's file leaves out follows from its labels and its title."""

from dataclasses import replace

from functions.calculators.domain.model import Calculator, Example, Quantity, Range, Reference, spoken

LACTATE = Quantity(
    name="blood_lactate",
    label="lactate",
    quantity="electrolyte",
    unit="mmol/L",
    possible=Range(0.1, 50),
    usual=Range(0.3, 20),
)
CLEARANCE = Calculator(
    id="lactate_clearance",
    title="Lactate clearance",
    summary="Fall of the lactate.",
    aliases=("LC", "clearance of lactate"),
    inputs=(LACTATE,),
    formula=lambda values: values["blood_lactate"],
    citations=(Reference("Nobody", 2000),),
    examples=(Example({"blood_lactate": 1}, 1.0, "by hand"),),
)


def test_an_input_is_asked_for_and_heard_by_its_label():
    assert LACTATE.question == "What is the lactate?"
    assert LACTATE.words == (r"blood\ lactate", "lactate")


def test_what_is_stated_is_kept():
    asked = replace(LACTATE, question="And the lactate?", words=("lac",))
    assert (asked.question, asked.words) == ("And the lactate?", ("lac",))
    named = replace(CLEARANCE, short="Clearance", names=("lac clear",), weak=())
    assert (named.short, named.names, named.weak) == ("Clearance", ("lac clear",), ())


def test_a_calculator_goes_by_its_title_and_a_single_word_is_weak():
    assert (CLEARANCE.short, CLEARANCE.version) == ("Lactate clearance", "1.0.0")
    assert CLEARANCE.names == (r"clearance\ of\ lactate", r"lactate\ clearance")
    assert CLEARANCE.weak == ("lc",)


def test_signs_in_a_name_are_no_pattern():
    assert spoken("QT (corrected)", "1.5 x") == (r"qt\ corrected", r"1\.5\ x")
