"""Doses by kidney function, from the manufacturers' labels in the United States, one module per kind of drug."""

from types import MappingProxyType

from functions.calculators.domain.renal import Drug
from functions.calculators.domain.renal_table import antibacterials, anticoagulants, antivirals, others

DRUGS: MappingProxyType[str, Drug] = MappingProxyType(
    {
        drug.name: drug
        for drug in sorted(
            (*anticoagulants.DRUGS, *antibacterials.DRUGS, *antivirals.DRUGS, *others.DRUGS), key=lambda one: one.name
        )
    }
)
