"""Candidates -> labelled negatives: how plausible each is, and which tier; see `model`."""

from negbank.plausibility.background import MIN_QUESTIONS, PAIR_FEATURES, SOURCE_FEATURES, Background, features
from negbank.plausibility.model import PlausibilityModel, fit, label

__all__ = [
    "MIN_QUESTIONS", "PAIR_FEATURES", "SOURCE_FEATURES", "Background", "PlausibilityModel", "features", "fit", "label",
]  # fmt: skip
