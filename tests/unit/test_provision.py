"""Parts of `gate provision`: secrets in a text, profiles of NetworkManager, file systems that forget, root.json."""

import tomllib
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.device.provision.form import EthernetTable, ProvisionTable, WifiTable, host_name
from gate.device.provision.network import network_files, password_in
from gate.device.provision.root_file import RootNotFetchedError, fetch_root
from gate.device.provision.secrets import Separated, separate
from gate.device.provision.volatile import is_volatile
from tests.sync.servers import MirrorServer
from tests.sync.world import World


def taken_apart(text: str, kept: tuple[str, ...] = ()) -> Separated:
    data = tomllib.loads(text)
    return separate(text, data, ProvisionTable.model_validate(data.get("provision", {})), kept)


@pytest.mark.parametrize(
    ("address", "secrets"),
    [
        ("rtsp://admin:pw@192.0.2.17/1", ["pw"]),
        ("RTSP://admin:p%40w@[fd00::1]:554/1", ["p%40w"]),
        ("rtsp://admin:p@w@host/1", ["p@w"]),
        ("rtsp://admin:p:w@host", ["p:w"]),
        ("rtsp://:pw@host", ["pw"]),
        ("http://host/video?user=admin&pwd=pw", ["pw"]),
        ("http://host/video?PASSWORD=pw&x=1#top", ["pw"]),
        ("http://admin:pw@host/video?token=t0", ["pw", "t0"]),
        ("rtsp://{credential:user}:pw@host/1", ["pw"]),
        ("rtsp://admin:{credential:camera}@host/1", []),
        ("rtsp://admin@host/1", []),
        ("rtsp://admin:@host/1", []),
        ("rtsp://192.0.2.17:554/1", []),
        ("rtsp://[fd00::1]:554/a@b", []),
        ("/dev/video0", []),
    ],
)
def test_passwords_in_an_address(address: str, secrets: list[str]) -> None:
    text = f"[[reader]]\ndevice = '{address}' # here\n"
    apart = taken_apart(text, ("camera", "user"))

    assert sorted(apart.secrets.values()) == sorted(secrets)
    assert apart.findings == ()
    filled = tomllib.loads(apart.config)["reader"][0]["device"]
    for name, secret in apart.secrets.items():
        filled = filled.replace(f"{{credential:{name}}}", secret)
    assert filled == address
    assert apart.config == apart.card
    assert text == apart.config if not secrets else apart.config.endswith(" # here\n")


def test_a_new_secret_does_not_take_the_name_of_another() -> None:
    text = "[[reader]]\ndevice = 'rtsp://a:new@b'\n[[reader]]\ndevice = 'rtsp://a:{credential:reader-0-device}@c'\n"
    apart = taken_apart(text, ("reader-0-device",))

    assert apart.secrets == {"reader-0-device-2": "new"}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a = 1\n[provision]\nroot = 'x'\n", "a = 1\n"),
        ("[provision]\nroot = 'x' # why\n\n# above b\n[b]\nc = 1\n", "\n# above b\n[b]\nc = 1\n"),
        ("[provision.wifi]\n[b]\nc = 1\n[provision]\nroot = 'x'", "[b]\nc = 1\n"),
        ("[b]\nc = '''\n[provision]\n'''\n", "[b]\nc = '''\n[provision]\n'''\n"),
        ('[provision.secrets]\n\'a-b\' = """x\\\n"""\n[b]\n', "[b]\n"),
    ],
)
def test_the_configuration_is_the_text_without_the_table(text: str, left: str) -> None:
    data = tomllib.loads(text)

    assert separate(text, data, ProvisionTable(), ()).config == left


SECRET = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20)


@given(password=SECRET, ssid=st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=8))
def test_the_password_of_a_profile_is_read_as_it_was_written(password: str, ssid: str) -> None:
    table = ProvisionTable(wifi=WifiTable(ssid=ssid, password=password, country="KZ"))
    [(path, content, mode), _] = network_files(table, password)

    assert (path, mode) == ("etc/NetworkManager/system-connections/gate-wifi.nmconnection", 0o600)
    if password.isprintable() and password.strip() == password and password.isascii():
        assert password_in(content.decode(), ssid) == password
    assert password_in(content.decode(), f"{ssid}x") is None


def test_a_fixed_address() -> None:
    table = EthernetTable(address="192.0.2.17/24", gateway="192.0.2.1", dns=("192.0.2.1", "2001:db8::1", "192.0.2.2"))
    [(_, content, _)] = network_files(ProvisionTable(ethernet=table), None)

    text = content.decode()
    assert "[ipv4]\nmethod=manual\naddress1=192.0.2.17/24,192.0.2.1\ndns=192.0.2.1;192.0.2.2;\n" in text
    assert "[ipv6]\nmethod=auto\ndns=2001:db8::1;\n" in text
    assert "interface-name=eth0\n" in text


@pytest.mark.parametrize(
    ("device", "name"), [("ala-t2-07", "ala-t2-07"), ("Fit_Abay.1", "fit-abay-1"), ("_", "gate"), ("x" * 63, "x" * 63)]
)
def test_a_computer_is_named_by_its_device(device: str, name: str) -> None:
    assert host_name(ProvisionTable(), device) == name


DISK = "29 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw\n"


@pytest.mark.parametrize(
    ("mounts", "volatile"),
    [
        (DISK, False),
        (DISK + "40 29 0:40 / /etc rw - tmpfs tmpfs rw\n", True),
        (DISK + "40 29 0:40 / /run rw - tmpfs tmpfs rw\n", False),
        ("29 1 0:30 / / rw - overlay overlayroot rw,lowerdir=/media/root-ro,upperdir=/media/root-rw/overlay\n"
         "30 29 0:29 / /media/root-rw rw - tmpfs tmpfs-root rw\n", True),
        ("29 1 0:30 / / rw - overlay overlayroot rw,upperdir=/media/root-rw/overlay\n"
         "30 29 0:29 / /media/root-rw rw - tmpfs tmpfs-root rw\n"
         "31 29 179:3 / /etc/gate rw - ext4 /dev/mmcblk0p3 rw\n", False),
        ("29 1 0:30 / / rw - overlay overlay rw,upperdir=/var/lib/docker/overlay2/x/diff,workdir=/y\n", False),
        ("", False),
    ],
)  # fmt: skip
def test_a_file_system_that_forgets(mounts: str, volatile: bool) -> None:
    assert is_volatile(Path("/etc/gate"), mounts) is volatile


def test_root_is_taken_from_a_mirror_by_its_fingerprint(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.publish()
    root = world.root.read_bytes()
    with MirrorServer(world.public) as server:
        for address in (world.public.as_uri(), server.address):
            assert fetch_root(["file:///nowhere", address], None, sha256(root).hexdigest(), 0.0) == root
            with pytest.raises(RootNotFetchedError, match=r"has no root\.json of this fingerprint"):
                fetch_root([address], None, "0" * 64, 0.0)
