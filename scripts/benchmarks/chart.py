"""Rows as a picture: SVG, drawn by hand."""

from collections.abc import Sequence
from html import escape

from looks import LookRow

WIDTH, LEFT, RIGHT = 1000, 340, 230  # px
BAR, GAP = 15, 18  # px
COLOURS = {
    "pyzbar": "#b9b3a9",
    "opencv": "#d8cfc0",
    "zxing-cpp": "#7fa6b8",
    "second look": "#3f7f93",
    "cascade": "#0f6b5c",
    "cascade, every frame": "#45a08f",
}


def draw(rows: Sequence[LookRow]) -> str:
    """Draw recall as a bar, time beside it; a row without recall has a bar of time."""
    parts, y, last = [], 46, ""
    slowest = max((row.ms_mean for row in rows if row.recall is None), default=1.0)
    for row in rows:
        if row.set != last:
            y += GAP if last else 0
            parts.append(_text(LEFT - 130, y + 11, row.set, anchor="end", weight=600))
            last = row.set
        parts += _bar(row, y, slowest)
        y += BAR + 3
    style = "font: 12px 'DejaVu Sans', 'Helvetica Neue', sans-serif; fill: #26312f"
    head = _text(16, 24, "Share of pictures read, and ms of one processor a picture", weight=700, size=15)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 20}" style="{style}">\n'
        f'<rect width="100%" height="100%" fill="#fbfaf7"/>\n{head}\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _bar(row: LookRow, y: int, slowest: float) -> list[str]:
    room = WIDTH - LEFT - RIGHT
    share = row.ms_mean / slowest if row.recall is None else row.recall
    colour = COLOURS.get(row.reader, "#888888")
    said = [] if row.recall is None else [f"{row.recall:.3f}"]
    said += [f"{row.ms_mean:.1f} ms", *(f"{name.replace('_', ' ')} {value:g}" for name, value in row.besides.items())]
    said += [f"{row.wrong} wrong"] if row.wrong else []
    faint = ' opacity="0.45"' if row.recall is None else ""
    return [
        _text(LEFT - 8, y + 11, row.reader, anchor="end"),
        f'<rect x="{LEFT}" y="{y}" width="{max(1.0, share * room):.1f}" height="{BAR}" rx="2" fill="{colour}"{faint}/>',
        _text(LEFT + room + 10, y + 11, "  ".join(said)),
    ]


def _text(x: int, y: int, words: str, *, anchor: str = "start", weight: int = 400, size: int = 12) -> str:
    look = f'text-anchor="{anchor}" font-weight="{weight}" font-size="{size}"'
    return f'<text x="{x}" y="{y}" {look} xml:space="preserve">{escape(words)}</text>'
