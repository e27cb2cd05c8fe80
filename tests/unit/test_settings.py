"""What a good configuration file means."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from gate.core.decide import Policy, Unlisted
from gate.core.lane.modes import Mode
from gate.core.rules import Venue
from gate.core.staleness import AgeLimits
from gate.ports.inputs import Role
from gate.registry import config_of
from gate.settings.kiosk import Kiosk
from gate.settings.load import load_settings
from gate.settings.problems import SettingsError
from tests.unit.configurations import LEAST, SAMPLE, load

BOARD = '[barrier]\ndriver = "serial_frames"\nprofile = "{}"\nport = "/dev/ttyUSB0"\npulse = "1s"\n'


def test_every_key_arrives(tmp_path: Path) -> None:
    settings = load(tmp_path, SAMPLE)

    assert settings.device.id == "ala-t2-07"
    assert settings.device.state_dir == Path("/var/lib/gate")
    assert settings.venue.languages == ("kk", "ru", "en")
    assert settings.lane.mode is Mode.ENFORCE
    assert (settings.lane.hold, settings.lane.passage_timeout, settings.lane.reuse_after) == (5.0, 8.0, 600.0)
    assert settings.list.limits == AgeLimits(6 * 3600, 24 * 3600, 48 * 3600)
    assert settings.list.unlisted is Unlisted.REFUSE
    assert (settings.passes.presentation_window, settings.passes.binding) == (30.0, "optional")
    assert settings.sync is not None
    assert settings.sync.mirrors[2] == "file:///media/usb"
    assert settings.sync.every == 900.0
    assert [reader.driver for reader in settings.readers] == ["camera"]
    assert settings.barrier is not None
    assert settings.barrier.model_dump()["line"] == 17
    assert [contact.role for contact in settings.inputs] == [Role.FIRE]
    assert settings.feedback == ()
    assert settings.staff.iin_check is False
    assert settings.kiosk is not None
    assert (settings.kiosk.host, settings.kiosk.port) == ("127.0.0.1", 8080)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    least, whole = load(tmp_path, LEAST), load(tmp_path, SAMPLE)

    assert (least.lane, least.list, least.passes, least.staff) == (whole.lane, whole.list, whole.passes, whole.staff)
    assert least.device.state_dir == whole.device.state_dir
    assert least.venue.languages == whole.venue.languages
    assert (least.barrier, least.sync, least.kiosk, least.inputs) == (None, None, None, ())


def test_an_empty_kiosk_table_means_a_page_where_it_usually_is(tmp_path: Path) -> None:
    assert load(tmp_path, LEAST + "[kiosk]\n").kiosk == Kiosk(listen="127.0.0.1:8080")


def test_what_deciding_needs(tmp_path: Path) -> None:
    policy = load(tmp_path, SAMPLE).policy

    assert isinstance(policy, Policy)
    assert policy.venue == Venue("airport", "almaty")
    assert policy.timezone.key == "Asia/Almaty"
    assert policy.reuse_after == 600.0


def test_relative_paths_start_at_the_file_not_where_the_process_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gate.toml").write_text(SAMPLE.replace("/var/lib/gate", "state"))
    monkeypatch.chdir(tmp_path)
    settings = load_settings(Path("gate.toml"), config_of)

    assert settings.device.state_dir == tmp_path / "state"
    assert settings.sync is not None
    assert settings.sync.root == tmp_path / "root.json"


def test_the_files_of_devices_are_looked_for_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile of the venue's own too, which is read while the settings are checked."""
    reader, barrier = '[[reader]]\ndriver = "replay"\nfile = "codes.txt"\n', BOARD.format("my-board.toml")
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    for folder in (site, elsewhere):
        folder.mkdir()
    shipped = files("drivers.barriers") / "profiles" / "lcus.toml"
    (site / "my-board.toml").write_text(shipped.read_text("utf-8"))
    monkeypatch.chdir(elsewhere)
    settings = load(site, LEAST.partition("[[reader]]")[0] + reader + barrier)

    assert getattr(settings.readers[0], "file", None) == site / "codes.txt"
    assert getattr(settings.barrier, "profile", None) == str(site / "my-board.toml")
    with pytest.raises(SettingsError, match=re.escape(f"profile {site / 'other.toml'} cannot be read: No such file")):
        load(site, LEAST + BOARD.format("other.toml"))


def test_a_pass_may_be_used_again_at_once_if_the_venue_says_so(tmp_path: Path) -> None:
    assert load(tmp_path, SAMPLE.replace('"10m"', '"0s"')).lane.reuse_after == 0.0


def test_pilot(tmp_path: Path) -> None:
    assert load(tmp_path, SAMPLE.replace('"enforce"', '"pilot"')).lane.mode is Mode.PILOT


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [("127.0.0.1:80", "127.0.0.1", 80), ("[::1]:9000", "::1", 9000), ("localhost:0", "localhost", 0)],
)
def test_addresses_on_loopback(tmp_path: Path, listen: str, host: str, port: int) -> None:
    kiosk = load(tmp_path, SAMPLE.replace("127.0.0.1:8080", listen)).kiosk

    assert kiosk is not None
    assert (kiosk.host, kiosk.port) == (host, port)


def test_a_file_written_on_windows(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_bytes(b"\xef\xbb\xbf" + SAMPLE.replace("\n", "\r\n").encode())

    assert load_settings(file, config_of).device.id == "ala-t2-07"


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load(tmp_path, SAMPLE)

    with pytest.raises(ValueError, match="frozen"):
        settings.lane = settings.lane


@pytest.mark.parametrize(
    ("device", "lists"),
    [
        ('state_dir = "/var/lib/gate"', "/var/lib/gate/lists"),  # what the units may write
        ('state_dir = "/data/gate"', "/data/gate"),  # a directory that holds everything
        ('state_dir = "/data/gate"\nlist_dir = "/data/lists"', "/data/lists"),
        ('state_dir = "state"\nlist_dir = "lists"', "{folder}/lists"),
    ],
)
def test_the_lists_lie_where_the_sync_may_write(tmp_path: Path, device: str, lists: str) -> None:
    settings = load(tmp_path, SAMPLE.replace('state_dir = "/var/lib/gate"', device))

    assert settings.device.lists == Path(lists.format(folder=tmp_path))
