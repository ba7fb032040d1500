"""docs/reference/calculators.md shows of every calculator what a clinician must know."""

from functions.calculators import page, renal_page
from functions.calculators.domain.checked import CITED, NUMBERS
from functions.calculators.domain.registry import calculators
from functions.calculators.domain.renal_table import DRUGS
from functions.calculators.domain.renal_table.checked import CHECKED

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
        assert f"\n- {page.backing(name)}\n" in section


def test_what_was_confirmed_is_told_and_nothing_else():
    cited = {source.doi for one in calculators().values() for source in one.citations}
    assert cited >= CITED
    assert set(NUMBERS) <= set(calculators())
    assert "doi:10.1136/gut.38.3.316](https://doi.org/10.1136/gut.38.3.316), confirmed\n" in SECTIONS["rockall"]
    assert "(https://doi.org/10.1212/WNL.53.1.126), not confirmed\n" in SECTIONS["nihss"]
    assert page.backing("a calculator that nobody compared") == "Numbers from memory, to be reviewed."
    assert "- Numbers checked: 2026-11 (the criteria and the cut at 1 only), against " in SECTIONS["spesi"]


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


def test_the_table_of_renal_doses_shows_every_band_with_its_limits_and_label(tmp_path):
    page.write(tmp_path / "calculators.md")
    text = (tmp_path / "renal-dosing.md").read_text()
    assert text == renal_page.render()
    for drug in DRUGS.values():
        section = text.split(f"\n## {drug.name}\n")[1].split("\n## ")[0]
        assert f"Source: {drug.label}; {drug.revised}." in section
        assert [step.text for use in drug.uses for step in use.steps if f": {step.text}\n" not in section] == []
        assert section.count("- Note: ") == len(drug.notes) + bool(drug.dialysis)
        assert section.rstrip().splitlines()[-1] == f"- {renal_page.backing(drug.name)}"
    assert f"- {len(DRUGS) - len(CHECKED)}: from memory, to be reviewed\n" in text
    assert renal_page.backing("a drug that nobody compared") == "From memory, to be reviewed."
    assert "- Checked: 2026-11, guideline or hospital's dosing guide: " in text
    assert "- atrial fibrillation: above 50 up to 95: 60 mg once a day\n" in text
    assert "- from 60: 900 to 3600 mg a day in three doses\n" in text
    assert "- below 60: contraindicated by the label\n" in text
    assert "- any: verify with pharmacy" in text
    assert "- atrial fibrillation: by its criteria\n" in text
    assert "dofetilide (Tikosyn), by creatinine clearance with the actual body weight. Source: " in text
