"""Parts that several drivers share: ports, GPIO lines, the switch and its barriers.  No driver of its own."""
