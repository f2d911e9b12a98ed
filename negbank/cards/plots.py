"""Numbers -> small SVG plots and sparklines.

Written by hand and not by a plotting library, because a version's card must be the same bytes wherever it is made:
libraries put their version, the time or random ids into an SVG. Colours have a contrast of 3 to 1 or more on white
as well as on near-black, as the page's theme is not known to an image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from negbank.cards.facts import Distribution
from negbank.cards.text import xml

WIDTH: Final = 640
LEFT, RIGHT = 80, 620
BAR_HEIGHT: Final = 80
GREY: Final = "#7f7f7f"
COLOURS: Final = ("#3b82f6", "#d97706", "#0d9488", "#db2777", "#8b5cf6", "#dc2626")

Curve = tuple[str, tuple[tuple[int, float], ...]]
"""A system's name, and its accuracy by number of examples, ascending."""


def sparkline(histogram: Sequence[int]) -> str:
    """One block character a bin, as high as its count; only an empty bin has the lowest."""
    top = max(histogram, default=0)
    return "".join("▁" if not count else "▂▃▄▅▆▇█"[min(6, 7 * count // top)] for count in histogram)


def histograms(title: str, tiers: Sequence[tuple[str, Distribution]]) -> bytes:
    """An SVG with a histogram a tier, each scaled to its own highest bin, which is labelled with its count."""
    panel = BAR_HEIGHT + 50
    parts = []
    for place, (tier, spread) in enumerate(tiers):
        base = 30 + place * panel + 20 + BAR_HEIGHT
        top = max(spread.histogram, default=0)
        parts.append(_label(LEFT, base - BAR_HEIGHT - 8, f"{tier}: {sum(spread.histogram):,} rows", "start"))
        parts.append(_label(LEFT - 6, base - BAR_HEIGHT + 8, f"{top:,}", "end"))
        parts.append(_label(LEFT - 6, base, "0", "end"))
        width = (RIGHT - LEFT) / max(1, len(spread.histogram))
        for bin_, count in enumerate(spread.histogram):
            height = BAR_HEIGHT * count / top if top else 0.0
            parts.append(
                f'<rect x="{LEFT + bin_ * width:.1f}" y="{base - height:.1f}" width="{width - 1:.1f}" '
                f'height="{height:.1f}" fill="{COLOURS[0]}"/>'
            )
        parts.append(_line(LEFT, base, RIGHT, base))
        for share in (0.0, 0.5, 1.0):
            value = spread.low + share * (spread.high - spread.low)
            parts.append(_label(LEFT + share * (RIGHT - LEFT), base + 14, f"{value:g}", "middle"))
    return _svg(title, 30 + panel * len(tiers), parts)


def curves(title: str, systems: Sequence[Curve]) -> bytes:
    """An SVG of accuracy (0 to 1) by number of examples; the numbers of examples stand at equal distances."""
    examples = sorted({count for _, points in systems for count, _ in points})
    step = (RIGHT - LEFT) / max(1, len(examples) - 1)
    x = {count: LEFT + step * place for place, count in enumerate(examples)}
    bottom, height = 250, 210
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(_line(LEFT, bottom - share * height, RIGHT, bottom - share * height))
        parts.append(_label(LEFT - 6, bottom - share * height + 4, f"{share:g}", "end"))
    parts += [_label(place, bottom + 16, f"{count:,}", "middle") for count, place in x.items()]
    parts.append(_label((LEFT + RIGHT) / 2, bottom + 32, "examples", "middle"))
    for place, (system, points) in enumerate(systems):
        colour = COLOURS[place % len(COLOURS)]
        path = " ".join(f"{x[count]:.1f},{bottom - accuracy * height:.1f}" for count, accuracy in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for point in path.split():
            cx, cy = point.split(",")
            parts.append(f'<circle cx="{cx}" cy="{cy}" r="3" fill="{colour}"/>')
        parts.append(_label(LEFT, bottom + 52 + 18 * place, f"● {system}", "start", colour))
    return _svg(title, bottom + 60 + 18 * len(systems), parts)


def _svg(title: str, height: float, parts: Sequence[str]) -> bytes:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {WIDTH} {height:.0f}" font-family="sans-serif" font-size="12" role="img">'
    )
    lines = [head, f"<title>{xml(title)}</title>", _label(LEFT, 18, title, "start"), *parts, "</svg>", ""]
    return "\n".join(lines).encode()


def _label(x: float, y: float, text: str, anchor: str, colour: str = GREY) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{xml(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{GREY}" stroke-width="0.5"/>'
