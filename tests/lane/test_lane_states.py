"""What the lane writes of its states, and of how long a person waited, for the report."""

import sqlite3
from contextlib import closing
from pathlib import Path

from gate.core.journal_event import JournalEvent
from gate.core.model import Status
from gate.passes.aq1_encode import credential_text, encode_credential
from gate.testing.builders import KEY, NOW
from tests.lane.rig import Rig, plain, working


def rows(state: Path, event: str) -> list[tuple[str | None, str]]:
    with closing(sqlite3.connect(state / "lane.db")) as connection:
        found = connection.execute("SELECT reader, detail FROM journal WHERE event = ? ORDER BY seq", (event,))
        return list(found)


async def test_lost_devices_and_other_parts_are_rows_and_the_time_to_open_too(state: Path) -> None:
    async with working(Rig(state)) as rig:
        await rig.show(plain(9), 0.2)
        await rig.until(lambda: len(rig.passed) == 1)
        rig.lane.device("reader[0]", "camera", "it is gone")
        rig.lane.part(JournalEvent.PAGE, "", "its port is taken")
        rig.lane.device("reader[0]", "camera", "")
        await rig.until(lambda: len(rows(state, "device")) == 2)
    assert rows(state, "device") == [("reader[0]", "lost, service goes on: it is gone"), ("reader[0]", "back")]
    assert rows(state, "page") == [(None, "failing: its port is taken")]
    assert [detail.partition(" ")[0] for _, detail in rows(state, "list")] == ["fresh:"]
    with closing(sqlite3.connect(state / "lane.db")) as connection:
        decided, opened = (
            connection.execute(f"SELECT us FROM journal WHERE event = '{event}'").fetchone()[0]
            for event in ("decision", "passage")
        )
    assert 0 <= decided <= opened < 10_000_000


async def test_a_refused_pass_names_its_person_where_its_signatures_hold(state: Path) -> None:
    """So that a report can tell who came back with a good code and entered."""
    kind = {"key": KEY, "issuer": "ashyq", "status": Status.GREEN, "token_id": b"token-88", "holder": None}
    over = encode_credential(idx=9, issued_at=NOW - 7200, expires_at=NOW - 60, **kind)  # type: ignore[arg-type]  # of many kinds
    async with working(Rig(state)) as rig:
        await rig.show(credential_text(over), 0.2)
        await rig.show(plain(9), 0.2)
    with closing(sqlite3.connect(state / "lane.db")) as connection:
        found = dict(connection.execute("SELECT reason, holder FROM journal WHERE event = 'decision'"))
    assert found["expired"] == found["admitted"] is not None
