"""A result -> plots: the learning curve, the tiers, the sweep of weights, and how likelihoods shift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negbank.report import words
from negbank.report.canvas import (
    COLOURS,
    DASHES,
    KIND_COLOURS,
    MARKERS,
    MUTED,
    Label,
    Plot,
    examples_axis,
    heading,
    line_labels,
    percent_axis,
    saved,
    style,
)
from negbank.report.result import SYSTEMS, Point, Result, Shift
from negbank.terms import counted

WIDTH, HEIGHT = 8.6, 5.0
FRAME = (0.075, 0.115, 0.695, 0.735)
"""The axes' left, bottom, width and height in shares of the figure: labels of lines have the room to the right."""


def plots(result: Result) -> tuple[Plot, ...]:
    """Every plot that the result has something for, the learning curve first."""
    makers: Sequence[Callable[[Result], Plot | None]] = (curve, tiers, weights, shift)
    return tuple(plot for maker in makers if (plot := maker(result)) is not None)


def curve(result: Result) -> Plot | None:
    """Accuracy by number of examples, a line a system and tier, with its interval."""
    trained = [line for line in result.lines if any(point.examples for point in result.points(*line))]
    if not trained:
        return None
    name, title = "curve", "Learning curve"
    with style(name):
        figure, axes = _figure(title, result)
        labels = [_draw(axes, result, line, _points(result, *line), "examples") for line in trained]
        edge = max(label.x for label in labels)
        examples_axis(axes, [point.examples for line in trained for point in _points(result, *line)])
        labels += _levels(axes, result, edge)
        _fit_height(axes, result, [*result.curve], [label.y for label in labels])
        axes.set_ylabel(words.MEASURES[result.evaluation.measure])
        line_labels(axes, labels)
        return saved(figure, name, title)


def weights(result: Result) -> Plot | None:
    """Accuracy by the weight of the negative head, at the last point of the curve."""
    points = [point for point in result.weights if point.measure == result.evaluation.measure]
    if len({point.weight for point in points}) < 2:
        return None
    last = max(point.examples for point in points)
    points = [point for point in points if point.examples == last]
    name, title = "weights", f"Weight of the negative head, at {counted(last, 'example')}"
    with style(name):
        figure, axes = _figure(title, result)
        labels = []
        for line in result.lines:
            own = sorted((p for p in points if (p.system, p.tier) == line), key=lambda point: point.weight or 0)
            labels += [_draw(axes, result, line, own, "weight")] if own else []
        edge = max(label.x for label in labels)
        start = min(point.weight or 0 for point in points)
        axes.set_xlim(start - 0.02 * (edge - start), edge + 0.02 * (edge - start))
        if any(line[0] == "sft" for line in result.lines):
            level = _points(result, "sft", None)[-1].accuracy
            axes.axhline(level, color=COLOURS["sft"], linestyle=DASHES[1], linewidth=1.2)
            labels.append(Label(edge, level, words.name("sft"), COLOURS["sft"]))
        labels += _levels(axes, result, edge, references=False)
        for weight in {point.weight for point in result.curve if point.weight is not None}:
            axes.axvline(weight, color=MUTED, linewidth=1)
            axes.annotate(
                "as in the curve", (weight, 1), (0, 2), xycoords=("data", "axes fraction"),
                textcoords="offset points", fontsize=9, color=MUTED, ha="center",
            )  # fmt: skip
        _fit_height(axes, result, points, [label.y for label in labels])
        axes.set_xlabel("weight w in log p+ - w log p-")
        axes.set_ylabel(words.MEASURES[result.evaluation.measure])
        line_labels(axes, labels)
        return saved(figure, name, title)


def tiers(result: Result) -> Plot | None:
    """Accuracy at the last point by the tier of the negative head's examples; None where there is one tier alone."""
    several = sorted((line for line in result.lines if line[1]), key=lambda line: -SYSTEMS.index(line[0]))
    if len({tier for _, tier in several}) < 2:
        return None
    name, title = "tiers", "Tiers: what a wrong answer teaches, by how plausible it is"
    with style(name):
        height = 1.5 + 0.34 * (len(several) + 1)
        figure = Figure(figsize=(WIDTH, height))
        axes = figure.add_axes((0.24, 0.62 / height, 0.72, 1 - 1.3 / height))
        heading(figure, title, _below(result))
        for place, line in enumerate(several):
            _draw_dot(axes, _points(result, *line)[-1], -place)
        for system in ("sft", "base"):
            if level := _points(result, system, None):
                axes.axvline(level[-1].accuracy, color=COLOURS[system], linestyle=DASHES[1], linewidth=1.2)
                axes.annotate(
                    words.name(system), (level[-1].accuracy, 1), xycoords=("data", "axes fraction"),
                    xytext=(4, -2) if system == "sft" else (-4, -2), textcoords="offset points", va="top",
                    ha="left" if system == "sft" else "right", fontsize=9,
                )  # fmt: skip
        axes.set_yticks([-place for place in range(len(several))])
        axes.set_yticklabels([f"{words.name(system)}, {tier}" for system, tier in several])
        axes.set_ylim(-len(several) + 0.4, 1.1)
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", length=0)
        percent_axis(axes.xaxis)
        axes.set_xlabel(words.MEASURES[result.evaluation.measure])
        return saved(figure, name, title)


def shift(result: Result) -> Plot | None:
    """How the likelihood of each kind of answer moves as a head learns: a panel a head and tier."""
    panels = list(dict.fromkeys((moved.head, moved.tier) for moved in result.shift))
    if not panels:
        return None
    name, title = "shift", "Likelihood shift since the base model"
    with style(name):
        rows = (len(panels) + 1) // 2
        figure = Figure(figsize=(WIDTH, 1.25 + 2.9 * rows))
        heading(figure, title, _below(result))
        grid = figure.subplots(rows, 2, sharey=True, squeeze=False)
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw_shifts(axes, [moved for moved in result.shift if (moved.head, moved.tier) == panel])
            axes.set_title(f"{panel[0]} head" + (f", {panel[1]}" if panel[1] else ""), fontsize=10.5, loc="left")
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        for axes in grid[:, 0]:
            axes.set_ylabel("nats a character")
        height = figure.get_figheight()
        figure.subplots_adjust(0.085, 0.95 / height, 0.985, 1 - 0.95 / height, wspace=0.08, hspace=0.42)
        handles, names = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="lower center", ncols=4, frameon=False, fontsize=9.5)
        return saved(figure, name, title)


def _figure(title: str, result: Result) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, HEIGHT))
    heading(figure, title, _below(result))
    return figure, figure.add_axes(FRAME)


def _below(result: Result) -> str:
    evaluation = result.evaluation
    runs = f", {len(result.seeds)} runs" if len(result.seeds) > 1 else ""
    asked = f"{counted(evaluation.questions, 'question')}, {counted(evaluation.shots, 'shot')}"
    return f"{result.version} on {result.base.name}; {asked}{runs}"


def _points(result: Result, system: str, tier: str | None) -> tuple[Point, ...]:
    """A line's points, less the one before training: a logarithmic axis has no 0."""
    found = result.points(system, tier)
    return tuple(point for point in found if point.examples) or found


def _draw(axes: Axes, result: Result, line: tuple[str, str | None], points: Sequence[Point], along: str) -> Label:
    """A line with its band; gives its label, at its last point."""
    system, tier = line
    order = list(dict.fromkeys(tier for _, tier in result.lines if tier))
    place = order.index(tier) if tier else 0
    x = [float(getattr(point, along) or 0) for point in points]
    colour = COLOURS[system]
    alpha = 0.13 if len(result.lines) <= 4 else 0.06  # many bands over each other would be mud
    axes.fill_between(x, [p.low for p in points], [p.high for p in points], color=colour, alpha=alpha, linewidth=0)
    axes.plot(
        x, [point.accuracy for point in points], color=colour, linestyle=DASHES[place], marker=MARKERS[place],
        markersize=4, linewidth=1.9,
    )  # fmt: skip
    text = words.label(system, tier, (tier for _, tier in result.lines))
    return Label(x[-1], points[-1].accuracy, text, colour)


def _levels(axes: Axes, result: Result, edge: float, references: bool = True) -> list[Label]:
    """Horizontal lines: the base model, chance, and what others measured."""
    labels = []
    if base := result.points("base"):
        axes.axhspan(base[0].low, base[0].high, color=COLOURS["base"], alpha=0.10, linewidth=0)
        axes.axhline(base[0].accuracy, color=COLOURS["base"], linewidth=1.5)
        labels.append(Label(edge, base[0].accuracy, words.name("base"), COLOURS["base"]))
    axes.axhline(result.evaluation.chance, color=MUTED, linestyle=DASHES[2], linewidth=1.2)
    labels.append(Label(edge, result.evaluation.chance, "guessing", MUTED))
    comparable = (result.base.name, result.evaluation.measure)
    for reference in result.references if references else ():
        if (reference.base, reference.measure) == comparable:
            colour = COLOURS[reference.system]
            axes.axhline(reference.accuracy, color=colour, linestyle=DASHES[1], linewidth=0.9, alpha=0.7)
            labels.append(Label(edge, reference.accuracy, f"{words.name(reference.system)}, reference", colour))
    return labels


def _fit_height(axes: Axes, result: Result, points: Sequence[Point], others: Sequence[float]) -> None:
    """A range that shows every interval and level, and no more."""
    shown = [point for point in points if point.measure == result.evaluation.measure]
    values = [*(point.low for point in shown), *(point.high for point in shown), *others]
    margin = max(0.02, 0.04 * (max(values) - min(values)))
    axes.set_ylim(max(0.0, min(values) - margin), min(1.0, max(values) + margin))
    percent_axis(axes.yaxis)


def _draw_dot(axes: Axes, point: Point, height: float) -> None:
    colour = COLOURS[point.system]
    axes.plot([point.low, point.high], [height, height], color=colour, linewidth=2.2, alpha=0.55)
    axes.plot([point.accuracy], [height], marker="o", markersize=7, color=colour)


def _draw_shifts(axes: Axes, shifts: Sequence[Shift]) -> None:
    for place, kind in enumerate(words.KINDS):
        found = sorted((moved for moved in shifts if moved.kind == kind), key=lambda moved: moved.examples)
        after: list[Any] = [moved for moved in found if moved.examples]
        if after:
            axes.plot(
                [moved.examples for moved in after], [moved.nats_per_character for moved in after],
                color=KIND_COLOURS[kind], marker="os^D"[place], markersize=4, linewidth=1.9, label=words.KINDS[kind],
            )  # fmt: skip
    axes.axhline(0, color=MUTED, linewidth=1)
    counts = [moved.examples for moved in shifts if moved.examples]
    if counts:
        examples_axis(axes, counts, text_width=0.15)
