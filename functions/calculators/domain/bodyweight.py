"""Body weights computed from height: what drug doses and ventilator settings go by."""

from functions.calculators.domain.model import Values


def ideal_weight(values: Values) -> float:
    """Devine 1974, in kg: 50 kg (women 45.5) and 2.3 kg for each inch over 60; continued below 60 inches."""
    base = 45.5 if values["sex"] == "female" else 50.0
    kilograms: float = base + 2.3 * (values["height"] / 2.54 - 60)
    return kilograms


def adjusted_weight(values: Values) -> float:
    """Ideal weight and 0.4 of what is above it (or below, where the patient weighs less), in kg."""
    ideal = ideal_weight(values)
    kilograms: float = ideal + 0.4 * (values["weight"] - ideal)
    return kilograms
