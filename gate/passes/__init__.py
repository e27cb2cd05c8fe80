"""Formats of passes: from the text of a code to verified claims.  Pure."""
