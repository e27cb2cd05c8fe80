"""Times in the tables of lane.db: whole milliseconds."""


def ms(seconds: float) -> int:
    """Convert seconds (Unix time or a duration) to milliseconds."""
    return round(seconds * 1000)


def seconds(milliseconds: float) -> float:
    """Convert milliseconds, as the tables hold them, to seconds."""
    return milliseconds / 1000
