"""The shipped files for a blank card: the example, and what cloud-init and rpi-image-gen read."""

import re
import tomllib
from pathlib import Path

import pytest

from gate.device.provision.form import ProvisionTable
from gate.device.system_files import SYSTEM_FILES
from tests.system.card_rig import ROOT_JSON, unpacked

CONFIG = Path(__file__).parents[2] / "config"


def test_the_example_asks_for_what_only_a_person_can_know(tmp_path: Path) -> None:
    image = unpacked(tmp_path / "image")
    image.write((CONFIG / "card/gate.toml").read_text())
    done = image.provision()

    assert done.returncode == 78
    named = set(re.findall(r"^\d+\. Line \d+, (\S+):", image.result, re.MULTILINE))
    filled_in = ["device.id", "venue.id", "venue.zone", "provision.root_sha256", "sync.mirrors", "reader[0].device"]
    assert named == {*filled_in, "barrier.line", "barrier.active", "input[0].line"}


def test_the_example_is_good_when_it_is_filled_in(tmp_path: Path) -> None:
    from hashlib import sha256

    text = (CONFIG / "card/gate.toml").read_text()
    for old, new in {
        "#[provision": "[provision",
        '#ssid = "Gates"\n#password = ""': '#ssid = "Gates"\n#password = "eight-letters"',
        'root_sha256 = ""': f'root_sha256 = "{sha256(ROOT_JSON).hexdigest()}"',
        "mirrors = []": 'mirrors = ["https://lists.example.kz/gate"]',
        'device = ""': 'device = "rtsp://gate:{credential:camera}@192.0.2.20/1"',
        'zone = ""': 'zone = "almaty"',
        'osdp = ""': f'osdp = "{"0" * 32}"',
    }.items():
        assert old in text
        text = text.replace(old, new)
    text = re.sub(r'^id = ""', 'id = "fit-abay-1"', text, flags=re.MULTILINE)
    text = re.sub(r"^#(\w+ = )", r"\1", text, flags=re.MULTILINE)
    image = unpacked(tmp_path / "image")
    image.write(text)
    done = image.provision()

    assert done.returncode == 0, image.result
    assert (image.root / "etc/credstore/gate.camera").read_text() == "s3cret"
    assert ProvisionTable.model_validate(tomllib.loads(text)["provision"]).wifi is not None


@pytest.mark.parametrize("name", ["user-data", "meta-data", "network-config"])
def test_cloud_init_starts_what_is_shipped(name: str) -> None:
    text = (CONFIG / "cloud-init" / name).read_text()

    assert "\t" not in text
    assert text.startswith("#cloud-config\n") is (name == "user-data")
    units = re.findall(r"[\w-]+\.service", text)
    laid = {Path(file.destination).name for file in SYSTEM_FILES}
    assert set(units) <= laid
    assert (name == "user-data") is ("gate-provision.service" in units)
