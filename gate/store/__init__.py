"""The files of a device: lane.db, list.db and the files beside them.  The only users of SQLite."""
