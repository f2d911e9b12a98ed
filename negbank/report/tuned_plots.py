"""A result of GLOW -> plots: problems solved, losses by epoch, weights by epoch, and entropy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from negbank.report.canvas import (
    DASHES,
    INK,
    MARKERS,
    MUTED,
    Label,
    Plot,
    heading,
    line_labels,
    percent_axis,
    saved,
    style,
)
from negbank.report.tuned import TunedResult, WeightSpread
from negbank.report.tuned_words import DOMAINS, NAMES

TUNED_COLOURS: Final = {
    "base": "#7a7a7a", "sft": "#d55e00", "negative-only": "#cc79a7", "mixed": "#009e73", "glow": "#0072b2",
}  # fmt: skip
WIDTH: Final = 8.6
FRAME: Final = (0.085, 0.125, 0.675, 0.715)


def tuned_plots(result: TunedResult) -> tuple[Plot, ...]:
    """Every plot that the result has something for, what was solved first."""
    makers: Sequence[Callable[[TunedResult], Plot | None]] = (solved, losses, weights, entropy)
    return tuple(plot for maker in makers if (plot := maker(result)) is not None)


def solved(result: TunedResult) -> Plot | None:
    """pass@k of every system: a panel a source."""
    if not result.scores:
        return None
    ks = sorted({score.k for score in result.scores})
    found = [[s for s in result.scores if s.source == used.source] for used in result.problems]
    titles = [f"{used.source}, {DOMAINS[used.domain]}" for used in result.problems]
    marks = [f"pass@{k}" for k in ks]
    with style("solved"):
        figure = _panels(result, "Problems solved", titles)
        for axes, scores in zip(figure.axes, found, strict=True):
            spans: dict[str, list[tuple[float, float, float, int]]] = {}
            for score in scores:
                spans.setdefault(score.system, []).append((score.accuracy, score.low, score.high, ks.index(score.k)))
            _dots(axes, result, spans)
            percent_axis(axes.xaxis)
        if len(ks) > 1:
            handles = [
                figure.axes[0].plot([], [], "o" if not i else MARKERS[i % 3], color=INK)[0] for i in range(len(ks))
            ]
            figure.legend(handles, marks, loc="lower right", ncols=len(ks), frameon=False, fontsize=9)
        return saved(figure, "solved", "Problems solved")


def entropy(result: TunedResult) -> Plot | None:
    """Mean token entropy of every system under its own samples: a panel a source."""
    if not result.entropies:
        return None
    titles = [f"{used.source}, {DOMAINS[used.domain]}" for used in result.problems]
    with style("entropy"):
        figure = _panels(result, "Entropy of a token, in nats", titles)
        for axes, used in zip(figure.axes, result.problems, strict=True):
            own = [one for one in result.entropies if one.source == used.source]
            _dots(axes, result, {one.system: [(one.nats, one.low, one.high, 0)] for one in own})
        return saved(figure, "entropy", "Entropy of a token")


def losses(result: TunedResult) -> Plot | None:
    """Mean loss of a chain by epoch, a line a system and side."""
    if not result.losses:
        return None
    with style("losses"):
        figure, axes = _single(result, "Loss of a chain in training")
        labels = []
        for curve in result.losses:
            colour, dash = TUNED_COLOURS[curve.system], DASHES[curve.side == "wrong"]
            x = list(range(1, len(curve.nats) + 1))
            axes.plot(x, curve.nats, color=colour, linestyle=dash, linewidth=1.8)
            labels.append(Label(x[-1], curve.nats[-1], f"{NAMES[curve.system]}, {curve.side}", colour))
        axes.set_xlabel("epoch")
        axes.set_ylabel("nats a token")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        line_labels(axes, labels)
        return saved(figure, "losses", "Loss of a chain in training")


def weights(result: TunedResult) -> Plot | None:
    """GLOW's weights by epoch: median, the middle half and nine tenths, a panel a side."""
    sides = [side for side in ("right", "wrong") if any(one.side == side for one in result.weights)]
    if not sides:
        return None
    with style("weights"):
        figure = _panels(result, "Weights of GLOW, by epoch", [f"{side} chains" for side in sides], height=4.0)
        for axes, side in zip(figure.axes, sides, strict=True):
            _bands(axes, [one for one in result.weights if one.side == side])
        return saved(figure, "weights", "Weights of GLOW")


def _bands(axes: Axes, spreads: Sequence[WeightSpread]) -> None:
    epochs, colour = [one.epoch for one in spreads], TUNED_COLOURS["glow"]
    axes.fill_between(epochs, [o.p5 for o in spreads], [o.p95 for o in spreads], color=colour, alpha=0.14, linewidth=0)
    axes.fill_between(epochs, [o.p25 for o in spreads], [o.p75 for o in spreads], color=colour, alpha=0.25, linewidth=0)
    axes.plot(epochs, [one.p50 for one in spreads], color=colour, linewidth=1.9)
    axes.axhline(1, color=MUTED, linewidth=1, linestyle=DASHES[2])
    axes.set_xlabel("epoch")
    axes.set_ylabel("weight")


def _dots(axes: Axes, result: TunedResult, spans: dict[str, list[tuple[float, float, float, int]]]) -> None:
    """A row a system: a dot and its interval for each span."""
    for place, system in enumerate(result.systems):
        for middle, low, high, kind in spans.get(system, []):
            height, colour = -place - 0.18 * kind, TUNED_COLOURS[system]
            axes.plot([low, high], [height, height], color=colour, linewidth=2.2, alpha=0.55)
            axes.plot([middle], [height], marker=MARKERS[kind % 3], markersize=6, color=colour)
    axes.set_yticks([-place for place in range(len(result.systems))])
    axes.set_yticklabels([NAMES[system] for system in result.systems])
    axes.set_ylim(-len(result.systems) + 0.3, 0.6)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)


def _panels(result: TunedResult, title: str, titles: Sequence[str], height: float = 0.0) -> Figure:
    """A figure with a panel a title, side by side."""
    height = height or 1.7 + 0.42 * len(result.systems)
    figure = Figure(figsize=(WIDTH, height))
    heading(figure, title, _below(result))
    grid = figure.subplots(1, len(titles), squeeze=False, sharey=True)
    for axes, name in zip(grid.flat, titles, strict=True):
        axes.set_title(name, fontsize=10.5, loc="left")
    left = 0.19 if not title.startswith("Weights") else 0.085
    figure.subplots_adjust(left, 0.62 / height, 0.98, 1 - 1.0 / height, wspace=0.1)
    return figure


def _single(result: TunedResult, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, 5.0))
    heading(figure, title, _below(result))
    return figure, figure.add_axes(FRAME)


def _below(result: TunedResult) -> str:
    runs = f", {len(result.seeds)} runs" if len(result.seeds) > 1 else ""
    solving = result.solving
    return (
        f"{result.version} on {result.base.name}; {solving.samples} samples a problem at T {solving.temperature:g}, "
        f"top-p {solving.top_p:g}{runs}"
    )
