"""The lane daemon: from a presented code to an opened barrier, and the orders of staff."""
