"""Sets a device up from one file on its card: the usual gate.toml with a table `[provision]`.

Read and check everything, then write all of it down as one change that a power cut cannot halve, then take the
secrets from the card and report there.
"""
