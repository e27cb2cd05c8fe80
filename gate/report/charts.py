"""Bar charts of a report as SVG: came in full colour, refused hatched, so that no colour is needed to tell them."""

from collections.abc import Sequence
from math import ceil, log10
from typing import NamedTuple

from gate.report.markup import Markup, joined, tag

_WIDTH, _HEIGHT, _LEFT, _FOOT, _TOP = 720.0, 140.0, 26.0, 13.0, 6.0  # px of the picture
_LINES = 4  # of the grid, at most


class Bar(NamedTuple):
    """One bar: its label below, and what stands on each other."""

    label: str
    came: int
    refused: int
    title: str  # for a pointer, and for a reader aloud


def hatch() -> Markup:
    """Return the definition of the hatch; once a page."""
    line = tag("path", d="M-1,1 l2,-2 M0,4 l4,-4 M3,5 l2,-2", stroke="#a3161f", stroke_width="1.1")
    ground = tag("rect", width="4", height="4", fill="#fff")
    pattern = tag("pattern", ground, line, id="hatch", width="4", height="4", patternUnits="userSpaceOnUse")
    return tag("svg", tag("defs", pattern), width="0", height="0", aria_hidden="true", focusable="false")


def key(came: str, refused: str) -> Markup:
    """Return the key of the bars."""

    def entry(kind: str, words: str, fill: str | None) -> Markup:
        box = tag("rect", class_=kind, x="1", y="1", width="14", height="8", fill=fill)
        return tag("span", tag("svg", box, viewBox="0 0 16 10", aria_hidden="true"), words)

    return joined(entry("came", came, None), entry("refused", refused, "url(#hatch)"))


def bars(rows: Sequence[Bar], label: str, tall: float = _HEIGHT) -> Markup:
    """Return the chart.  `label`: what it shows, for a reader aloud; `tall`: its height in px of the picture."""
    top = _ceiling(max((row.came + row.refused for row in rows), default=1) or 1)
    step = (_WIDTH - _LEFT) / max(1, len(rows))
    height = tall - _FOOT - _TOP
    parts = []
    for line in range(_LINES + 1):
        y = _TOP + height * (1 - line / _LINES)
        parts.append(tag("line", class_="grid", x1=f"{_LEFT:.1f}", x2=f"{_WIDTH:.1f}", y1=f"{y:.1f}", y2=f"{y:.1f}"))
        value = top * line / _LINES
        if value == int(value):
            parts.append(tag("text", f"{value:.0f}", x=f"{_LEFT - 3:.1f}", y=f"{y + 2.7:.1f}", text_anchor="end"))
    for number, row in enumerate(rows):
        x, wide = _LEFT + number * step + step * 0.14, step * 0.72
        came, refused = (height * many / top for many in (row.came, row.refused))
        base = _TOP + height
        places = {"x": f"{x:.1f}", "width": f"{wide:.1f}"}
        pieces = [tag("title", row.title)]
        if came:
            pieces.append(tag("rect", class_="came", y=f"{base - came:.1f}", height=f"{came:.1f}", **places))
        if refused:
            place = f"{base - came - refused:.1f}"
            pieces.append(tag("rect", class_="refused", y=place, height=f"{refused:.1f}", fill="url(#hatch)", **places))
        parts.append(tag("g", *pieces))
        parts.append(tag("text", row.label, x=f"{x + wide / 2:.1f}", y=f"{tall - 2:.1f}", text_anchor="middle"))
    return tag("svg", *parts, class_="chart", viewBox=f"0 0 {_WIDTH:.0f} {tall:.0f}", role="img", aria_label=label)


def _ceiling(most: int) -> int:
    """Return the top of the scale: four equal steps of round numbers."""
    unit = 10 ** int(log10(max(1, most / _LINES)))
    return next(
        step * unit * _LINES for step in (1, 2, 3, 5, 10, 20) if step * unit * _LINES >= most or step == 20
    ) or ceil(most)
