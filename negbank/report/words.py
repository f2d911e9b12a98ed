"""A result -> the sentences that say what it shows, and what it does not show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from negbank.report.result import Compared, Point, Probe, Result
from negbank.terms import counted

NAMES: Final = {
    "base": "Base", "sft": "SFT", "sft-base": "SFT-Base", "base-likra": "Base-Likra", "likra": "Likra",
}  # fmt: skip

MEANINGS: Final = {
    "base": "the base model as it is",
    "sft": "the positive head alone, trained on right answers",
    "sft-base": "log p of the positive head less w log p of the base model: a ratio that needs no wrong answers",
    "base-likra": "log p of the base model less w log p of the negative head; needs no right answers",
    "likra": "log p of the positive head less w log p of the negative head",
}

KINDS: Final = {
    "correct": "right answers",
    "most-likely-incorrect": "the likeliest wrong answers",
    "irrelevant": "irrelevant answers",
    "unrelated": "unrelated texts",
}

MEASURES: Final = {"acc": "accuracy", "acc_norm": "accuracy per character (acc_norm)"}

QUESTION_OF_VERDICT: Final = (
    ("likra", "sft"), ("likra", "base"), ("base-likra", "sft"), ("base-likra", "base"), ("sft", "base"),
)  # fmt: skip
"""What a verdict is about, best first: the first pair that was compared."""


def verdict(result: Result) -> str:
    """What came out, in one sentence: the comparison that matters most, at the last point of the curve."""
    chosen = deciding(result)
    if chosen is None:
        return _alone(result)
    points = result.points(chosen.left, tier_of(chosen.left, chosen.tier), chosen.measure)
    reached = next((point for point in points if point.examples == chosen.examples), None)
    asked = counted(result.evaluation.questions, "question")
    if reached is None:
        return f"{sentence(chosen, result.evaluation.level)}."
    subject = f"{name(chosen.left)}, {trained_on(reached)}, answers {percent(reached.accuracy)} of {asked} right"
    said = f"{abs(100 * chosen.difference):.1f} points {'more' if chosen.difference > 0 else 'less'} than"
    details = spread(chosen, result.evaluation.level)
    if chosen.shown:
        return f"{subject}, {said} {name(chosen.right)} ({details}).{_clouded(result)}"
    return f"{subject}; no difference from {name(chosen.right)} is shown ({details}).{_clouded(result)}"


def deciding(result: Result) -> Compared | None:
    """The comparison that the verdict is about, or None where nothing was compared."""
    for left, right in QUESTION_OF_VERDICT:
        found = [
            compared
            for compared in result.comparisons
            if (compared.left, compared.right) == (left, right)
            and compared.measure == result.evaluation.measure
            and compared.tier in (None, result.main_tier)
        ]
        if found:
            return max(found, key=lambda compared: compared.examples)
    return None


def sentence(compared: Compared, level: float) -> str:
    """One comparison: `Likra beats SFT by 12.3 points (95% interval 9.1 to 15.4, p = 0.0001) at 512 examples`."""
    left, right = name(compared.left), name(compared.right)
    where = f"at {counted(compared.examples, 'example')}" + (f" ({compared.tier})" if compared.tier else "")
    details = spread(compared, level)
    if not compared.shown:
        difference = f"{100 * compared.difference:.1f} points"
        return f"{left} against {right}: no difference shown ({difference}, {details}) {where}"
    verb = "beats" if compared.difference > 0 else "falls behind"
    return f"{left} {verb} {right} by {abs(100 * compared.difference):.1f} points ({details}) {where}"


def sentences(result: Result) -> list[str]:
    """The verdict's pairs at the last point that they were compared at, a line each."""
    latest: dict[tuple[str, str, str | None], Compared] = {}
    for compared in result.comparisons:
        key = (compared.left, compared.right, compared.tier)
        if compared.measure == result.evaluation.measure and (
            key not in latest or compared.examples > latest[key].examples
        ):
            latest[key] = compared
    return [sentence(compared, result.evaluation.level) for compared in latest.values()]


def probe_sentence(probe: Probe, level: float) -> str:
    """What is known of how far right and wrong answers can be told apart without the question."""
    got = f"{name(probe.system)} gets {percent(probe.accuracy)} ({100 * level:g}% interval {interval(probe)})"
    seen = f"Without seeing the questions {got} where guessing gets {percent(probe.chance)}"
    if probe.told_apart_by_style:
        return (
            f"{seen}: right and wrong answers are told apart by style. Part of what the heads learn here need not be "
            "knowledge, and may not carry over to answers from elsewhere."
        )
    return f"{seen}: that is not far above guessing, so style alone tells little."


def spread(compared: Compared, level: float) -> str:
    """`95% interval 9.1 to 15.4, p = 0.0001`: in points, towards the side that the sentence counts on."""
    low, high = 100 * compared.low, 100 * compared.high
    if compared.shown and compared.difference < 0:
        low, high = -high, -low
    return f"{100 * level:g}% interval {low:.1f} to {high:.1f}, {p_text(compared.p)}"


def p_text(p: float) -> str:
    """`p = 0.62`, `p = 0.0012`."""
    if p < 0.00005:
        return "p < 0.0001"
    return f"p = {p:.4f}" if p < 0.01 else f"p = {p:.2f}"


def percent(share: float) -> str:
    """`81.2%`."""
    return f"{100 * share:.1f}%"


def interval(span: Point | Probe) -> str:
    """`78.9 to 83.4`, in percent."""
    return f"{100 * span.low:.1f} to {100 * span.high:.1f}"


def name(system: str) -> str:
    """A system as people write it."""
    return NAMES[system]


def label(system: str, tier: str | None, tiers: Iterable[str | None]) -> str:
    """A line's name: with its tier where there is more than one."""
    several = len({other for other in tiers if other}) > 1
    return f"{name(system)}, {tier}" if tier and several else name(system)


def tier_of(system: str, tier: str | None) -> str | None:
    """The tier that a system's points have: those without a negative head have none."""
    return tier if "likra" in system else None


def trained_on(point: Point) -> str:
    """`trained on 512 right and 512 wrong answers (near-miss)`."""
    parts = [f"{point.positives:,} right"] if point.positives else []
    parts += [f"{point.negatives:,} wrong"] if point.negatives else []
    if not parts:
        return "without training"
    return f"trained on {' and '.join(parts)} answers" + (f" ({point.tier})" if point.tier else "")


def _alone(result: Result) -> str:
    """A verdict where nothing was compared."""
    if not result.curve:
        return "Nothing was measured."
    system, tier = result.lines[-1]
    points = result.points(system, tier) or result.curve[-1:]
    last = points[-1]
    return (
        f"{name(last.system)}, {trained_on(last)}, answers {percent(last.accuracy)} of "
        f"{counted(result.evaluation.questions, 'question')} right ({100 * result.evaluation.level:g}% interval "
        f"{interval(last)}; guessing gets {percent(result.evaluation.chance)}). It was compared with nothing."
    )


def _clouded(result: Result) -> str:
    """What stands in the way of reading the verdict as one on the dataset itself."""
    words = ""
    if result.contamination:
        words += f" {percent(result.contamination)} of the negatives were replaced by right answers on purpose."
    if result.probe and result.probe.told_apart_by_style:
        words += " But right and wrong answers can be told apart by style, without the question: see the probe."
    return words
