"""Names of the documents that are published beside the list and stored unchanged.

A module of its own: the lane reads them by name without loading the list's code."""

TRUST = "trust.json"
RULES = "rules.json"
TIME = "time.json"
"""Exists only where the authority once had to reset the time (gate.core.time_reset)."""

SIGNATURES = "metadata/"
"""The prefix of each TUF metadata file by which a sync verified the others."""
