"""The ways in which a lane.db is lost: changes to a state directory while no lane runs."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

DATABASE = ("lane.db", "lane.db-wal", "lane.db-shm")


def removed(*names: str) -> Callable[[Path], object]:
    def remove(state: Path) -> None:
        for name in names:
            (state / name).unlink(missing_ok=True)

    return remove


def emptied(*names: str) -> Callable[[Path], object]:
    return lambda state: [(state / name).write_bytes(b"") for name in names]


def cut_to(size: int, name: str) -> Callable[[Path], object]:
    def cut(state: Path) -> None:
        whole = (state / name).read_bytes()
        (state / name).write_bytes(whole[:size])

    return cut


def overwritten(state: Path) -> None:
    (state / "lane.db").write_bytes(b"garbage " * 2048)


def damaged_page(state: Path) -> None:
    """Of the second page of lane.db the beginning is gone."""
    with closing(sqlite3.connect(state / "lane.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("PRAGMA page_size").fetchone()
    with (state / "lane.db").open("r+b") as file:
        file.seek(page)
        file.write(bytes(8))


def renamed_table(state: Path) -> None:
    """One flipped byte in the schema, that no check of pages sees."""
    with closing(sqlite3.connect(state / "lane.db")) as connection:
        connection.execute("ALTER TABLE redemption RENAME TO redemptiom")
        connection.commit()


def unreadable_name(state: Path) -> None:
    with closing(sqlite3.connect(state / "lane.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = (state / "lane.db").read_bytes()
    assert b"CREATE TABLE standing" in content
    (state / "lane.db").write_bytes(content.replace(b"CREATE TABLE standing", b"CRE\xffTE TABLE st\xfending"))


def changed(statement: str) -> Callable[[Path], object]:
    def change(state: Path) -> None:
        with closing(sqlite3.connect(state / "lane.db")) as connection:
            assert connection.execute(statement).rowcount > 0
            connection.commit()

    return change


def both(*losses: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda state: [loss(state) for loss in losses]


LOSSES = {
    "missing": removed(*DATABASE),
    "missing, its WAL there": removed("lane.db", "lane.db-shm"),
    "empty": both(removed("lane.db-wal", "lane.db-shm"), emptied("lane.db")),
    "empty, its WAL there": emptied("lane.db"),
    "the WAL missing": removed("lane.db-wal", "lane.db-shm"),
    "the WAL empty": both(removed("lane.db-shm"), emptied("lane.db-wal")),
    "the WAL cut": both(removed("lane.db-shm"), cut_to(5000, "lane.db-wal")),
    "cut to a half": both(removed("lane.db-wal", "lane.db-shm"), cut_to(20_000, "lane.db")),
    "cut within its header": both(removed("lane.db-wal", "lane.db-shm"), cut_to(60, "lane.db")),
    "garbage": overwritten,
    "a renamed table": renamed_table,
    "a name that is no text": unreadable_name,
    "a time that is no number": changed("INSERT INTO clock (id, floor, seq) VALUES (1, 'abc', 1)"),
    "a row's time that is no number": changed("UPDATE journal SET at = x'ff'"),
    "a digest that is no digest": changed("UPDATE checkpoint SET hash = 'abc'"),
    "another redemption key": changed("UPDATE secret SET key = zeroblob(32) WHERE name = 'redemption'"),
    "no redemption key": changed("DELETE FROM secret WHERE name = 'redemption'"),
    "missing, and the end too": removed(*DATABASE, "journal.end"),
    "the end missing": removed("journal.end"),
    "the end empty": emptied("journal.end"),
    "the end garbage": lambda state: (state / "journal.end").write_bytes(b"\xff" * 1024),
    "the key missing": removed("device.key"),
    "the key empty": emptied("device.key"),
    "the key garbage, and the database missing": both(
        removed(*DATABASE), lambda state: (state / "device.key").write_bytes(b"\xff" * 64)
    ),
    "the key and the database missing": removed("device.key", *DATABASE),
    "the key and the end missing": removed("device.key", "journal.end"),
    "all but the WAL missing": removed("lane.db", "lane.db-shm", "journal.end", "device.key"),
}

LATER_OF_CLOCK = (  # columns of steps 8 and 10 of the schema
    *("steady", "signed", "ticks", "boot", "synchronised", "resets"),
    *("behind", "lags", "stood", "ahead_for", "healing_for", "gained", "stated"),
)
COLUMNS = [  # one of each table: without it the lane's statements fail
    ("journal", "reason"),
    ("journal", "grant"),
    ("redemption", "use"),
    ("given_back", "until"),
    ("checkpoint", "signature"),
    ("inside", "leaving"),
    ("standing", "value"),
    ("clock", "floor"),
    ("clock", "signed"),
    ("clock", "gained"),
    ("loss", "confirmed"),
]
