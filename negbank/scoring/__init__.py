"""Log-likelihoods of answers by a base model or a head on it, and the few-shot blocks in front of their questions."""

from negbank.scoring.records import Prompt, Scores
from negbank.scoring.scorer import Scorer
from negbank.scoring.shots import Fitted, Shot, block, draw, draw_fixed, drawn, fitted, fixed

__all__ = [
    "Fitted",
    "Prompt",
    "Scorer",
    "Scores",
    "Shot",
    "block",
    "draw",
    "draw_fixed",
    "drawn",
    "fitted",
    "fixed",
]
