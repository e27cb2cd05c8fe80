"""Times as the tables of lane.db keep them: whole milliseconds."""


def ms(seconds: float) -> int:
    """Milliseconds of Unix time, or of a length of time, from seconds."""
    return round(seconds * 1000)
