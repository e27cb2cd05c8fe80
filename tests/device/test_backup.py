"""`gate backup` and `gate restore`: another device takes the place of a dead one."""

import json
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from gate.core.lane.modes import Mode
from gate.core.model import Direction, Listing
from gate.core.reason import Reason
from gate.device.backup import MOST_OF_FILE, take
from gate.device.layout import DeviceLayout
from gate.device.restore import restore
from gate.store import device_key
from gate.store.admission import Admission, Presented
from gate.store.database import File, open_for_reading
from gate.store.journal_proof import prove
from gate.store.lane_backup import held_state
from gate.store.list_reader import StatusList
from gate.store.standing_orders import StandingOrders
from gate.testing.builders import NOW, claims, load, policy
from tests.commands.process import run_gate
from tests.dying import dies_at_change

WORDS = "seven kestrels over the pass"
LISTED = {7: Listing.GREEN, 8: Listing.GREEN, 9: Listing.GREEN}
CONFIG = """
[device]
id = "ala-1"
state_dir = "../../var/lib/gate"
[venue]
id = "test"
category = "fitness"
zone = "almaty"
timezone = "Asia/Almaty"
[sync]
mirrors = ["https://mirror.example.kz/gate"]
root = "root.json"
proxy = "http://gate:{credential:proxy}@proxy.example.kz:3128"
[[reader]]
driver = "fake"
[barrier]
driver = "fake"
"""


class Lane:
    """The store of a lane: what a visit and an order leave."""

    def __init__(self, state: Path) -> None:
        if not (state / "list.db").exists():
            load(state, LISTED)
        self.status = StatusList(state)
        self.status.refresh()
        self.admission = Admission(state, self.status, policy(reuse_after=3600.0))
        self.admission.close_interrupted(NOW + 10)

    def show(self, idx: int, at: float = NOW + 20, token: bytes = b"") -> Reason:
        shown = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)
        code = claims(idx, token=token) if token else claims(idx)
        return self.admission.admit(code, shown, at).decision.reason

    def stop(self) -> None:
        self.admission.close()
        self.status.close()


@pytest.fixture
def old(tmp_path: Path) -> DeviceLayout:
    layout = DeviceLayout(tmp_path / "old")
    layout.etc.mkdir(parents=True)
    layout.state.mkdir(parents=True)
    layout.credstores[0].mkdir(parents=True)
    layout.config.write_text(CONFIG)
    layout.config.chmod(0o640)
    layout.root_json.write_text("{}")
    (layout.credstores[0] / "gate.proxy").write_text("secret word")
    (layout.credstores[0] / "other").write_text("not ours")
    return layout


@pytest.fixture
def new(tmp_path: Path) -> DeviceLayout:
    layout = DeviceLayout(tmp_path / "new")
    layout.state.mkdir(parents=True)
    return layout


@pytest.fixture
def lane(old: DeviceLayout) -> Iterator[Lane]:
    made = Lane(old.state)
    yield made
    made.stop()


def test_further_lanes_get_their_secrets_and_addresses_back(
    old: DeviceLayout, new: DeviceLayout, lane: Lane, tmp_path: Path
) -> None:
    """The drop-in of its unit, without which a restored lane would not see its camera."""
    old.lanes.mkdir()
    reader = 'driver = "camera"\ndevice = "rtsp://gate:{credential:camera}@192.0.2.17/1"\ndirection = "entry"'
    left = CONFIG.replace("ala-1", "ala-2").replace("lib/gate", "lib/gate/lanes/left")
    (old.lanes / "left.toml").write_text(left.replace('driver = "fake"', reader, 1))
    (old.credstores[0] / "gate.camera").write_text("word of the camera")
    assert lane.show(7) is Reason.ADMITTED
    said = gate("restore", backed_up(old, tmp_path), "--root", new.root)
    assert said.returncode == 0, said.stderr
    assert "systemctl enable --now gate@left" in said.stdout
    drop_in = new.root / "etc/systemd/system/gate@left.service.d/50-provision.conf"
    lines = drop_in.read_text().splitlines()
    assert lines[2:] == ["LoadCredential=gate.camera:/etc/credstore/gate.camera", "IPAddressAllow=192.0.2.17"]
    assert not (new.root / "etc/systemd/system/gate.service.d").exists()


def sealed(tmp_path: Path) -> Path:
    return tmp_path / "gate.backup"


def gate(*words: object, given: str = WORDS) -> CompletedProcess[str]:
    return run_gate(*words, "--passphrase-file", "-", given=given)


def refused(said: CompletedProcess[str], why: str) -> None:
    assert said.returncode in (1, 2)
    assert why in said.stderr
    assert len(said.stderr.splitlines()) == 1


def backed_up(old: DeviceLayout, tmp_path: Path) -> Path:
    said = gate("backup", sealed(tmp_path), "--root", old.root)
    assert said.returncode == 0, said.stderr
    return sealed(tmp_path)


def test_a_pass_that_was_used_stays_used_on_the_device_that_takes_over(
    old: DeviceLayout, new: DeviceLayout, lane: Lane, tmp_path: Path
) -> None:
    assert lane.show(7, NOW + 500, b"before") is Reason.ADMITTED
    lane.admission.store_orders(StandingOrders(frozenset({Mode.MAINTENANCE})), NOW + 21)
    file = backed_up(old, tmp_path)  # the lane runs
    assert lane.show(8, NOW + 600, b"after") is Reason.ADMITTED
    said = gate("restore", file, "--root", new.root)
    assert said.returncode == 0, said.stderr
    assert "Two devices with one key must never run at once" in said.stdout
    assert "locked down" in said.stdout
    assert (new.state / device_key.NAME).read_text() == (old.state / device_key.NAME).read_text()
    assert new.config.read_text() == CONFIG
    assert new.config.stat().st_mode & 0o777 == 0o640
    assert (new.credstores[0] / "gate.proxy").read_text() == "secret word"
    assert not (new.credstores[0] / "other").exists()
    drop_in = new.root / "etc/systemd/system/gate-sync.service.d/50-provision.conf"
    assert "LoadCredential=gate.proxy:/etc/credstore/gate.proxy" in drop_in.read_text()

    taken = Lane(new.state)
    try:
        assert taken.admission.standing().orders == {Mode.MAINTENANCE, Mode.LOCKED_DOWN}
        taken.admission.store_orders(StandingOrders(), NOW + 30)
        assert taken.show(8, NOW + 700, b"after") is Reason.TOO_SOON
        assert taken.show(9, NOW + 700) is Reason.TOO_SOON
        assert taken.show(7, NOW + 3700, b"before") is Reason.ALREADY_USED
        assert taken.show(9, NOW + 3700) is Reason.ADMITTED
    finally:
        taken.stop()
    connection = open_for_reading(File.LANE, new.state)
    assert connection is not None
    ((event, detail),) = connection.execute("SELECT event, detail FROM journal ORDER BY seq LIMIT 1").fetchall()
    connection.close()
    assert event == "loss"
    assert detail.startswith("restored from the backup of 20")
    prove(new.state)


def test_a_backup_holds_neither_rows_nor_keys_of_a_day(old: DeviceLayout, lane: Lane, tmp_path: Path) -> None:
    lane.show(7)
    listed = gate("backup", backed_up(old, tmp_path), "--list")
    assert listed.stdout.splitlines()[0].endswith("by release 0.1.0")
    assert "secret proxy" in listed.stdout
    assert "secret word" not in listed.stdout
    facts = json.loads(gate("backup", sealed(tmp_path), "--list", "--json").stdout)
    assert facts["lanes"][0]["device"] == "ala-1"
    new = DeviceLayout(tmp_path / "another")
    new.state.mkdir(parents=True)
    assert gate("restore", sealed(tmp_path), "--root", new.root).returncode == 0
    connection = open_for_reading(File.LANE, new.state)
    assert connection is not None
    assert connection.execute("SELECT count(*) FROM journal").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM secret WHERE name LIKE 'day-%'").fetchone() == (0,)
    connection.close()
    assert b"day-" not in (new.state / "lane.db").read_bytes()


@pytest.mark.usefixtures("lane")
def test_what_is_no_whole_backup_is_refused(old: DeviceLayout, new: DeviceLayout, tmp_path: Path) -> None:
    file = backed_up(old, tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    refused(gate("backup", file, "--root", old.root), f"{file} exists")
    refused(gate("backup", tmp_path / "b", "--root", old.root, given="short"), "12 characters at least")
    assert not (tmp_path / "b").exists()
    whole = file.read_bytes()
    header, _, box = whole.partition(b"\n")
    wrong = {
        "is damaged: its bytes have changed": whole[:-1] + bytes([whole[-1] ^ 1]),
        "is damaged: 100 bytes instead of": header + b"\n" + box[:100],
        "is not a backup of a gate": b"PK" + whole,
        "was written by a newer release": whole.replace(b'"gate_backup":1', b'"gate_backup":2'),
        "cannot be read": None,
    }
    for why, content in wrong.items():
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_bytes(content)
        refused(gate("restore", file, "--root", new.root), why)
    file.write_bytes(whole)
    refused(gate("restore", file, "--root", new.root, given="seven kestrels over the lake"), "does not open")
    assert not new.etc.exists()
    assert not new.credstores[0].exists()
    assert not list(new.state.iterdir())


def test_a_device_that_has_a_state_is_replaced_only_when_that_is_meant(
    old: DeviceLayout, new: DeviceLayout, lane: Lane, tmp_path: Path
) -> None:
    lane.show(7, NOW + 500)
    file = backed_up(old, tmp_path)
    refused(gate("restore", file, "--replace", "--root", old.root), "is in use by another gate")
    shutil.copytree(old.etc, new.etc)
    before = CONFIG.replace("ala-1", "ala-2") + "#" * MOST_OF_FILE  # larger than a backup may be
    new.config.write_text(before)
    own = Lane(new.state)
    assert own.show(9) is Reason.ADMITTED
    own.stop()
    refused(gate("restore", file, "--root", new.root), "this device has its own")
    assert "ala-2" in new.config.read_text()
    said = gate("restore", file, "--replace", "--root", new.root)
    assert said.returncode == 0, said.stderr
    assert "ala-1" in new.config.read_text()
    assert new.config.with_name("gate.toml.replaced").read_text() == before
    assert (new.state / "replaced-1" / "lane.db").exists()
    taken = Lane(new.state)
    try:
        assert taken.show(7, NOW + 3700) is Reason.ALREADY_USED
    finally:
        taken.stop()


@pytest.mark.slow
def test_a_cut_at_any_moment_of_a_restore_forgets_no_use(old: DeviceLayout, new: DeviceLayout, lane: Lane) -> None:
    """A lane that starts after it knows that it may have admitted anybody; another restore puts all right."""
    assert lane.show(7, NOW + 500) is Reason.ADMITTED
    backup = take(old, NOW + 600)
    for number in count(1):
        shutil.rmtree(new.root)
        new.state.mkdir(parents=True)
        killed = dies_at_change(number, lambda: restore(new, backup, replace=False, say=lambda _: None))
        if new.config.exists() or held_state(new.state):
            started = Lane(new.state)
            assert started.show(7, NOW + 700) is not Reason.ADMITTED
            started.stop()
        restore(new, backup, replace=True, say=lambda _: None)
        again = Lane(new.state)
        assert again.show(7, NOW + 3700) is Reason.ALREADY_USED
        again.stop()
        assert new.config.read_text() == CONFIG
        if not killed:
            assert number > 20
            break
