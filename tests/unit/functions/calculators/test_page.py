"""docs/reference/calculators.md shows of every calculator what a clinician must know."""

from functions.calculators import page
from functions.calculators.domain.registry import calculators

SECTIONS = dict(zip(sorted(calculators()), page.render().split("\n## ")[1:], strict=True))


def test_every_calculator_has_its_section_with_inputs_bands_sources_and_examples():
    for name, one in calculators().items():
        section = SECTIONS[name]
        assert section.startswith(f"{name}\n")
        assert [given.name for given in one.inputs if f"| `{given.name}` | {given.label} |" not in section] == []
        assert [band.text for band in one.bands if band.text not in section] == []
        assert [caveat for caveat in one.caveats if caveat not in section] == []
        assert [source.text for source in one.citations if f"{source.text} ({source.year})" not in section] == []
        assert section.count("- Example: ") == len(one.examples)


def test_ranges_options_and_cuts_are_told():
    assert (
        "| `creatinine` | serum creatinine | mg/dL, µmol/L, mmol/L | 0.1 to 50 mg/dL | 0.3 to 12 mg/dL | yes |"
        in (SECTIONS["ckd_epi_2021"])
    )
    assert "| `albumin` | serum albumin | g/dL, g/L | 0.5 to 7 g/dL | 1.5 to 5.5 g/dL | no |" in SECTIONS["anion_gap"]
    assert "| `sex` | sex | | male, female | | yes |" in SECTIONS["cha2ds2_vasc"]
    assert "| `hypertension` | hypertension | | yes, no | | yes |" in SECTIONS["cha2ds2_vasc"]
    assert "- above 12: Raised" in SECTIONS["anion_gap"]
    assert "- from 65: 65 mmHg or above." in SECTIONS["map"]
    assert "- Example: systolic 24 kPa, diastolic 15 kPa gives 135.0111" in SECTIONS["map"]
    assert "Result: text." in SECTIONS["ckd_stage"]


def test_it_is_written_where_documents_are_only(tmp_path):
    page.write(tmp_path / "gone/calculators.md")
    assert list(tmp_path.iterdir()) == []
    page.write(tmp_path / "calculators.md")
    assert (tmp_path / "calculators.md").read_text() == page.render()
