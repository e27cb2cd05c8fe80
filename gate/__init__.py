"""Ashyq Gate.  README.md is the tour of these folders; imports point downwards only."""
