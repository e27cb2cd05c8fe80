"""Reads QR codes in pictures and frames: a small library that recovers what no reader corrects (README.md).

What belongs here takes pictures and gives texts.  Cameras and scanners are in `readers`.
"""
