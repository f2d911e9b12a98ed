"""Why a chain of thought is refused: each reason code, and what it means for a person."""

from __future__ import annotations

from typing import Final

from negbank.reasoning.answers import BASE, RANGE, ROUNDED, TOO_LARGE, TOO_LONG, UNIT, UNKNOWN_LEFT, WORDS
from negbank.reasoning.decide import AMBIGUOUS, NO_FINAL_ANSWER, UNMARKED
from negbank.reasoning.formats import CHAIN_TOO_LONG, NO_CHAIN, NO_TEXT
from negbank.reasoning.golds import AMBIGUOUS_GOLD, NO_GOLD, NOT_IN_SOURCE, TWO_GOLDS
from negbank.reasoning.judge import BROKEN, TIME_LIMIT
from negbank.reasoning.perturb import FALSE_GOLD, NO_ANSWER, NO_CHANGE, NO_SUMS
from negbank.reasoning.verify import FILE_DISAGREES, UNDECIDED

EVALUATION_OVERLAP: Final = "evaluation-overlap"
RIGHT_AFTER_ALL: Final = "right-after-all"
DUPLICATE_CHAIN: Final = "duplicate-chain"
NO_ROOM: Final = "no-room"
CHAIN_CUT: Final = "chain-cut"

CHAIN_REASONS: Final = {
    EVALUATION_OVERLAP: "the question is in the evaluation set",
    NOT_IN_SOURCE: "the source does not have the question",
    TWO_GOLDS: "the question has two gold answers that differ",
    AMBIGUOUS_GOLD: "the gold answer of the question can be read in two ways",
    NO_GOLD: "neither the source nor the file says what is right",
    CHAIN_TOO_LONG: "the chain is longer than 100,000 characters",
    NO_CHAIN: "the chain is blank",
    NO_TEXT: "the chain holds half of a surrogate pair, which is no text",
    NO_ROOM: "the question leaves the model no room to write in",
    CHAIN_CUT: "the chain was cut before its end: its last number is no answer",
    NO_FINAL_ANSWER: "the chain comes to no answer",
    AMBIGUOUS: "by one reading of its answer the chain is right, by another wrong",
    UNMARKED: "the chain does not mark its answer, and only marked ones are taken",
    FILE_DISAGREES: "the file and the gold answer differ on whether the chain is right",
    RIGHT_AFTER_ALL: "the broken chain still ends in the gold answer",
    DUPLICATE_CHAIN: "the question has this chain of the same generator already",
    f"{UNDECIDED}-{WORDS}": "the answer is in words, which cannot be compared",
    f"{UNDECIDED}-{ROUNDED}": "the answer may be the gold one, rounded",
    f"{UNDECIDED}-{UNIT}": "the answer may be the gold one, in another unit",
    f"{UNDECIDED}-{UNKNOWN_LEFT}": "the answer has the gold number in it, beside an unknown",
    f"{UNDECIDED}-{RANGE}": "only one of the two answers is a range, an equation or a list",
    f"{UNDECIDED}-{BASE}": "the two answers may be written in different bases",
    f"{UNDECIDED}-{TOO_LARGE}": "the answer is an expression that would grow without end",
    f"{UNDECIDED}-{TOO_LONG}": "the answer is too long to be compared",
    f"{UNDECIDED}-unparsed": "math-verify cannot read the answer",
    f"{UNDECIDED}-{TIME_LIMIT}": "comparing the answer took longer than its limit",
    f"{UNDECIDED}-{BROKEN}": "comparing the answer ended math-verify",
    f"{UNDECIDED}-memory-limit": "comparing the answer took more memory than its limit",
    NO_SUMS: "the gold chain has no exact calculator annotations to change",
    NO_ANSWER: "the gold chain does not compute its answer",
    FALSE_GOLD: "the gold chain has a false equation itself",
    NO_CHANGE: "no change leaves a consistent chain with another answer",
}
"""In the order of the way that a chain takes."""
