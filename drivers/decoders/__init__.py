"""A small library that reads QR codes in pictures and frames, and recovers symbols that no reader corrects (README.md).

Its modules take pictures and return texts.  Cameras and scanners are in `readers`.
"""
