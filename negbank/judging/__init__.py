"""A model says whether a candidate is a right answer too, about candidates that no rule has decided.

`load_judge` gives a cross-encoder, an NLI model or a server; `judge_rows` asks it; `about` is what a version records.
"""

from negbank.judging.load import load_judge
from negbank.judging.records import RIGHT, WRONG, Item, Judge, JudgeSettings
from negbank.judging.rows import TO_JUDGE, Judged, about, joined, judge_rows
from negbank.judging.verdict_cache import VerdictCache

__all__ = [
    "RIGHT", "TO_JUDGE", "WRONG", "Item", "Judge", "JudgeSettings", "Judged", "VerdictCache", "about", "joined",
    "judge_rows", "load_judge",
]  # fmt: skip
