"""Faults planted in the gate's own code, one at a time: does a test notice each?  `scripts/mutants` runs it."""
