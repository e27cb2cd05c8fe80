"""Images, bundles and machines of the virtual Raspberry Pi; see `scripts/vm-test`."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.vm.door import Door
from tests.vm.machine import (
    BOOTS_WITHIN,
    HERE,
    PATIENCE,
    PROJECT,
    PYTHONS,
    READY_WITHIN,
    Image,
    Machine,
    is_emulated,
    make_bundle,
)
from tests.vm.place import SLOW, Place

SHORT = 720.0 * PATIENCE  # seconds for the short form, its image and bundle apart


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--suite", choices=tuple(PYTHONS), default="bookworm", help="Debian's release in the guest")
    parser.addoption("--cuts", type=int, default=10, help="how many power cuts")
    parser.addoption("--seed", type=int, default=1, help="of the moments of power cuts")
    parser.addoption("--arch", choices=("amd64", "arm64"), default="amd64", help="processor of the guest")


@pytest.fixture(scope="session")
def suite(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--suite"))


@pytest.fixture(scope="session")
def arch(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--arch"))


@pytest.fixture(scope="session")
def cache(suite: str, arch: str) -> Path:
    """Return the folder that keeps an image and bundles between runs."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "ashyq-gate" / "vm" / f"{suite}-{arch}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def plain(cache: Path, suite: str, arch: str) -> Image:
    """Return the image of a computer without a gate, made when it is missing or older than its recipe."""
    image = Image(cache, arch, cache / "disk.img")
    recipe = [HERE / "build-image", *(HERE / "guest").iterdir()]
    if not image.disk.exists() or image.disk.stat().st_mtime < max(file.stat().st_mtime for file in recipe):
        made = subprocess.run([HERE / "build-image", suite, arch, cache], check=False, stdout=sys.__stderr__)
        if made.returncode:
            pytest.skip(f"this host cannot make Debian's image: see {cache / 'build.log'}")
    return image


@pytest.fixture(scope="session")
def bundle(cache: Path, suite: str, arch: str) -> Path:
    """Return a bundle of this checkout."""
    file = cache / "gate.bundle"
    make_bundle(PROJECT, suite, arch, file)
    return file


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"), int(time.time()))  # noqa: TID251 - the guest's clock is the host's


@pytest.fixture(scope="session")
def share(tmp_path_factory: pytest.TempPathFactory, bundle: Path, place: Place) -> Path:
    """Return the folder that guests find at /share: a technician's medium."""
    folder = tmp_path_factory.mktemp("share")
    shutil.copytree(place.public, folder / "public")
    shutil.copy(bundle, folder / bundle.name)
    return folder


@pytest.fixture(scope="session")
def installed(plain: Image, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Return an image with a gate that knows nothing of its venue, as an image builder makes it: installed from the
    bundle, without a network."""
    folder = tmp_path_factory.mktemp("installed")
    root = folder / "root"
    subprocess.run(["cp", "-a", plain.folder / "root", root], check=True)
    shutil.copy(bundle, root / "srv" / bundle.name)
    in_image(root, "sh", f"/srv/{bundle.name}", "--with", "desk")
    (root / "srv" / bundle.name).unlink()
    for unit in ("gate", "gate-sync", "gate-desk", "gate-provision"):
        folder_of_unit = root / f"etc/systemd/system/{unit}.service.d"
        folder_of_unit.mkdir(parents=True)
        (folder_of_unit / "slow.conf").write_text(SLOW)
    disk = folder / "disk.img"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", root, "-E", "lazy_itable_init=0", disk, "6G"], check=True)
    shutil.rmtree(root)
    return Image(plain.folder, plain.arch, disk)


@pytest.fixture
def switched_on(tmp_path: Path, share: Path) -> Iterator[Callable[..., Machine]]:
    """Return a function that makes and boots a machine; all are cut at the end of the test."""
    with ExitStack() as machines:

        def switch_on(image: Image, frozen: Path | None = None, card: Mapping[str, bytes] | None = None) -> Machine:
            machine = Machine(image, Path(mkdtemp(dir=tmp_path)), share, frozen)
            machine.put_on_card(card or {})
            machines.callback(machine.cut)
            took = machine.boot(2 * BOOTS_WITHIN)
            if took > BOOTS_WITHIN:
                how = "emulated" if is_emulated(image) else "virtual"
                pytest.skip(f"this host is too slow: an {how} machine took {took:.0f} s to boot")
            return machine

        yield switch_on


@pytest.fixture
def in_time() -> Callable[[str], None]:
    """Return a function that skips the rest where the host is too slow for it.  What it cannot try in time is no
    failure of the gate."""
    end = time.monotonic() + SHORT

    def check(done: str) -> None:
        if time.monotonic() > end:
            pytest.skip(f"this host emulates too slowly: {SHORT / 60:.0f} minutes were over when {done}")

    return check


@pytest.fixture(scope="module")
def frozen(installed: Image, share: Path, place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a gate that is running and ready, frozen."""
    machine = Machine(installed, tmp_path_factory.mktemp("frozen"), share)
    machine.put_on_card(place.card())
    try:
        machine.boot(2 * BOOTS_WITHIN)
        Door(machine).wait_until_ready(READY_WITHIN)
        to = machine.folder / "saved"
        machine.freeze(to)
        return to
    finally:
        machine.cut()


@pytest.fixture
def thawed(installed: Image, frozen: Path, switched_on: Callable[..., Machine]) -> Callable[[], Machine]:
    """Return a function that starts a gate which is running and ready, each time the same."""
    return lambda: switched_on(installed, frozen)


def in_image(root: Path, *command: str) -> None:
    """Run a command below the root of an image, without a network."""
    begin = f'mount -t proc proc "{root}/proc" && exec chroot "{root}" "$@"'
    bare = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/var/tmp", "QEMU_CPU=cortex-a72"]
    subprocess.run(["unshare", "-n", "-m", *bare, "sh", "-ec", begin, "sh", *command], check=True)
