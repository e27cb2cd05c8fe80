"""Rectification of a symbol to a flat square grid of modules: perspective, warped surfaces, cylinders.

Its modules take a place and return pixels.
"""
