"""Which pinned packages a bundle takes for each computer that it may be made for."""

import importlib.util
import sys
from importlib.metadata import requires
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gate.device.bundle import EXTRAS

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
EVERY = ("", *EXTRAS)


@pytest.fixture(scope="module")
def pins() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bundling_pins", SCRIPTS / "bundling" / "pins.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names(entries: list[str]) -> list[str]:
    return [entry.partition("==")[0] for entry in entries]


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_each_package_is_chosen_once_and_with_its_hashes(pins: ModuleType, architecture: str, python: str) -> None:
    chosen = pins.choose(SCRIPTS / "constraints.txt", EVERY, architecture, python)
    assert len(chosen[""]) > 40
    everything = [entry for entries in chosen.values() for entry in entries]
    assert len(set(names(everything))) == len(everything)
    for entry in everything:
        wanted, *hashes = entry.split(" \\\n")
        assert ";" not in wanted, "its marker was for pip, which would ask about the computer it runs on"
        assert hashes, entry
        assert all(line.strip().startswith("--hash=sha256:") for line in hashes), entry
    assert {"numpy", "installer", "pyzbar"} <= set(names(chosen[""]))
    assert (names(chosen["modbus"]), names(chosen["osdp"])) == (["pymodbus"], ["libosdp"])


@pytest.mark.parametrize("extra", EVERY)
def test_a_release_has_all_that_its_packages_require(pins: ModuleType, extra: str) -> None:
    """As installed here, with every extra: what the tests have beside must not hide what a device lacks."""
    python = f"3.{sys.version_info.minor}"
    chosen = pins.choose(SCRIPTS / "constraints.txt", EVERY, "amd64", python)
    there = {canonicalize_name(name) for name in (*names(chosen[""]), *names(chosen.get(extra, [])))}
    asked = [Requirement(line) for name in there for line in requires(name) or ()]
    needed = {
        canonicalize_name(want.name) for want in asked if want.marker is None or want.marker.evaluate({"extra": ""})
    }
    assert needed - there == set()


def test_numpy_is_that_of_the_other_python(pins: ModuleType) -> None:
    def numpy(python: str) -> str:
        (found,) = [
            entry.split(" ")[0]
            for entry in pins.choose(SCRIPTS / "constraints.txt", ("",), "arm64", python)[""]
            if entry.startswith("numpy==")
        ]
        return str(found)

    assert numpy("3.11") != numpy("3.13") == numpy("3.12")


def test_evdev_comes_from_debian_where_there_is_no_wheel(pins: ModuleType) -> None:
    for architecture, package, needs in (("amd64", "evdev-binary", {}), ("arm64", "evdev", {"hid": ["python3-evdev"]})):
        chosen = pins.choose(SCRIPTS / "constraints.txt", EVERY, architecture, "3.13")
        assert names(chosen["hid"]) == [package]
        assert pins.from_debian(chosen, architecture) == needs
