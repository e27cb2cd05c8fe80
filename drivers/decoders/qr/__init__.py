"""The QR symbology of ISO/IEC 18004, model 2: placement of modules, their content, correction of codewords.

Its modules handle modules, format information and codewords, and no camera: the input is a flat symbol, the output
modules.
"""
