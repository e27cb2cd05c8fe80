"""When the lane has the sync's list verified again."""

from pathlib import Path

import pytest

from gate.lane.list_taker import ListTaker
from gate.store.places import Places
from gate.store.takeover_messages import Took


async def test_a_list_that_is_damaged_after_it_was_taken_is_taken_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(tmp_path, tmp_path / "lists")
    places.list_db.parent.mkdir()
    places.list_db.touch()
    taker, taken = ListTaker(places, tmp_path / "root.json"), list[int]()

    async def take() -> Took:
        taken.append(1)
        taker.request()  # the lane has none until this is done, and says so meanwhile
        return Took(1, True)

    monkeypatch.setattr(taker, "_take", take)
    await taker.check()
    await taker.check()
    assert len(taken) == 1
    taker.request()
    await taker.check()
    assert len(taken) == 2
