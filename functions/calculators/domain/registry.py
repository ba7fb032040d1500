"""Every calculator of the catalogue, found by folder: a new file there is a new calculator."""

import pkgutil
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType

from functions.calculators.domain import catalogue
from functions.calculators.domain.model import Calculator, Family


@lru_cache(maxsize=1)
def calculators() -> MappingProxyType[str, Calculator]:
    """By id, in alphabetical order. Each module offers `CALCULATOR`, or `CALCULATORS` for one formula's variants."""
    found: dict[str, Calculator] = {}
    for info in sorted(pkgutil.iter_modules(catalogue.__path__), key=lambda one: one.name):
        module = import_module(f"{catalogue.__name__}.{info.name}")
        for calculator in getattr(module, "CALCULATORS", None) or (module.CALCULATOR,):
            if calculator.id in found:
                raise ValueError("two calculators have the same id")
            found[calculator.id] = calculator
    return MappingProxyType(dict(sorted(found.items())))


FAMILIES: tuple[Family, ...] = (
    Family(
        names=(r"wells?(?: (?:score|criteria|rule|prediction rule|clinical score))?",),
        members=("wells_dvt", "wells_pe"),
        question="Which Wells score: deep vein thrombosis or pulmonary embolism?",
        hints={
            r"dvt|d v t|deep vein(?: thrombosis)?|deep venous(?: thrombosis)?|leg clot": "wells_dvt",
            r"pe|p e|pulmonary embol(?:ism|us)|lung clot": "wells_pe",
        },
    ),
    Family(
        names=(r"q ?t ?c(?: interval)?", r"corrected q ?t(?: interval)?"),
        # Four choices are as many as the ear keeps; Rautaharju's is reached by its name.
        members=("qtc_bazett", "qtc_fridericia", "qtc_framingham", "qtc_hodges"),
        question="Which QTc formula: Bazett, Fridericia, Framingham or Hodges?",
    ),
    Family(
        names=(
            r"g ?f ?r",
            r"glomerular filtration(?: rate)?",
            r"(?:renal|kidney) function",
        ),
        members=("ckd_epi_2021", "cockcroft_gault"),
        question="Which one: eGFR by CKD-EPI 2021, or creatinine clearance by Cockcroft-Gault for drug dosing?",
    ),
    Family(
        names=(r"glasgow(?: (?:score|scale))?",),
        members=("gcs", "glasgow_blatchford"),
        question="Which Glasgow score: the coma scale or the Blatchford bleeding score?",
        hints={r"coma|conscious\w*|eyes?|verbal|motor": "gcs", r"bleed\w*|blatchford|mela?ena": "glasgow_blatchford"},
    ),
    Family(
        names=(r"chads? ?2", r"chads? score"),
        members=("cha2ds2_vasc",),
        question="CHADS2 has been replaced. Do you want the CHA2DS2-VASc score?",
    ),
    Family(
        names=(r"(?:timi|timmy)(?: risk)?(?: score)?",),
        members=("timi_ua_nstemi", "timi_stemi"),
        question="Which TIMI score: for unstable angina and NSTEMI, or for STEMI?",
        hints={
            r"n ?(?:stemi|stemmy)|non (?:stemi|stemmy)|unstable angina|non st elevation": "timi_ua_nstemi",
            r"(?<!n )(?<!non )(?:stemi|stemmy)": "timi_stemi",
        },
    ),
    Family(
        names=(r"rockall?(?: (?:score|risk score))?",),
        members=("rockall_pre", "rockall"),
        question="Which Rockall score: before endoscopy, or the full one with its findings?",
        hints={
            r"(?:before|pre|without) ?(?:endoscopy|endoscopic)?": "rockall_pre",
            r"full|complete|after endoscopy|stigmata|post ?endoscop(?:y|ic)": "rockall",
        },
    ),
)
