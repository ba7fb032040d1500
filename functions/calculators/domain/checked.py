"""What of each calculator was compared with a text that is not our own, and when.

`CITED` holds the identifiers that stand beside the same paper in at least one independent text; the others were not
found. `NUMBERS` tells with what points, coefficients or limits were compared; a calculator that is not there has them
from memory. None of this replaces the paper: hardly any of the papers could be read in full.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

LOOKED = "2026-11"
OPEN = "the open library openmedicine"
BEDSIDE = "an open library of bedside calculators"
ELUCENIA = "the documentation of the ELUCENIA tools"
GOLDEN = "the golden tests of an open library, which quote the paper"
CLINCALC = "the library clincalc 0.4.0 over 500 random patients"
OPENMED = "the library open-medicine 0.12.0 over 500 random patients"
MEDIMETRY = "the library medimetry 0.1.0 over 500 random patients"
BENCHMARK = "the public cases of MedCalc-Bench"
EARLIER = "an open implementation over random patients, as the page on the evaluation tells"


@dataclass(frozen=True, slots=True)
class Numbers:
    """`only` is the part that was compared, where it was not all of it."""

    source: str
    only: str = ""

    def told(self) -> str:
        part = f" ({self.only} only)" if self.only else ""
        return f"Numbers checked: {LOOKED}{part}, against {self.source}."


CITED = frozenset(
    (
        "10.1001/archinte.158.16.1789", "10.1001/archinte.163.19.2345", "10.1001/archinte.166.10.1092",
        "10.1001/archinternmed.2010.199", "10.1001/jama.1976.03270060029022", "10.1001/jama.1984.03350140051025",
        "10.1001/jama.2016.0287", "10.1001/jama.284.7.835", "10.1001/jama.286.14.1754", "10.1001/jama.295.2.172",
        "10.1002/bjs.1800600817", "10.1002/hep.21178", "10.1002/j.1875-9114.2012.01098.x", "10.1007/BF00280883",
        "10.1007/BF01709751", "10.1007/BF03086144", "10.1016/0021-9681(87)90171-8", "10.1016/0895-4356(94)90129-5",
        "10.1016/S0002-9343(99)00055-8", "10.1016/S0140-6736(00)02816-6", "10.1016/S0140-6736(07)60150-0",
        "10.1016/S0140-6736(74)91639-0", "10.1016/S0196-0644(05)82292-9", "10.1016/S1474-4422(14)70120-6",
        "10.1016/j.cgh.2009.05.033", "10.1016/j.cjca.2016.09.008", "10.1016/j.clinbiochem.2016.06.001",
        "10.1016/j.disamonth.2005.02.003", "10.1016/j.ijcard.2013.01.255", "10.1016/j.kint.2023.10.018",
        "10.1038/ajg.2016.453", "10.1038/kisup.2012.1", "10.1046/j.1525-1497.2001.016009606.x",
        "10.1053/gast.2003.50016", "10.1053/j.gastro.2021.08.050", "10.1055/s-0037-1613830",
        "10.1056/NEJM198710223171717", "10.1056/NEJM199512073332301", "10.1056/NEJM199701233360402",
        "10.1056/NEJM200005183422006", "10.1056/NEJMcp010731", "10.1056/NEJMoa023153", "10.1056/NEJMoa0801209",
        "10.1056/NEJMoa2102953", "10.1093/clinchem/18.6.499", "10.1093/eurheartj/ehaa612",
        "10.1093/eurheartj/ehv320", "10.1097/00003246-198510000-00009", "10.1097/00003246-199811000-00019",
        "10.1097/AOG.0000000000002046", "10.1097/CCM.0000000000005337", "10.1111/j.1360-0443.1989.tb00737.x",
        "10.1111/j.1538-7836.2004.00790.x", "10.1111/j.1538-7836.2006.01787.x", "10.1111/j.1538-7836.2008.02944.x",
        "10.1111/j.1538-7836.2010.04044.x", "10.1111/j.1748-1716.1966.tb03281.x", "10.1136/bmj.4.5893.643",
        "10.1136/bmj.f5806", "10.1136/bmj.i6432", "10.1136/gut.2008.152702", "10.1136/gut.38.3.316",
        "10.1136/thorax.58.5.377", "10.1159/000180580", "10.1161/01.CIR.100.10.1043", "10.1161/01.CIR.102.17.2031",
        "10.1161/01.CIR.97.18.1837", "10.1161/01.HYP.36.5.801", "10.1161/01.STR.20.7.864",
        "10.1161/01.cir.0000437741.48606.98", "10.1161/CIR.0000000000001193", "10.1161/CIRCULATIONAHA.123.067626",
        "10.1177/0272989X8100100304", "10.1177/106002807400801104", "10.1182/bloodadvances.2018024489",
        "10.1186/1710-1492-9-30", "10.1213/00000539-195301000-00041", "10.1378/chest.09-1584",
        "10.1378/chest.10-0134", "10.1378/chest.101.6.1644", "10.14309/ajg.0000000000001245",
        "10.1542/peds.2015-2651", "10.15585/mmwr.rr6501e1", "10.15585/mmwr.rr7103a1", "10.1681/ASN.2006121408",
        "10.7326/0003-4819-144-3-200602070-00004", "10.7326/0003-4819-145-4-200608150-00004",
        "10.7326/0003-4819-66-2-312", "10.7326/0003-4819-77-4-507",
    )
)  # fmt: skip
PUBLIC_CASES = (
    "adjusted_weight", "anion_gap", "anion_gap_albumin", "bmi", "bsa", "centor", "cha2ds2_vasc", "ckd_epi_2021",
    "cockcroft_gault", "conception_date", "corrected_calcium", "corrected_sodium", "curb_65", "delta_gap",
    "delta_gap_albumin", "delta_ratio", "delta_ratio_albumin", "due_date", "fib_4", "free_water_deficit",
    "gestational_age", "heart", "ideal_weight", "ldl", "maintenance_fluids", "map", "mdrd", "mme", "osmolality",
    "perc", "qtc_bazett", "qtc_framingham", "qtc_fridericia", "qtc_hodges", "qtc_rautaharju", "sirs",
    "steroid_conversion", "target_weight", "wells_pe",
)  # fmt: skip
RANDOM_PATIENTS = ("apache_ii", "caprini", "charlson", "feverpain", "gcs", "rcri", "sofa")
COMPARED = {
    "aa_gradient": Numbers(OPENMED),
    "abcd2": Numbers(CLINCALC),
    "anion_gap": Numbers(CLINCALC),
    "anion_gap_albumin": Numbers(CLINCALC),
    "apache_ii": Numbers(CLINCALC),
    "apgar": Numbers(CLINCALC),
    "ascvd_pce": Numbers(f"{CLINCALC}, and the worked examples of the paper"),
    "audit_c": Numbers(CLINCALC),
    "bisap": Numbers(OPENMED),
    "bmi": Numbers(CLINCALC),
    "braden": Numbers(CLINCALC),
    "bsa": Numbers(CLINCALC),
    "cage": Numbers(OPENMED),
    "caprini": Numbers(f"{CLINCALC} (which lacks the operation within a month and the trauma)"),
    "centor": Numbers(CLINCALC),
    "cha2ds2_vasc": Numbers(CLINCALC),
    "charlson": Numbers(f"{CLINCALC} (which counts the decades from 51 and a fifth from 90)"),
    "child_pugh": Numbers(CLINCALC),
    "ciwa_ar": Numbers(CLINCALC),
    "ckd_epi_2021": Numbers(f"{CLINCALC} and {MEDIMETRY}"),
    "ckd_stage": Numbers(MEDIMETRY),
    "cockcroft_gault": Numbers(OPENMED),
    "corrected_calcium": Numbers(CLINCALC),
    "corrected_sodium": Numbers(CLINCALC),
    "curb_65": Numbers(CLINCALC),
    "fena": Numbers(CLINCALC),
    "feverpain": Numbers(CLINCALC),
    "fib_4": Numbers(CLINCALC),
    "four_ts": Numbers(CLINCALC),
    "framingham": Numbers("the printed point table of the ATP III report, as the page on the evaluation tells"),
    "free_water_deficit": Numbers(CLINCALC),
    "gad_7": Numbers(CLINCALC),
    "gcs": Numbers(CLINCALC),
    "glasgow_blatchford": Numbers(CLINCALC),
    "grace": Numbers(CLINCALC),
    "has_bled": Numbers(CLINCALC),
    "heart": Numbers(CLINCALC),
    "homa_ir": Numbers(CLINCALC),
    "kdigo_aki": Numbers("the table as several journals and the MSD Manual print it"),
    "ldl": Numbers(CLINCALC),
    "lights_criteria": Numbers(ELUCENIA),
    "maintenance_fluids": Numbers(OPENMED),
    "map": Numbers(MEDIMETRY),
    "mdrd": Numbers(MEDIMETRY),
    "meld_3": Numbers(CLINCALC),
    "meld_na": Numbers(f"{CLINCALC}, the part without sodium; the rest against {BEDSIDE}"),
    "news2": Numbers(CLINCALC),
    "nihss": Numbers(CLINCALC),
    "osmolality": Numbers(OPENMED),
    "padua": Numbers(CLINCALC),
    "perc": Numbers(CLINCALC),
    "phq_9": Numbers(CLINCALC),
    "prevent": Numbers("several transcriptions of supplemental table S12, and the worked example of the paper"),
    "psi": Numbers(OPENMED),
    "qsofa": Numbers(CLINCALC),
    "qtc_bazett": Numbers(f"{OPENMED} and {MEDIMETRY}"),
    "qtc_framingham": Numbers(MEDIMETRY),
    "qtc_fridericia": Numbers(f"{OPENMED} and {MEDIMETRY}"),
    "qtc_hodges": Numbers(MEDIMETRY),
    "ranson": Numbers(OPENMED),
    "rcri": Numbers(CLINCALC),
    "renal_dosing": Numbers("the sources that the table of renal doses names row by row"),
    "revised_geneva": Numbers(MEDIMETRY),
    "rockall": Numbers(f"{CLINCALC} (which counts a pulse above 100, the paper from 100)"),
    "rockall_pre": Numbers(f"{CLINCALC} (which counts a pulse above 100, the paper from 100)"),
    "sofa": Numbers(f"{CLINCALC} (which has no urine output)"),
    "spesi": Numbers(ELUCENIA, "the criteria and the cut at 1"),
    "timi_stemi": Numbers(OPENMED),
    "timi_ua_nstemi": Numbers(CLINCALC),
    "wells_dvt": Numbers(CLINCALC),
    "wells_pe": Numbers(CLINCALC),
    "winters": Numbers(OPENMED),
}
NUMBERS: MappingProxyType[str, Numbers] = MappingProxyType(
    dict.fromkeys(PUBLIC_CASES, Numbers(BENCHMARK))
    | dict.fromkeys(RANDOM_PATIENTS, Numbers(EARLIER))
    | {
        name: replace(found, source=f"{found.source}, and {BENCHMARK}") if name in PUBLIC_CASES else found
        for name, found in COMPARED.items()
    }
)
