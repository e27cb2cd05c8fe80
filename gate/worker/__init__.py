"""Processes of our own: the link to them, their messages, their confinement."""
