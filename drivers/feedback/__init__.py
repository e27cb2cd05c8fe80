"""Drivers of lamps and sounds."""
