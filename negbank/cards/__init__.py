"""A version -> the README of its folder, with the plots it shows; see `sections` for what it says."""

from negbank.cards.facts import (
    Card,
    CardFacts,
    CardFile,
    Distribution,
    HistoryLine,
    Reading,
    TierFacts,
    ValidationFacts,
    combined_license,
    licenses_of,
)
from negbank.cards.render import card

__all__ = [
    "Card",
    "CardFacts",
    "CardFile",
    "Distribution",
    "HistoryLine",
    "Reading",
    "TierFacts",
    "ValidationFacts",
    "card",
    "combined_license",
    "licenses_of",
]
