"""Names of the documents that are published beside the list and held as they are.

A module of its own: the lane asks for them by name and has no use for what reads a list."""

TRUST = "trust.json"
RULES = "rules.json"
TIME = "time.json"
"""Only where the authority once had to reset the time (gate.core.time_reset)."""

SIGNATURES = "metadata/"
"""Begins the name of each TUF metadata file by which a sync verified the others."""
