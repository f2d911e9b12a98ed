"""Figures that look the same everywhere: one style, one palette, and the same bytes for the same numbers.

Matplotlib is imported here and in `plots` alone. Nothing of a user's matplotlibrc is obeyed, and no window is opened.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, NullLocator

from negbank.cards.text import clean, xml

INK: Final = "#24292f"
MUTED: Final = "#7a828b"  # readable on white as well as on near-black
PAPER: Final = "#ffffff"

COLOURS: Final = {
    "base": "#7a7a7a", "sft": "#d55e00", "sft-base": "#cc79a7", "base-likra": "#009e73", "likra": "#0072b2",
}  # fmt: skip
KIND_COLOURS: Final = {
    "correct": "#0072b2", "most-likely-incorrect": "#d55e00", "irrelevant": "#cc79a7", "unrelated": "#7a7a7a",
}  # fmt: skip
"""Of Okabe and Ito's palette, which people who do not tell red from green can tell apart."""

DASHES: Final = ("-", (0, (5, 2)), (0, (1, 1.5)))
MARKERS: Final = ("o", "s", "^")

_STYLE: Final[dict[Any, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so that texts are as wide everywhere
    "font.size": 10,
    "svg.fonttype": "none",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": MUTED,
    "grid.alpha": 0.28,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "savefig.facecolor": PAPER,
}
DPI: Final = 160
HEADING_PT: Final = 44
"""Height of a figure's heading; on a page, which has headings of its own, it is cut off."""

NO_METADATA: Final = ("Creator", "Date", "Format", "Type")


@dataclass(frozen=True)
class Plot:
    """A drawn figure: `svg` and `png` stand for themselves; `inline` is an SVG element that takes a page's colours."""

    name: str
    title: str
    svg: bytes
    png: bytes
    inline: str


@dataclass(frozen=True)
class Label:
    """The text of a line that ends at `x`, `y`."""

    x: float
    y: float
    text: str
    colour: str


@contextlib.contextmanager
def style(name: str) -> Iterator[None]:
    """Matplotlib in our style; the ids in an SVG depend on `name`, so that two on a page have none in common."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # of a name from data: a box is drawn
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**_STYLE, "svg.hashsalt": name})
        yield


def saved(figure: Figure, name: str, title: str) -> Plot:
    """The figure's bytes; to be called within `style`."""
    svg = _svg(figure, title)
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=DPI, metadata={"Software": None})
    return Plot(name, title, svg.encode(), png.getvalue(), _inline(svg, name, title))


def heading(figure: Figure, title: str, below: str) -> None:
    """A title, and in small what it is a plot of."""
    height = figure.get_figheight()
    figure.text(0.012, 1 - 0.12 / height, title, fontsize=12.5, fontweight="bold", va="top", gid="heading-1")
    figure.text(0.012, 1 - 0.40 / height, clean(below, 110), fontsize=9, color=MUTED, va="top", gid="heading-2")


def percent_axis(axis: Any) -> None:
    """Shares as percent."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(100 * value, 2):g}%"))


def examples_axis(axes: Axes, examples: Sequence[int], text_width: float = 0.085) -> None:
    """A logarithmic axis with a tick at each number of examples, as far as there is room for their texts.

    `text_width` is the share of the axis that one takes.
    """
    low, high = min(examples), max(examples)
    axes.set_xscale("log", base=2)
    axes.set_xlim(low / 1.15, high * 1.15) if low < high else axes.set_xlim(low / 2, low * 2)
    span = (high / low) ** text_width
    shown: list[int] = []
    for count in sorted(set(examples), reverse=True):
        if not shown or shown[-1] / count >= span:
            shown.append(count)
    axes.xaxis.set_major_locator(FixedLocator(shown[::-1]))
    axes.xaxis.set_major_formatter(FixedFormatter([f"{count:,}" for count in shown[::-1]]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("examples a head was trained on")


def spaced(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """`places`, moved as little as can be (in squares) to lie `gap` apart between `low` and `high`, in the same order.

    Without the gaps that come before it each place must be no lower than the one before: an isotonic regression,
    here by its min-max formula. Where there is no room for all, they lie as far apart as there is.
    """
    count = len(places)
    gap = min(gap, (high - low) / max(1, count - 1))
    order = sorted(range(count), key=lambda place: places[place])
    bare = [places[place] - gap * rank for rank, place in enumerate(order)]
    out = [0.0] * count
    for rank, place in enumerate(order):
        fitted = max(min(fmean(bare[i : k + 1]) for k in range(rank, count)) for i in range(rank + 1))
        out[place] = min(max(fitted, low), high - gap * (count - 1)) + gap * rank
    return out


def line_labels(axes: Axes, labels: Sequence[Label]) -> None:
    """Texts to the right of the axes, each led to from the end of its line, none over another."""
    low, high = axes.get_ylim()
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    height_pt = axes.get_position().height * figure.get_figheight() * 72
    places = spaced([label.y for label in labels], 14 * (high - low) / height_pt, low, high)
    beside = axes.get_yaxis_transform()  # x in shares of the axes' width, y in data
    edge = axes.get_xlim()[1]
    for label, place in zip(labels, places, strict=True):
        lead = {"color": label.colour, "linewidth": 0.8, "clip_on": False, "alpha": 0.8}
        axes.plot([label.x, edge], [label.y, label.y], linestyle=":", **lead)  # type: ignore[arg-type]
        axes.plot([1, 1.025], [label.y, place], transform=beside, **lead)  # type: ignore[arg-type]
        axes.text(1.032, place, label.text, transform=beside, va="center", fontsize=9.5)


def _svg(figure: Figure, title: str) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={**dict.fromkeys(NO_METADATA), "Title": title})
    return out.getvalue()


def _inline(svg: str, name: str, title: str) -> str:
    """The SVG as an element of a page: as wide as there is room for, in the page's ink, with ids of its own."""
    head, body = svg[svg.index("<svg") :].split(">", 1)
    width, height = (float(number) for number in re.search(r'viewBox="0 0 (\S+) (\S+)"', head).groups())  # type: ignore[union-attr]
    body = re.sub(r'<g id="heading-.">.*?</g>|<metadata>.*?</metadata>', "", body, flags=re.DOTALL)
    body = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", body)
    body = body.replace(INK, "currentColor").replace(PAPER, "none")
    box = f'viewBox="0 {HEADING_PT} {width:g} {height - HEADING_PT:g}"'
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg role="img" aria-label="{xml(title)}" {box} {space}>{body.strip()}'
