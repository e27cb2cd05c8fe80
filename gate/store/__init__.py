"""The files of a device: lane.db, list.db and what stands beside them.  The only users of SQLite."""
