"""`gate setup`: from questions, or a file of answers, to a device's gate.toml."""
