"""A result of GLOW -> the sentences that say what it shows, and what it does not show."""

from __future__ import annotations

from typing import Final

from negbank.report.tuned import Contrast, TunedResult
from negbank.report.words import p_text, percent

NAMES: Final = {
    "base": "Base", "sft": "SFT", "negative-only": "SFT on wrong chains", "mixed": "SFT on both", "glow": "GLOW",
}  # fmt: skip

MEANINGS: Final = {
    "base": "the base model as it is",
    "sft": "trained on right chains alone",
    "negative-only": "trained on wrong chains alone",
    "mixed": "trained on right and wrong chains, each sample weighed alike",
    "glow": "trained on right and wrong chains, each sample weighed by how little its loss still falls",
}

DOMAINS: Final = {"in": "in domain", "out": "out of domain"}

EFFECTS: Final = {
    "ood-gain": "GLOW less SFT, out of domain", "entropy-gain": "entropy of SFT on wrong chains beside SFT",
    "rl-start": "gain as a start for RL",
}  # fmt: skip

PAIRS: Final = (("glow", "sft"), ("glow", "mixed"), ("mixed", "sft"), ("negative-only", "sft"), ("sft", "base"))
"""What is compared, best first: the verdict is about the first pair that was."""


def tuned_verdict(result: TunedResult) -> str:
    """What came out, in one sentence: GLOW against SFT, out of domain, in pass@1."""
    chosen = tuned_deciding(result)
    if chosen is None:
        return _alone(result)
    left = result.score(chosen.left, chosen.source, chosen.k)
    where = f"{count_of(result, chosen.source):,} problems of {chosen.source}, {DOMAINS[chosen.domain]}"
    details = spread(chosen, result.solving.level)
    if left is None:
        return f"{tuned_sentence(chosen, result.solving.level)}."
    subject = f"{NAMES[chosen.left]} solves {percent(left.accuracy)} of {where} (pass@{chosen.k})"
    if chosen.shown:
        said = f"{abs(100 * chosen.difference):.1f} points {'more' if chosen.difference > 0 else 'less'} than"
        return f"{subject}, {said} {NAMES[chosen.right]} ({details})."
    return f"{subject}; no difference from {NAMES[chosen.right]} is shown ({details})."


def tuned_deciding(result: TunedResult) -> Contrast | None:
    """The comparison that the verdict is about, or None where nothing was compared."""
    k = min((score.k for score in result.scores), default=1)
    for left, right in PAIRS:
        for contrast in result.contrasts:
            key = (contrast.left, contrast.right, contrast.source, contrast.k)
            if key == (left, right, result.main_source, k):
                return contrast
    return None


def tuned_sentence(contrast: Contrast, level: float) -> str:
    """One comparison: `GLOW beats SFT by 3.1 points (...) out of domain (math, pass@1)`."""
    left, right = NAMES[contrast.left], NAMES[contrast.right]
    where = f"{DOMAINS[contrast.domain]} ({contrast.source}, pass@{contrast.k})"
    details = spread(contrast, level)
    if not contrast.shown:
        return (
            f"{left} against {right}: no difference shown ({100 * contrast.difference:+.1f} points, {details}) {where}"
        )
    verb = "beats" if contrast.difference > 0 else "falls behind"
    return f"{left} {verb} {right} by {abs(100 * contrast.difference):.1f} points ({details}) {where}"


def tuned_sentences(result: TunedResult) -> list[str]:
    """Every comparison in pass@1, a line each."""
    k = min((score.k for score in result.scores), default=1)
    return [tuned_sentence(one, result.solving.level) for one in result.contrasts if one.k == k]


def spread(contrast: Contrast, level: float) -> str:
    """`95% interval 9.1 to 15.4, p = 0.0001`: in points, towards the side that the sentence counts on."""
    low, high = 100 * contrast.low, 100 * contrast.high
    if contrast.shown and contrast.difference < 0:
        low, high = -high, -low
    return f"{100 * level:g}% interval {low:.1f} to {high:.1f}, {p_text(contrast.p)}"


def count_of(result: TunedResult, source: str) -> int:
    """How many problems of a source were solved."""
    return next((used.problems for used in result.problems if used.source == source), 0)


def _alone(result: TunedResult) -> str:
    if not result.scores:
        return "Nothing was measured."
    last = [score for score in result.scores if score.source == result.main_source][-1]
    return (
        f"{NAMES[last.system]} solves {percent(last.accuracy)} of {count_of(result, last.source):,} problems of "
        f"{last.source} (pass@{last.k}). It was compared with nothing."
    )
