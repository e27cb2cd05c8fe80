"""One run: finish what was begun, check the file, apply it, take the secrets from the card, report."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from gate.device.layout import DeviceLayout
from gate.device.owner import as_owner
from gate.device.provision.card import Card, CardFile, read_card_file
from gate.device.provision.change import FileChange, below, carry_out, decide
from gate.device.provision.live import tell_system
from gate.device.provision.plan import SetUpPlan, check, left_on_card, owner_of_state, state_place
from gate.device.provision.record import APPLIED, RESULT, SetUpRecord, digest, read_record
from gate.device.provision.report import CODE, FAILED, REFUSED, DeviceIdentity, SetUpReport, code_svg
from gate.device.provision.root_file import FETCH_WITHIN
from gate.device.provision.volatile import MOUNTS, is_volatile
from gate.errors import ConfigError, GateError, StoreError
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.settings.model import Settings
from gate.settings.problems import SettingsError, SettingsProblem
from gate.store.device_key import load_or_make
from gate.store.durable import make_directory, write_whole
from gate.store.file_lock import held

_DEVICE = Path("/")


def provision(path: Path, layout: DeviceLayout, boot: Path | None, now: datetime) -> tuple[SetUpReport, int]:
    """Apply the file at `path` below the layout's root, and report to the folder `boot`.  Return the report and the
    exit code: 0 applied or unchanged, 1 failed, 78 the file is wrong."""
    card = Card(boot)
    card.clear(RESULT, CODE, path.name)
    try:
        _refuse_volatile(layout)
        with _alone(layout):
            report = _run(path, layout, card, now)
    except ConfigError as error:
        report = _refusal(error, path, layout, now)
    except (GateError, OSError) as error:
        said = str(error) if isinstance(error, GateError) else _words(error)
        report = SetUpReport(FAILED, f"{said}. {_continues(layout)}", now, _known(layout))
    _tell(report, card, layout)
    code = {APPLIED: 0, REFUSED: ConfigError.exit_code}.get(report.state, 1)
    return _with(report, card.problems), code


def _run(path: Path, layout: DeviceLayout, card: Card, now: datetime) -> SetUpReport:
    carry_out(layout)
    before = read_record(layout)
    file = read_card_file(path)
    if before is not None and digest(file.raw) in (before.given, before.left) and layout.config.is_file():
        return _unchanged(file, layout, card, before, now)
    within = FETCH_WITHIN if layout.root == _DEVICE else 0.0
    plan = check(file, layout, before, now.timestamp(), within)
    changed = [change.path for change in plan.changes if not _is_so(layout.root, change)]
    decide(layout, plan.changes)
    carry_out(layout)
    identity = _identity(layout, plan.settings)
    warnings = [*_wiped(file, layout, card, plan.left), *map(str, plan.warnings)]
    if layout.root == _DEVICE:
        warnings += tell_system(changed, _host_name(plan))
    return SetUpReport(APPLIED, f"{path.name} was applied.", now, identity, warnings=warnings)


def _unchanged(file: CardFile, layout: DeviceLayout, card: Card, record: SetUpRecord, now: datetime) -> SetUpReport:
    """Finish what a power cut left open after the change itself."""
    identity = _identity(layout, load_settings(layout.config, config_of))
    warnings = []
    if record.given != record.left and digest(file.raw) == record.given:
        warnings = _wiped(file, layout, card, left_on_card(file))
    applied = datetime.fromtimestamp(record.at, now.tzinfo)
    said = f"{file.path.name} is the file that was applied on {applied:%Y-%m-%d %H:%M}. Nothing is changed."
    return SetUpReport(APPLIED, said, now, identity, warnings=warnings, unchanged=True)


def _wiped(file: CardFile, layout: DeviceLayout, card: Card, left: bytes) -> list[str]:
    """Take the secrets from the card, now that the device has them; return what a person should know."""
    if left == file.raw:
        return []
    if not _is_on_card(file.path, layout, card):
        return [f"{file.path} keeps its secrets: it lies outside of {layout.root}. Remove it"]
    if card.wipe(file, left):
        return [
            f"The secrets of {file.path.name} are in the device now, and no longer in the file. A flash card may keep "
            "old blocks: destroy it when it is discarded"
        ]
    return [f"The secrets are still in {file.path.name} on the card: unlock the card and start again"]


def _is_on_card(path: Path, layout: DeviceLayout, card: Card) -> bool:
    folder = path.absolute().parent
    return folder == card.folder or folder.is_relative_to(layout.root)


def _identity(layout: DeviceLayout, settings: Settings) -> DeviceIdentity:
    """Return the device's id and public key; the key is made if there is none.  Raises StoreError."""
    state = state_place(layout, settings)
    owner = owner_of_state(layout.root) if os.geteuid() == 0 else None
    if not state.is_dir():
        make_directory(state)
        if owner:
            os.chown(state, *owner)
    if layout.root == _DEVICE:
        with as_owner(state):
            key = load_or_make(state)
    else:  # the owner is one of the image's users, whom this computer may keep from its folders
        key = load_or_make(state)
        if owner:
            for path in filter(Path.is_file, state.iterdir()):
                os.chown(path, *owner, follow_symlinks=False)
    return DeviceIdentity(settings.device.id, bytes(key.verify_key).hex())


def _known(layout: DeviceLayout) -> DeviceIdentity | None:
    """Return the identity of a device that was set up before; None where that cannot be said."""
    if layout.config.is_file():
        with suppress(GateError, OSError):
            return _identity(layout, load_settings(layout.config, config_of))
    return None


def _refusal(error: ConfigError, path: Path, layout: DeviceLayout, now: datetime) -> SetUpReport:
    faults = error.problems if isinstance(error, SettingsError) else ()
    if not faults:
        faults = (SettingsProblem(path.name, 1, "", error.what, error.hint),)
    many = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    said = f"{path.name} has {many}: nothing of it was applied. {_continues(layout)}"
    return SetUpReport(REFUSED, said, now, _known(layout), faults)


def _continues(layout: DeviceLayout) -> str:
    if layout.config.is_file():
        return "The gate continues with the configuration that it has"
    return "The gate has no configuration yet and serves nobody"


def _tell(report: SetUpReport, card: Card, layout: DeviceLayout) -> None:
    """Report to the card and the screen.  An unchanged file whose result is there costs the card no write."""
    whole = _with(report, card.problems)
    told = [whole.heading, *([report.identity.line] if report.identity else [])]
    if not report.unchanged or report.warnings or not card.has(RESULT, *told):
        card.write(RESULT, whole.card_text())
    if report.identity is not None:
        card.write(CODE, code_svg(report.identity))
    try:
        page = below(layout.root, str(layout.set_up_page.relative_to(layout.root)))
        make_directory(page.parent, 0o755)
        write_whole(page, whole.page(), 0o644)
    except (OSError, StoreError) as error:
        card.problems.append(f"the page for the screen cannot be written ({error})")


def _with(report: SetUpReport, problems: list[str]) -> SetUpReport:
    warnings = [*report.warnings, *(problem for problem in problems if problem not in report.warnings)]
    return replace(report, warnings=warnings)


@contextmanager
def _alone(layout: DeviceLayout) -> Iterator[None]:
    """Hold the folder of the configuration, so that two runs do not mix."""
    folder = below(layout.root, "etc/gate/x").parent
    make_directory(folder, 0o755)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    with held(descriptor, StoreError("another `gate provision` runs", hint="Wait for its end")):
        yield


def _refuse_volatile(layout: DeviceLayout) -> None:
    """Refuse a device that forgets.  Raises StoreError."""
    if layout.root == _DEVICE and is_volatile(layout.etc, MOUNTS.read_text()):
        hint = "Switch the overlay off (`raspi-config`), start again, and switch it on afterwards"
        raise StoreError(f"{layout.etc} is kept in memory only", hint=hint)


def _is_so(root: Path, change: FileChange) -> bool:
    """Return whether a file is already as the change wants it."""
    path = root / change.path
    try:
        if change.link is not None:
            return path.is_symlink() and str(path.readlink()) == change.link
        return not path.exists() if change.content is None else path.read_bytes() == change.content
    except OSError:
        return False


def _host_name(plan: SetUpPlan) -> str:
    [name] = [change.content for change in plan.changes if change.path == "etc/hostname"]
    return (name or b"").decode().strip()


def _words(error: OSError) -> str:
    return f"{error.filename or 'a file'}: {error.strerror or error}. Check the disk and its free space"
