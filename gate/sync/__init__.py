"""The sync: from the mirrors to a verified list.db."""
