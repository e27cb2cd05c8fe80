"""Reading pictures and frames: the decoders, part by part and whole."""
