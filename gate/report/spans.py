"""Spans of time, (begin, end) in Unix s."""

from collections.abc import Iterable

Span = tuple[float, float]


def cut(span: Span, within: Span) -> Span | None:
    """Return the part of a span that lies in another, or None."""
    begin, end = max(span[0], within[0]), min(span[1], within[1])
    return (begin, end) if begin < end else None


def union_seconds(spans: Iterable[Span]) -> float:
    """Return the seconds that are covered at least once."""
    covered, until = 0.0, float("-inf")
    for begin, end in sorted(spans):
        covered += max(0.0, end - max(begin, until))
        until = max(until, end)
    return covered
