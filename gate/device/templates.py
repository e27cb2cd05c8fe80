"""The starting files for kinds of venue, as they are shipped."""

from gate.device.shipped import shipped

VENUES = ("airport", "cafe", "fitness", "station")


def venue_file(venue: str) -> str:
    """Return the starting file for a kind of venue."""
    return shipped("config", "venues", f"{venue}.toml").read_text(encoding="utf-8")
