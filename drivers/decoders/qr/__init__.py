"""The QR symbology of ISO/IEC 18004, model 2: where modules lie, what they carry, how codewords are corrected.

What belongs here knows modules, format information and codewords, and no camera: its input is a flat symbol, its
output modules.
"""
