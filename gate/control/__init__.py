"""Orders of staff to a running lane, as both ends of its socket know them."""
