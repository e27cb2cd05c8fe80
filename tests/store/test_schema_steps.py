"""Schemas that devices have run: a step is never edited, for a device that ran it runs it never again."""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from gate.core.lane.modes import Mode
from gate.core.model import Direction, Listing
from gate.core.reason import Reason
from gate.errors import FinalStoreError
from gate.store.admission import Admission, Presented
from gate.store.database import File, open_for_reading
from gate.store.lane_file import examine
from gate.store.list_file import FORM
from gate.store.list_reader import StatusList
from gate.testing.builders import NOW, claims, load, policy
from tests.store.opening import opened

# Adding a step means adding its line; no line is ever changed.
STEPS = {
    "0001.sql": "e94813c6af98514a7b61f2d78b276351",
    "0002.sql": "d9f18ea5b179ad64cd4de1626a30e5cc",
    "0003.sql": "fcd4cb5a3444262e1495ecbbed5c68c2",
    "0004.sql": "e854f413958499e2a181c8fa81d0cb49",
    "0005.sql": "920b6409f9f32abbc62e0c592f7e1a75",
    "0008.sql": "326a923de7bd62c87dcc9355c66adcc1",
    "0009.sql": "863f791acee58a466526069ca715bf8e",
    "0010.sql": "0be780f11390b4402642755ea333a32b",
    "0011.sql": "794c18b9c24ae1033c86d4bd79b9d725",
}
# list.db has no steps: another schema is another form, and a file of the former one is fetched again.
FORMS = {3: "281d8594274b1ac945206d87cd930921"}

SCHEMA = Path(str(files("gate.store") / "schema"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def test_no_step_of_lane_db_was_edited() -> None:
    assert {path.name: digest(path) for path in sorted((SCHEMA / "lane").iterdir())} == STEPS


def test_another_schema_of_list_db_has_another_number() -> None:
    assert FORMS[FORM] == digest(SCHEMA / "list.sql")


def test_uses_of_an_earlier_lane_db_still_count(tmp_path: Path) -> None:
    load(tmp_path, {7: Listing.GREEN, 8: Listing.GREEN})

    def admit(idx: int, token: bytes) -> Reason:
        shown = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)
        with opened(tmp_path) as admission:
            return admission.admit(claims(idx, token=token), shown, NOW + 1).decision.reason

    assert admit(7, b"token-one") is Reason.ADMITTED
    with closing(sqlite3.connect(tmp_path / "lane.db")) as connection:  # as 0001.sql made it
        connection.executescript("""
            ALTER TABLE redemption RENAME TO later;
            CREATE TABLE redemption ("use" BLOB PRIMARY KEY, holder BLOB NOT NULL, again_at REAL NOT NULL,
              forget_at REAL NOT NULL, "grant" INTEGER NOT NULL) WITHOUT ROWID;
            CREATE INDEX redemption_holder ON redemption (holder, again_at);
            INSERT INTO redemption SELECT "use", holder, again_at, forget_at, "grant" FROM later;
            DROP TABLE later;
            DROP TABLE clock;
            CREATE TABLE clock (id INTEGER PRIMARY KEY, floor INTEGER NOT NULL, seq INTEGER NOT NULL,
              behind_since INTEGER, steady INTEGER, signed INTEGER, ticks INTEGER, boot TEXT,
              synchronised INTEGER, resets INTEGER);
            DROP TABLE standing_terms;
            PRAGMA user_version = 8;
        """)
    assert admit(7, b"token-one") is Reason.ALREADY_USED
    assert admit(7, b"token-two") is Reason.TOO_SOON
    assert admit(8, b"token-six") is Reason.ADMITTED


@pytest.mark.parametrize("look", [examine, lambda state: open_for_reading(File.LANE, state)])
def test_a_lane_db_of_a_newer_release_is_named_as_such(tmp_path: Path, look: Callable[[Path], object]) -> None:
    """After an update that was taken back: it is no damage, and nothing of it may be lost."""
    load(tmp_path, {7: Listing.GREEN})
    status = StatusList(tmp_path)
    Admission(tmp_path, status, policy()).close()
    status.close()
    with closing(sqlite3.connect(tmp_path / "lane.db")) as connection:
        connection.execute("ALTER TABLE journal RENAME COLUMN detail TO words")
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(FinalStoreError, match=r"newer release of the gate \(schema 99, .*Install that release again"):
        look(tmp_path)
    with pytest.raises(FinalStoreError, match="newer release"):
        Admission(tmp_path, StatusList(tmp_path), policy())
    assert not list(tmp_path.glob("lane.db.*lost*"))
