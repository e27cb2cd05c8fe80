"""A power cut at any moment of a switch leaves one whole release, and forgets no use."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.core.model import Listing
from gate.device.layout import DeviceLayout
from gate.device.release_record import Records, Trial, TrialResult, TrialStage
from gate.device.release_units import UnitState
from gate.device.releases import Releases
from gate.errors import GateError, StoreError
from gate.store.lane_copy import schema_of
from gate.testing.builders import load
from tests.device.release_victim import LATER_SCHEMA, NEW, OLD, Lane, install, settle, show, use
from tests.dying import dies_at_change

pytestmark = pytest.mark.slow

STORIES = {
    "held": {"fails": False, "alters": False, "admits": True},
    "held, altered": {"fails": False, "alters": True, "admits": True},
    "failed": {"fails": True, "alters": False, "admits": True},
    "failed, altered": {"fails": True, "alters": True, "admits": False},
    "failed, altered, used": {"fails": True, "alters": True, "admits": True},
}


class Device:
    """A device with two releases and one person who is in: idx 7.  Idx 8 enters under the new release."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fresh = folder / "fresh"
        self.layout = DeviceLayout(folder / "root")
        self.state = self.layout.root / "state"
        self.state.mkdir(parents=True)
        for version in (OLD, NEW):
            install(self.layout, version, self.state)
        self.layout.etc.mkdir(parents=True)
        self.layout.config.touch()
        self.layout.current.symlink_to(f"releases/{OLD}")
        load(self.state, {7: Listing.GREEN, 8: Listing.GREEN, 9: Listing.GREEN})
        assert show(self.state, 7) == "admitted"
        shutil.copytree(self.layout.root, self._fresh, symlinks=True)

    def renew(self) -> None:
        shutil.rmtree(self.layout.root)
        shutil.copytree(self._fresh, self.layout.root, symlinks=True)

    def check(self, story: str) -> None:
        current = Releases(self.layout).current()
        assert current is not None
        assert current.is_whole
        assert Records(self.layout).trial() is None
        assert not list(self.state.glob("*.before-trial*"))
        tried = Records(self.layout).history().tried
        if current.version == NEW:
            assert story.startswith("held")
            assert tried[NEW].verdict is TrialResult.HELD
            return
        if NEW in tried:
            assert tried[NEW].verdict in (TrialResult.CUT, TrialResult.FAILED)
        assert schema_of(self.state) != LATER_SCHEMA
        assert show(self.state, 7) in ("already_used", "too_soon"), "a use from before the switch was forgotten"
        if (self.layout.opt / "admitted").exists():
            assert show(self.state, 8) in ("already_used", "too_soon"), "a use under the new release was forgotten"

    def cut_at_every_change(
        self, work: Callable[[], None], story: str, first: Callable[[], None] = lambda: None
    ) -> int:
        """Cut the work at each of its changes, boot and check, on a fresh device each time on which `first` was done;
        return the number of the cut that came too late."""
        number, killed = 0, True
        while killed:
            number += 1
            first()
            killed = dies_at_change(number, work)
            settle(self.layout)
            self.check(story)
            self.renew()
        return number


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


@pytest.mark.parametrize(
    "story",
    [pytest.param(story, marks=[] if "altered" in story else [pytest.mark.endurance]) for story in STORIES],
)
def test_a_cut_at_any_moment_of_a_switch(device: Device, story: str) -> None:
    lane = Lane(device.layout, device.state, **STORIES[story])
    assert device.cut_at_every_change(lambda: use(device.layout, lane), story) > 30


@pytest.mark.parametrize("story", ["failed, altered", "failed, altered, used"])
def test_a_cut_at_any_moment_of_the_way_back(device: Device, story: str) -> None:
    """At the boot after a cut in the midst of a trial."""
    lane = Lane(device.layout, device.state, **STORIES[story], cut=True)

    def cut_trial() -> None:
        assert dies_at_change(1_000, lambda: use(device.layout, lane))

    assert device.cut_at_every_change(lambda: settle(device.layout), story, first=cut_trial) > 8


def test_an_interrupted_trial_is_taken_back(device: Device) -> None:
    class OnceInterrupted(Lane):
        asked = 0

        def states(self) -> list[UnitState]:
            if self.is_new():
                self.asked += 1
                if self.asked == 1:
                    raise KeyboardInterrupt
            return super().states()

    lane = OnceInterrupted(device.layout, device.state, **STORIES["failed, altered"])
    with pytest.raises(
        GateError, match=r"0\.2\.0 did not hold \(the trial was interrupted\)\. 0\.1\.0 is in use again"
    ):
        use(device.layout, lane)
    device.check("failed, altered")


@pytest.mark.parametrize("stage", [TrialStage.COPIED, TrialStage.BACK])
@pytest.mark.parametrize("story", ["failed, altered", "failed, altered, used"])
def test_a_disk_that_becomes_full_in_the_trial_does_not_keep_the_gate_from_the_way_back(
    device: Device, story: str, stage: TrialStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Records.save

    def full(records: Records, trial: Trial) -> None:
        if trial.stage is stage:
            raise StoreError("/opt/gate/switching: No space left on device", hint="Free space")
        save(records, trial)

    def no_history(*_: object) -> None:
        raise StoreError("/opt/gate/releases.json: No space left on device", hint="Free space")

    monkeypatch.setattr(Records, "save", full)
    monkeypatch.setattr(Records, "save_history", no_history)
    with pytest.raises(GateError, match="is in use again"):
        use(device.layout, Lane(device.layout, device.state, **STORIES[story]))
    monkeypatch.undo()
    device.check(story)
