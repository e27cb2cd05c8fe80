"""Schemas that devices have run: a step is never edited, for a device that ran it runs it never again."""

import hashlib
from importlib.resources import files
from pathlib import Path

from gate.store.list_file import FORM

# Adding a step means adding its line; no line is ever changed.
STEPS = {
    "0001.sql": "e94813c6af98514a7b61f2d78b276351",
    "0002.sql": "d9f18ea5b179ad64cd4de1626a30e5cc",
    "0003.sql": "fcd4cb5a3444262e1495ecbbed5c68c2",
    "0004.sql": "e854f413958499e2a181c8fa81d0cb49",
    "0005.sql": "920b6409f9f32abbc62e0c592f7e1a75",
    "0008.sql": "326a923de7bd62c87dcc9355c66adcc1",
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
