"""The switch from one release to another: tried under watch, and taken back when the new one does not do well.

What is being done is on the disk before it is done (`gate.device.release_record`), so `settle` can finish
what this process did not, after a power cut too: forward where the new release has proven itself, else back to the
release before.  The unit gate-release.service calls it at boot, by the proven release, before any lane starts.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gate.device.layout import DeviceLayout
from gate.device.release_check import check_config, check_doctor, check_version, config_of, state_dir_of
from gate.device.release_data import (
    copy_lanes,
    decide_fates,
    drop_copies,
    give_up_unreadable,
    hand_back,
    refuse_unreadable,
)
from gate.device.release_health import HealthWatch, Patience, lane_health
from gate.device.release_record import LaneDatabase, Records, Trial, TrialResult, TrialStage, Tried
from gate.device.release_units import NoServices, ServiceManager, is_lane
from gate.device.releases import InstalledRelease, Releases
from gate.errors import GateError, StoreError, UsageError
from gate.store.file_lock import held

_INTERRUPTED = "the trial was interrupted"
Say = Callable[[str], None]
"""A function that takes a line of progress.  It must not raise."""


class ReleaseSwitch:
    """Switches releases below one root.  `services` None: the root is that of an image, and nothing in it is run.
    `now`: system time, Unix s.  Raises GateError."""

    def __init__(
        self, layout: DeviceLayout, services: ServiceManager | None, say: Say, now: Callable[[], float]
    ) -> None:
        self._layout = layout
        self._is_image = services is None
        self._services: ServiceManager = services or NoServices()
        self._say = say
        self._now = now
        self._releases = Releases(layout)
        self._records = Records(layout)

    def use(self, version: str, patience: Patience, *, lose_journal: bool = False) -> None:
        """Switch to a release.  Returns when it has held.  Raises GateError with the reason where it was not begun, or
        the release before is in use again.  `lose_journal`: begin after a known loss where the release cannot read
        the databases."""
        with self.locked():
            self._settle()
            release, before = self._releases.find(version), self._releases.current()
            if before is not None and before.version == version:
                raise UsageError(f"{version} is in use already", hint="`gate release list` shows the others")
            units = [state.name for state in self._services.states()]
            configs = self._check(release, before, units)
            if before is None or not before.is_whole:
                self._releases.point(self._layout.current, release)
                self._services.start(units)
                self._note(version, TrialResult.UNTRIED, "there was no release to go back to")
                self._say(f"{version} is in use")
                return
            lanes = self._lanes(before, release, configs)
            if not lose_journal:
                refuse_unreadable(release, lanes)
            if self._releases.proven() != before:
                self._releases.point(self._layout.proven, before)
            trial = Trial(before=before.version, version=version, units=units, lanes=lanes)
            self._records.save(trial)
            healths = {unit: lane_health(before, file) for unit, file in configs.items() if is_lane(unit)}
            watch = HealthWatch(self._services, release, configs, healths, loses_journal=lose_journal)
            why = self._try(trial, release, watch, patience, lose_journal=lose_journal)
            if not why:
                self._finish(trial)
                return
            self._go_back(trial, why, TrialResult.FAILED)
            back = HealthWatch(self._services, before, configs, healths, loses_journal=True)
            ill = back.wait(Patience(patience.ready, 0.0))
            again = f"{before.version} is in use again" + (f", but it is not well: {ill}" if ill else "")
            raise GateError(f"{version} did not hold ({why})", hint=again)

    def settle(self) -> bool:
        """End a trial that its own process did not end; return whether there was one."""
        with self.locked():
            return self._settle()

    def prune(self) -> dict[str, int]:
        """Remove all releases but the current one and the one before it; return the bytes that each has freed."""
        with self.locked():
            if self._records.trial() is not None:
                raise UsageError("a trial of a release is not ended", hint="End it: `gate release settle`")
            current = self._releases.current()
            if current is None or not current.is_whole:
                raise UsageError(
                    f"{self._layout.current} names no whole release", hint="Choose one: `gate release use`"
                )
            history = self._records.history()
            proven = self._releases.proven()
            kept = {current.version, history.before or "", proven.version if proven else ""}
            freed = self._releases.remove_all_but(kept)
            there = {release.version for release in self._releases.every()}
            tried = {version: how for version, how in history.tried.items() if version in there}
            self._records.save_history(history.model_copy(update={"tried": tried}))
            return freed

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of releases.  Raises UsageError while another process has it."""
        path = self._layout.switch_lock
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            hint = "Call it as root on a device that has releases"
            raise GateError(f"{path}: {error.strerror}", hint=hint) from error
        with held(descriptor, UsageError("another process changes releases now", hint="Wait until it has ended")):
            yield

    def _check(self, release: InstalledRelease, before: InstalledRelease | None, units: list[str]) -> dict[str, Path]:
        """Check the release before anything is touched; return the configurations of the services."""
        if self._is_image:
            return {}
        check_version(release)
        configs = {unit: config_of(self._layout, unit) for unit in units}
        here = {self._layout.config} if self._layout.config.exists() else set[Path]()
        for config in sorted(here.union(configs.values())):
            check_config(release, config)
            self._say(f"{config} holds under {release.version}")
        lanes = sorted({file for unit, file in configs.items() if is_lane(unit)})
        for config in lanes:
            check_doctor(release, before, config)
        if lanes:
            self._say(f"the doctor of {release.version} is content")
        return configs

    def _lanes(
        self, before: InstalledRelease, release: InstalledRelease, configs: dict[str, Path]
    ) -> list[LaneDatabase]:
        if self._is_image:
            return []
        files = sorted({file for unit, file in configs.items() if is_lane(unit)} | {self._layout.config})
        found = [state_dir_of(before, file) or state_dir_of(release, file) for file in files if file.exists()]
        return [LaneDatabase(state_dir=folder) for folder in dict.fromkeys(found) if folder and folder.is_dir()]

    def _try(
        self, trial: Trial, release: InstalledRelease, watch: HealthWatch, patience: Patience, *, lose_journal: bool
    ) -> str:
        """Try the release; return why it does not do well, or ""."""
        try:
            self._services.stop(trial.units)
            copy_lanes(trial.lanes)
            trial.stage = TrialStage.COPIED
            self._records.save(trial)
            if lose_journal:
                give_up_unreadable(release, trial)
            self._releases.point(self._layout.current, release)
            if not trial.units:
                return ""
            self._services.start(trial.units)
            self._say(f"{release.version} is on trial: it has to be well for {patience.health:.0f} s")
            return watch.wait(patience)
        except GateError as error:
            return str(error)
        except KeyboardInterrupt:
            return _INTERRUPTED
        except BaseException as error:
            self._go_back(trial, repr(error), TrialResult.FAILED)
            raise

    def _settle(self) -> bool:
        trial = self._records.trial()
        if trial is None:
            return False
        if trial.stage is TrialStage.HELD:
            self._finish(trial)
        else:
            cut = trial.stage is not TrialStage.BACK
            self._go_back(
                trial,
                "power was cut, or the trial killed" if cut else trial.why,
                TrialResult.CUT if cut else TrialResult.FAILED,
            )
        return True

    def _finish(self, trial: Trial) -> None:
        """End the trial of a release that has held.  Each step may be done again."""
        trial.stage = TrialStage.HELD
        self._records.save(trial)
        self._releases.point(self._layout.proven, self._releases.find(trial.version))
        drop_copies(trial.lanes)
        self._note(trial.version, TrialResult.HELD if trial.units else TrialResult.UNTRIED, before=trial.before)
        self._records.end()
        self._say(f"{trial.version} is in use")

    def _go_back(self, trial: Trial, why: str, result: TrialResult) -> None:
        """Go back to the release before.  Each step may be done again, and none waits for room on the disk: the
        record on it shows already that the trial has not held."""
        self._say(f"going back to {trial.before}: {why}")
        before = self._releases.find(trial.before)
        if trial.stage is not TrialStage.BEGUN:
            trial.stage, trial.why = TrialStage.BACK, why
            with self._problem_reported():
                self._records.save(trial)
            running = {state.name for state in self._services.states()}
            self._services.stop(running.intersection(trial.units))  # at boot none: a start that is queued must stay
            if decide_fates(trial, before):
                with self._problem_reported():
                    self._records.save(trial)
            for line in hand_back(trial, self._layout):
                self._say(line)
            if self._releases.current() != before:
                self._releases.point(self._layout.current, before)
        drop_copies(trial.lanes)
        with self._problem_reported():
            self._note(trial.version, result, why)
        self._records.end()
        self._services.start(trial.units)

    @contextmanager
    def _problem_reported(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            self._say(str(error))

    def _note(self, version: str, verdict: TrialResult, why: str = "", *, before: str | None = None) -> None:
        history = self._records.history()
        history.tried[version] = Tried(verdict=verdict, at=int(self._now()), why=why)
        if before is not None:
            history.before = before
        self._records.save_history(history)
