"""The calculators themselves: no network, clock, random or environment."""
