"""Findings out of words, and diagnoses ranked by them: pure, deterministic, without a model."""
