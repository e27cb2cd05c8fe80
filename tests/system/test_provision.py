"""`gate provision` as a technician meets it: a file on the card, a command, and what came of it."""

import os
import re
import shutil
import stat
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.cli.provision import provision
from gate.registry import config_of
from gate.settings.load import load_settings
from tests.commands.inside import invoke
from tests.commands.process import run_gate
from tests.system.card_rig import ROOT_JSON, SECRETS, TEXT, Image, unpacked

USER = 42001  # a user without an entry


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return unpacked(tmp_path / "image")


def test_one_file_makes_a_gate(image: Image) -> None:
    done = image.provision()

    assert (done.returncode, done.stderr) == (0, "")
    settings = load_settings(image.config, config_of)
    assert settings.sync is not None
    assert (settings.device.id, settings.sync.root) == ("fit-abay-1", image.root / "etc/gate/root.json")
    assert "provision" not in tomllib.loads(image.config.read_text())
    assert "# Where the lists come from." in image.config.read_text()
    assert (image.root / "etc/gate/root.json").read_bytes() == ROOT_JSON
    assert (image.root / "etc/hostname").read_text() == "fit-abay-1\n"
    hosts = (image.root / "etc/hosts").read_text().splitlines()
    assert hosts == ["127.0.0.1 localhost", "192.0.2.9 mirror", "127.0.1.1\tfit-abay-1"]
    assert str((image.root / "etc/localtime").readlink()) == "/usr/share/zoneinfo/Asia/Almaty"


def test_the_device_is_enrolled_by_what_the_card_and_the_screen_show(image: Image) -> None:
    done = image.provision()
    key = (image.root / "var/lib/gate/device.pub").read_text().strip()

    line = f"gate authority add-device DIRECTORY fit-abay-1 {key}"
    assert line in done.stdout
    assert line in image.result
    assert "█▀" in done.stdout
    drawn = (image.card / "gate-device.svg").read_text()
    assert f"<title>fit-abay-1: {key}</title>" in drawn
    assert re.search(r"<svg [^>]*viewBox=\"0 0 (\d+) \1\"", drawn)
    assert not re.search(r"<svg [^>]*(width|height)=", drawn)  # a page that sets its width would crop it
    page = (image.root / "run/gate-provision/page.html").read_text()
    assert line in page
    assert "<svg" in page


def test_secrets_are_in_the_device_and_nowhere_on_the_card(image: Image) -> None:
    done = image.provision()
    store = "etc/credstore/gate."

    assert image.holders() == {
        SECRETS[0]: ["etc/NetworkManager/system-connections/gate-wifi.nmconnection"],
        SECRETS[1]: [f"{store}reader-0-device"],
        SECRETS[2]: [f"{store}sync-mirrors-0"],
        SECRETS[3]: [f"{store}osdp"],
    }
    assert not [secret for secret in SECRETS if secret in done.stdout]
    lane = (image.root / "etc/systemd/system/gate.service.d/50-provision.conf").read_text()
    sync = (image.root / "etc/systemd/system/gate-sync.service.d/50-provision.conf").read_text()
    assert "LoadCredential=gate.osdp:/etc/credstore/gate.osdp\n" in lane
    assert "sync-mirrors" not in lane
    assert lane.endswith("IPAddressAllow=192.0.2.17\n")
    assert [line for line in sync.splitlines() if "=" in line] == [
        "LoadCredential=gate.sync-mirrors-0:/etc/credstore/gate.sync-mirrors-0"
    ]


def test_rights(image: Image) -> None:
    image.provision()
    rights = {path: (stat.S_IMODE(found.st_mode), found.st_gid) for path, found in _stats(image)}

    secret = {rights[f"etc/credstore/gate.{name}"] for name in ("osdp", "reader-0-device", "sync-mirrors-0")}
    secret.add(rights["etc/NetworkManager/system-connections/gate-wifi.nmconnection"])
    assert {mode for mode, _ in secret} == {0o600}
    assert rights["etc/credstore"][0] == rights["etc/NetworkManager/system-connections"][0] == 0o700
    group = 991 if os.geteuid() == 0 else os.getegid()
    assert rights["etc/gate/gate.toml"] == (0o640, group)
    assert rights["etc/gate/provisioned.json"][0] == 0o600
    assert rights["var/lib/gate/device.key"][0] == 0o600
    if os.geteuid() == 0:
        assert (image.root / "var/lib/gate/device.key").stat().st_uid == 992


def _stats(image: Image) -> Iterator[tuple[str, os.stat_result]]:
    for path in image.root.rglob("*"):
        yield str(path.relative_to(image.root)), path.lstat()


def test_an_unchanged_file_changes_nothing(image: Image) -> None:
    image.provision()
    before = image.tree(but=("page.html",))
    done = image.provision()

    assert done.returncode == 0
    assert "Nothing is changed" in done.stdout
    assert image.tree(but=("page.html",)) == before


def test_a_changed_file_is_applied_and_keeps_the_secrets(image: Image) -> None:
    image.provision()
    text = image.file.read_text()
    image.write(text.replace('id = "fit-abay-1"', 'id = "fit-abay-2"').replace('"file:///media/usb"', '"https://b.kz"'))
    done = image.provision()

    assert done.returncode == 0, done.stdout
    settings = load_settings(image.config, config_of)
    assert settings.device.id == "fit-abay-2"
    assert (image.root / "etc/hostname").read_text() == "fit-abay-2\n"
    assert [len(files) for files in image.holders().values()] == [1, 1, 1, 1]


def test_what_the_file_no_longer_asks_for_goes(image: Image) -> None:
    image.provision()
    kept = [part for part in TEXT.split("\n\n") if not part.startswith(("[provision.", "[barrier]"))]
    plain = "\n\n".join(kept).replace(f"admin:{SECRETS[1]}@", "").replace(f"gate:{SECRETS[2]}@", "")
    image.write(plain)
    done = image.provision()

    assert done.returncode == 0, done.stdout
    assert set().union(*image.holders().values()) == set()
    [drop_in] = image.root.glob("etc/systemd/system/*.d/*")
    assert [line for line in drop_in.read_text().splitlines() if "=" in line] == ["IPAddressAllow=192.0.2.17"]
    assert not list(image.root.glob("etc/NetworkManager/system-connections/*"))


def test_every_fault_is_named_at_once_and_the_old_set_up_stays(image: Image) -> None:
    image.provision()
    before = image.tree(but=("gate.toml", "gate-result.txt", "page.html"))
    config = image.config.read_bytes()
    changes = {
        'id = "fit-abay-1"': "",
        'root_sha256 = "': 'root_sha256 = "0',
        'country = "KZ"': 'country = "kz"',
        f'password = "{SECRETS[0]}"': 'password = "short"',
        f'osdp = "{SECRETS[3]}"': f'osdp = 17\nBad = "x"\nlines = "{SECRETS[3]}\\n"',
        'driver = "camera"': 'driver = "camera"\ndirecton = "entry"',
        f"admin:{SECRETS[1]}@": "admin:a/b@",
        'pulse = "1s"': "pulse = 5",
        "{credential:osdp}": "{credential:panel}",
    }
    text = TEXT
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    image.write(text)
    done = image.provision()

    assert done.returncode == 78
    named = [
        "device.id",
        "provision.root_sha256",
        "provision.wifi.country",
        "provision.secrets.osdp",
        "provision.secrets.Bad",
        "provision.secrets.lines",
        "reader[0].directon",
        "reader[0].device",
        "barrier.pulse",
        "barrier.key_file",
    ]
    assert [key for key in named if f", {key}:\n" not in image.result] == []
    assert "NOT APPLIED" in image.result
    assert "The gate continues with the configuration that it has." in image.result
    assert SECRETS[3] not in image.result + done.stdout
    assert image.result in done.stdout
    page = (image.root / "run/gate-provision/page.html").read_text()
    assert "Бұл өткел әлі бапталмаған" in page
    assert "reader[0].directon" in page
    assert image.config.read_bytes() == config
    assert image.tree(but=("gate.toml", "gate-result.txt", "page.html")) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f'password = "{SECRETS[0]}"', "password = 1234567890123"),
        (f'osdp = "{SECRETS[3]}"', "osdp = 1234567890123"),
        (f'osdp = "{SECRETS[3]}"', 'osdp = { value = "1234567890123" }'),
        ("[provision.wifi]", '[[provision.wifi]]\nhint = "1234567890123"'),
        ("[provision]", '[[provision]]\nhint = "1234567890123"'),
        (f"https://gate:{SECRETS[2]}@", "https//gate:1234567890123@"),
    ],
)
def test_no_fault_shows_a_secret(image: Image, old: str, new: str) -> None:
    text = TEXT.replace(old, new)
    image.write(text)
    done = image.provision()

    assert (text != TEXT, done.returncode) == (True, 78)
    page = (image.root / "run/gate-provision/page.html").read_text()
    shown = done.stdout + image.result + page
    assert not [secret for secret in (*SECRETS, "1234567890123") if secret in shown]


def test_a_file_that_was_put_right_says_so(image: Image) -> None:
    image.provision()
    good = image.file.read_text()
    image.write("[device]\n")
    assert image.provision().returncode == 78
    image.write(good)

    assert image.provision().returncode == 0
    assert "NOT APPLIED" not in image.result


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TEXT.replace("root_sha256", "#root_sha256"), "so this root.json could be anybody's"),
        (TEXT.replace('root_sha256 = "', 'root_sha256 = "0'), "no fingerprint of 64 hex digits"),
        (TEXT.replace('[provision]\nroot_sha256 = "', '[provision]\nroot_sha256 = "0')[:-1], "64 hex digits"),
        (TEXT.replace("[provision]", '[provision]\nroot = "../root.json"'), "beside this file"),
        (TEXT.replace("[provision]", '[provision]\nhostname = "Ала_1"'), "no name of a computer"),
        (TEXT.replace("[provision.wifi]", '[provision.wifi]\naddress = "10.0.0.7"'), "no address with its prefix"),
        (TEXT.replace(f'"{SECRETS[0]}"', '""'), "no password of this network to keep"),
        (TEXT.replace(f'"{SECRETS[3]}"', '""'), "he secret osdp is not given"),
        (TEXT.replace("{credential:osdp}", "{credential:../shadow}"), "no reference to a secret"),
        ("provision = 5\n", "should be a table"),
        ("provision.root = 'x'\n" + TEXT.split("[provision]")[0], "root_sha256|in another way|reader"),
    ],
)
def test_wrong_files(image: Image, text: str, says: str) -> None:
    image.write(text)
    done = image.provision()

    assert done.returncode == 78
    assert any(part in image.result for part in says.split("|")), image.result
    assert not image.config.exists()
    assert image.holders()[SECRETS[1]] in ([], ["boot/firmware/gate.toml"])


def test_another_root_is_not_believed(image: Image) -> None:
    (image.card / "root.json").write_bytes(ROOT_JSON + b" ")
    done = image.provision()

    assert done.returncode == 78
    assert "root.json on the card has another fingerprint" in image.result
    assert not (image.root / "etc/gate/root.json").exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 100,
        b"\xff\xfe[\x00d\x00",
        b"x" * 300_000,
        b"[" * 9000,
        b"a = " + b"[" * 5000,
        b"\r\r\r",
        "[provision.secrets]\nx = '\ud7ff\U0001f600'\n".encode(),
        TEXT.encode("utf-16"),
    ],
    ids=range(9),
)
def test_hostile_files(image: Image, raw: bytes) -> None:
    image.file.write_bytes(raw)
    done = image.provision()

    assert (done.returncode, done.stderr) == (78, "")
    assert "NOT APPLIED" in image.result
    assert image.file.read_bytes() == raw


@pytest.mark.parametrize("name", ["gate.toml", "root.json"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_the_card_holds_something_else_than_files(image: Image, tmp_path: Path, name: str, kind: str) -> None:
    elsewhere = tmp_path / "shadow"
    elsewhere.write_text("root:$6$hash")
    path = image.card / name
    path.unlink()
    if kind == "link":
        path.symlink_to(elsewhere)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    done = image.provision()

    assert (done.returncode, done.stderr) == (78, "")
    assert "$6$" not in done.stdout + image.result
    assert elsewhere.read_text() == "root:$6$hash"


@pytest.mark.parametrize("name", ["gate-result.txt", "gate-device.svg", "gate.toml.new"])
def test_links_on_the_card_lead_nowhere(image: Image, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    (image.card / name).symlink_to(elsewhere)

    assert image.provision().returncode == 0
    assert elsewhere.read_text() == "mine"


def test_a_file_of_windows(image: Image) -> None:
    image.file.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())

    assert image.provision().returncode == 0
    raw = image.file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf# The door")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert b'osdp = ""\r\n' in raw
    assert "Nothing is changed" in image.provision().stdout


def test_nothing_outside_of_the_image_is_touched(image: Image, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (image.root / "etc/gate").symlink_to(outside)
    done = image.provision()

    assert done.returncode == 1
    assert "is a link. It may lead out of the image" in done.stdout
    assert list(outside.iterdir()) == []


def test_a_file_outside_of_the_image_is_read_only(image: Image, tmp_path: Path) -> None:
    given = tmp_path / "given" / "gate.toml"
    given.parent.mkdir()
    shutil.copy(image.card / "root.json", given.parent)
    given.write_text(TEXT)
    done = run_gate("provision", given, "--root", image.root)

    assert done.returncode == 0, done.stdout
    assert f"{given} keeps its secrets" in done.stdout
    assert given.read_text() == TEXT
    assert sorted(path.name for path in given.parent.iterdir()) == ["gate.toml", "root.json"]
    assert "APPLIED" in image.result


@pytest.fixture
def lent() -> Iterator[Image]:
    """Give an image to another user, where that user reaches it."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    folder = Path(tempfile.mkdtemp(prefix="gate-test-"))
    try:
        folder.chmod(0o755)
        invoke(provision, [unpacked(folder / "warm").file, "--root", folder / "warm"])
        image = unpacked(folder / "image")
        subprocess.run(["chown", "-R", str(USER), folder], check=True)
        yield image
    finally:
        shutil.rmtree(folder)


def test_a_user_who_is_not_root_may_prepare_an_image_and_no_device(lent: Image) -> None:
    prepared = lent.provision(user=USER)
    device = lent.provision("--root", "/", user=USER)

    assert prepared.returncode == 0, prepared.stdout + prepared.stderr
    assert device.returncode == 1  # 2 by `main`
    assert "only root may set a device up" in device.stderr


def test_a_card_whose_lock_is_on_is_a_warning(lent: Image) -> None:
    """The user may not write on the card, as nobody may on one that is locked."""
    subprocess.run(["chown", "-R", "0", lent.card], check=True)
    locked = lent.provision(user=USER)
    holders = lent.holders()
    subprocess.run(["chown", "-R", str(USER), lent.card], check=True)
    unlocked = lent.provision(user=USER)
    wiped = lent.holders()

    assert locked.returncode == 0, locked.stdout + locked.stderr
    assert "gate-result.txt on the card cannot be written (Permission denied)" in locked.stdout
    assert "The secrets are still in gate.toml on the card" in locked.stdout
    assert all("boot/firmware/gate.toml" in files for files in holders.values())
    assert unlocked.returncode == 0
    assert [len(files) for files in wiped.values()] == [1, 1, 1, 1]


def test_the_old_blocks_of_the_file_are_overwritten(image: Image) -> None:
    """A second name of the old file shows what lies in its blocks."""
    os.link(image.file, image.root / "old")
    image.provision()

    old = (image.root / "old").read_bytes()
    assert old == bytes(len(TEXT))
