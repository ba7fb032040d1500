"""With what each row of the table was compared, and how good that source is; a row that is not here is from memory.

A row is entered only by who read the source beside it; `only` names the part that was read where it was not the whole
row. Sources were read in stored public copies, so that a later revision of a label can differ.
"""

from types import MappingProxyType

from functions.calculators.domain.evidence import Check, Grade

LOOKED = "2026-11"
PACKAGE_INSERT = "package insert as quoted by GlobalRPh"
HIV_KIDNEY = "IDSA guideline on kidney disease in HIV, Lucas GM et al., Clin Infect Dis 59:e96-138 (2014)"
HIV_KIDNEY_DOI = "10.1093/cid/ciu617"
NEBRASKA = "Nebraska Medicine, renal dosage adjustment guidelines for antimicrobials"


def _dailymed(set_id: str, only: str = "") -> Check:
    """A public transcription of the label on DailyMed (by its set id where that was told), dated 2026-05-06; made by
    a machine, so that it ranks last.
    """
    return Check(Grade.SECOND, f"label on DailyMed ({set_id}), as transcribed in May 2026", LOOKED, only=only)


def _guideline(only: str = "") -> Check:
    return Check(Grade.BODY, HIV_KIDNEY, LOOKED, doi=HIV_KIDNEY_DOI, only=only)


CHECKED: MappingProxyType[str, Check] = MappingProxyType(
    {
        "acyclovir": _dailymed("8d9fea43-6c04-40d7-8aac-398c2de2a558 and 23a7cf9e-f21b-06c2-e063-6394a90aa623"),
        "alendronate": _dailymed("4323d3aa-cbb0-41e2-aba7-7a94a0516993"),
        "allopurinol": _dailymed("4f5c4fbc-3d31-5068-e063-6294a90ab315"),
        "amikacin": Check(Grade.BODY, NEBRASKA, LOOKED),
        "amoxicillin": _dailymed("f9062321-ffb3-42e8-8f98-453cd30f5282"),
        "amoxicillin-clavulanate": _dailymed("d25c8190-3690-4ce6-a525-21850754224d", "the bands and haemodialysis"),
        "ampicillin-sulbactam": _dailymed("155c7ec0-5862-404f-b1d0-f278f8a8bbda"),
        "apixaban": _dailymed("095a08ac-cf0e-497e-a682-ddef38d6b29c", "the criteria and doses without dialysis"),
        "atenolol": Check(Grade.LABEL, "label as quoted by DrugLib and others", LOOKED),
        "aztreonam": Check(Grade.LABEL, PACKAGE_INSERT, LOOKED),
        "cefazolin": _dailymed("db977f52-2296-4003-9162-c155163d714a"),
        "cefdinir": _dailymed("236cea6b-c72e-43fa-bbcb-187a061e3a33"),
        "cefepime": _dailymed("dd641c7f-b857-48ff-bd9d-747e0c3cc89f"),
        "ceftazidime": _dailymed("label of ceftazidime for injection"),
        "cefuroxime axetil": _dailymed("76cec54f-d167-4298-951b-5411a3c47f4a"),
        "ciprofloxacin": _dailymed("888dc7f9-ad9c-4c00-8d50-8ddfd9bd27c0", "by mouth"),
        "clarithromycin": _guideline(),
        "colchicine": Check(Grade.LABEL, f"{PACKAGE_INSERT}, and a published table of the same", LOOKED),
        "dabigatran": Check(Grade.LABEL, "sections 2.1 and 2.2 as reproduced by DrugLib and others", LOOKED),
        "daptomycin": _dailymed("d87bd6b5-bf92-49c1-879b-dc2add3deae6"),
        "digoxin": _dailymed("51925501-ab5b-4e12-a67e-ec2b4b592e83"),
        "dofetilide": Check(Grade.LABEL, PACKAGE_INSERT, LOOKED),
        "duloxetine": _dailymed("4121bd3f-2d6d-3bdd-e063-6294a90a3088"),
        "edoxaban": Check(Grade.LABEL, "sections 2.1 and 2.2 as reproduced by The Meditary and Drugs.com", LOOKED),
        "enoxaparin": _dailymed("3d263380-4f44-4fd8-aa2a-e69702ab258f"),
        "entecavir": _dailymed("046e61c9-9298-4b2e-b76e-b26b81fecd20"),
        "eptifibatide": Check(
            Grade.SECOND, "drug monograph and a hospital's audit of the label's dose", LOOKED, only="the infusion"
        ),
        "ertapenem": Check(Grade.SECOND, "two drug monographs that follow the label", LOOKED),
        "famciclovir": _guideline("from 20 to 39, below 20 mL/min and haemodialysis"),
        "famotidine": _dailymed("a06502d9-7903-4f37-833e-e5763d502def"),
        "fluconazole": _guideline(),
        "fondaparinux": Check(Grade.LABEL, "contraindications as reproduced by WikiDoc, and a drug guide", LOOKED),
        "gabapentin": _dailymed("59a01ec3-97d4-c099-e053-2a91aa0af754"),
        "ganciclovir": _guideline(),
        "gentamicin": Check(Grade.BODY, NEBRASKA, LOOKED),
        "lamivudine": _dailymed("89226149-47fa-4f7d-bb1f-1aa7034486b8"),
        "levetiracetam": Check(Grade.BODY, "Epilepsy Foundation, renal disorders (Browne TR, 2002)", LOOKED),
        "levofloxacin": _dailymed("af4b7333-4f77-4ec9-e053-2a95a90a16d2"),
        "lithium": Check(Grade.SECOND, "drug monograph of Neurology Advisor, in words without limits", LOOKED),
        "memantine": Check(Grade.LABEL, f"{PACKAGE_INSERT} and by Drugs.com", LOOKED),
        "meropenem": _dailymed("label of meropenem for injection"),
        "methotrexate": Check(
            Grade.LABEL,
            "boxed warning of methotrexate tablets, Boehringer Ingelheim, as reproduced by StudyLib",
            LOOKED,
        ),
        "metformin": Check(
            Grade.BODY,
            "the FDA's recommendation of 2016, in J Am Soc Nephrol 28:2263-2274 (2017), table 3",
            LOOKED,
            doi="10.1681/ASN.2016121372",
        ),
        "nitrofurantoin": _dailymed("0f4d7699-d5d8-4c36-aaa6-63c3c8c68b4f"),
        "oseltamivir": _dailymed("label of oseltamivir capsules"),
        "piperacillin-tazobactam": _dailymed("9b682c66-61c6-4ade-baf4-9d68911a16b8"),
        "pregabalin": _dailymed("8fb45a78-b2d8-45dd-b844-0de21d1fdde9"),
        "risedronate": _dailymed("a42a35e6-3e08-4b4f-ae56-47d4aec2322a"),
        "rivaroxaban": Check(Grade.LABEL, "manufacturer's dosing pages for professionals", LOOKED),
        "sitagliptin": _dailymed("6a970e80-b753-48fa-9fff-87e7a5044982"),
        "sotalol": _dailymed("253da1e1-022a-4175-bd7f-e7673cba0767"),
        "tenofovir disoproxil": _dailymed("e122435e-cd0b-4c90-940a-b7a0d090d866"),
        "tirofiban": Check(Grade.SECOND, "drug monograph of Family Practice Notebook", LOOKED),
        "tobramycin": Check(Grade.BODY, NEBRASKA, LOOKED),
        "tramadol": _dailymed("cabccc8a-6f9f-414c-93f0-6dec331ed74b", "immediate release"),
        "trimethoprim-sulfamethoxazole": _dailymed("0b261114-77e7-ff08-e063-6394a90a4e03"),
        "valacyclovir": _dailymed("label of valacyclovir tablets"),
        "valganciclovir": _guideline(),
        "vancomycin": Check(Grade.BODY, NEBRASKA, LOOKED),
        "zoledronic acid": _dailymed("16fcf8c9-ef8a-4e93-9ee6-acfadd35a861", "osteoporosis"),
    }
)
