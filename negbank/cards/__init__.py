"""A version -> the README of its folder, with the plots it shows; see `sections` for what it says."""

from negbank.cards.facts import (
    Card,
    CardFacts,
    CardFile,
    Distribution,
    HistoryLine,
    TierFacts,
    licenses_in,
    licenses_of,
)
from negbank.cards.render import card

__all__ = [
    "Card",
    "CardFacts",
    "CardFile",
    "Distribution",
    "HistoryLine",
    "TierFacts",
    "card",
    "licenses_in",
    "licenses_of",
]
