"""Drivers of contacts."""
