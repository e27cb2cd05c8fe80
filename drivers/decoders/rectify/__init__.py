"""From a symbol's place in a picture to a flat square grid of modules: perspective, warped surfaces, cylinders.

What belongs here takes a place and gives pixels.
"""
