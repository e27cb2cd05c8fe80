"""The computer that a gate runs on: where its files are, and how they get there."""
