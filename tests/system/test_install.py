"""Installing from a bundle below a root, as a technician or the maker of an image does it.

The bundles hold the project and what `gate --version` needs, so each installation takes a second.  A whole one on a
system of its own, with Debian packages, users and services, is tried in a virtual machine.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gate.device.system_files import ENABLED_UNITS, SYSTEM_FILES
from tests.system.bundle_rig import ARCHITECTURE, PYTHON, SCRIPTS, Workshop, install, remade, tree

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("install")]
OTHER = {"amd64": "arm64", "arm64": "amd64"}[ARCHITECTURE]
DEVICE_PYTHON = Path(f"/usr/bin/python{PYTHON}")


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture(scope="session")
def bundle(workshop: Workshop) -> Path:
    return workshop.bundle("one.bundle", "--version", "1.0")


@pytest.fixture(scope="session")
def later(workshop: Workshop) -> Path:
    return workshop.bundle("two.bundle", "--version", "2.0")


@pytest.fixture(scope="session")
def filled(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with release 1.0, its extra modbus, and a configuration and state.  Copied, never changed."""
    root = tmp_path_factory.mktemp("filled")
    code, said = install("--from", bundle, "--root", root, "--with", "modbus")
    assert code == 0, said
    for file in ("etc/gate/gate.toml", "var/lib/gate/lane.db"):
        (root / file).parent.mkdir(parents=True)
        (root / file).write_text("a technician's own")
    return root


@pytest.fixture
def root(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "root", symlinks=True))


def test_a_bundle_becomes_a_release_that_is_in_use(filled: Path) -> None:
    opt = filled / "opt/gate"
    assert (opt / "current").readlink() == Path("releases/1.0")
    assert (opt / "bin/gate").readlink() == Path("../current/bin/gate")
    assert (filled / "usr/local/bin/gate").readlink() == Path("/opt/gate/bin/gate")
    assert [path.name for path in (opt / "releases").iterdir()] == ["1.0"]

    release = opt / "releases/1.0"
    about = json.loads((release / "release.json").read_text())
    assert (about["version"], about["extras"], about["architecture"]) == ("1.0", ["modbus"], ARCHITECTURE)
    site = release / f"lib/python{PYTHON}/site-packages"
    assert (site / "pymodbus.py").exists()
    assert not (site / "evdev.py").exists()


def test_a_release_names_the_device_and_not_the_root_where_it_was_made(filled: Path) -> None:
    release = filled / "opt/gate/releases/1.0"
    assert (release / "bin/gate").read_text().splitlines()[0] == "#!/opt/gate/releases/1.0/bin/python"
    assert (release / "bin/python").readlink() == DEVICE_PYTHON
    name = str(filled).encode()
    files = [path for path in filled.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len([path for path in files if path.suffix == ".pyc"]) > 300
    assert [path for path in files if name in path.read_bytes()] == []


def test_the_release_runs(filled: Path) -> None:
    if not DEVICE_PYTHON.exists():
        pytest.skip(f"this system has no {DEVICE_PYTHON}")
    python = filled / "opt/gate/current/bin/python"
    done = subprocess.run([python, "-I", "-m", "gate", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == "gate, version 1.0\n"


def test_the_systems_files_are_laid_and_the_units_enabled(filled: Path) -> None:
    for row in SYSTEM_FILES:
        laid = filled / row.destination
        assert laid.exists(), row
        assert laid.is_dir() or f"{laid.stat().st_mode:o}" == "100644", row
    assert (filled / "usr/share/man/man1/gate-list-load.1").read_text().startswith('.TH "GATE-LIST-LOAD" "1"')
    for unit in ENABLED_UNITS:
        (link,) = [path for path in (filled / "etc/systemd/system").glob("*.wants/*") if path.name == unit]
        assert link.readlink() == Path("/usr/lib/systemd/system", unit)


def test_nothing_outside_of_the_root_is_touched(bundle: Path, tmp_path: Path) -> None:
    """By every system call that changes a file, of the installer and all that it starts."""
    calls = (
        "openat,open,creat,mkdir,mkdirat,rmdir,unlink,unlinkat,rename,renameat,renameat2,symlink,symlinkat,link,linkat,"
        "chmod,fchmodat,chown,lchown,fchownat,truncate,utimensat,mknod,mknodat,execve"
    )
    root, log = tmp_path / "root", tmp_path / "calls"
    root.mkdir()
    code, said = install(
        "--from", bundle, "--root", root, program=("strace", "-f", "-y", "-qq", "-o", log, "-e", f"trace={calls}")
    )
    assert code == 0, said
    lines = [line for line in log.read_text().splitlines() if "resumed>" not in line and " --- " not in line]
    changing = [
        line
        for line in lines
        if not re.search(r"\b(open|openat)\(", line) or re.search(r"O_WRONLY|O_RDWR|O_CREAT", line)
    ]
    changed = [line for line in changing if "execve(" not in line]
    assert len(changed) > 500
    assert [
        line for line in changed if f'"{root}' not in line and f"<{root}" not in line and "/dev/null" not in line
    ] == []
    programs = {found[1] for line in lines if (found := re.search(r'execve\("([^"]+)".* = 0$', line))}
    assert [name for name in programs if not Path(name).name.startswith("python")] == []


def test_a_second_installation_changes_nothing(bundle: Path, root: Path) -> None:
    before = tree(root)
    code, said = install("--from", bundle, "--root", root)
    assert code == 0, said
    assert tree(root) == before
    assert said[-1] == "install: done: release 1.0 with modbus"  # kept from before


def test_other_extras_make_the_release_again(bundle: Path, root: Path) -> None:
    code, said = install("--from", bundle, "--root", root, "--with", "hid")
    assert code == 0, said
    site = root / f"opt/gate/current/lib/python{PYTHON}/site-packages"
    assert ((site / "evdev.py").exists(), (site / "pymodbus.py").exists()) == (True, False)
    assert [path.name for path in (root / "opt/gate/releases").iterdir()] == ["1.0"]


def test_a_later_release_is_laid_beside_and_used(later: Path, root: Path) -> None:
    unit = root / "usr/lib/systemd/system/gate.service"
    unit.write_text("of an earlier version")
    laid = root / "opt/gate/system-files.json"
    gone = root / "usr/lib/systemd/system/gate-old.service"
    gone.touch()
    laid.write_text(json.dumps({**json.loads(laid.read_text()), "usr/lib/systemd/system/gate-old.service": ""}))

    code, said = install("--from", later, "--root", root)
    assert code == 0, said
    assert (root / "opt/gate/current").readlink() == Path("releases/2.0")
    assert (root / "opt/gate/releases/1.0/bin/gate").exists()
    assert "ExecStart=" in unit.read_text()
    assert not gone.exists()
    assert json.loads((root / "opt/gate/current/release.json").read_text())["extras"] == ["modbus"]


def refused(root: Path, *words: str | Path) -> str:
    """Install, and return the one line of the refusal; nothing is changed by it."""
    before = tree(root)
    code, said = install(*words, "--root", root)
    assert code == 1, said
    assert tree(root) == before
    told = [line for line in said if not line.startswith("install: checking")]
    assert len(told) == 1, said
    return told[0]


def test_a_bundle_that_was_cut_short_is_refused(bundle: Path, root: Path, tmp_path: Path) -> None:
    data = bundle.read_bytes()
    for kept in (0, 100, 300, len(data) // 2, len(data) - 1):
        cut = tmp_path / "cut.bundle"
        cut.write_bytes(data[:kept])
        assert "is no bundle, or was cut short. Copy the file again" in refused(root, "--from", cut)
        if kept > 300:
            done = subprocess.run(["sh", cut, "--root", root], capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (1, f"install: {cut} was cut short. Copy it again\n")


def test_a_bundle_with_one_changed_byte_is_refused(bundle: Path, root: Path, tmp_path: Path) -> None:
    data = bytearray(bundle.read_bytes())
    damaged = tmp_path / "damaged.bundle"
    step = len(data) // 12
    for at in range(600, len(data), step):
        data[at] ^= 1
        damaged.write_bytes(data)
        data[at] ^= 1
        assert re.search("damaged|no bundle|cannot read|other files", refused(root, "--from", damaged)), at


def test_a_bundle_for_another_computer_is_refused(later: Path, root: Path, tmp_path: Path) -> None:
    python = root / f"usr/bin/python{PYTHON}"
    python.parent.mkdir(parents=True)
    python.write_bytes(Path("/bin/true").read_bytes()[:64])  # its header says what it was built for
    foreign = remade(later, tmp_path / "foreign.bundle", architecture=OTHER)
    assert f"is for {OTHER}, and this system is {ARCHITECTURE}." in refused(root, "--from", foreign)

    other = "3.13" if PYTHON != "3.13" else "3.11"
    newer = remade(later, tmp_path / "newer.bundle", python=other)
    assert f"is for Python {other}, and this system has Python {PYTHON}." in refused(root, "--from", newer)


def test_a_bundle_for_a_larger_card_is_refused(later: Path, root: Path, tmp_path: Path) -> None:
    large = remade(later, tmp_path / "large.bundle", installed_bytes=10**15)
    assert "MB free, and the release takes 1000000050 MB." in refused(root, "--from", large)


def test_another_bundle_of_the_same_version_is_refused(bundle: Path, root: Path, tmp_path: Path) -> None:
    again = remade(bundle, tmp_path / "again.bundle", needs={"": []})
    assert "release 1.0 is there already, made from another bundle." in refused(root, "--from", again)


def test_words_that_make_no_sense_are_refused(bundle: Path, root: Path, tmp_path: Path) -> None:
    assert "there is no moon to install. --with takes: pi, hid," in refused(
        root, "--from", bundle, "--with", "hid,moon"
    )
    assert "--purge goes with --uninstall only" in refused(root, "--from", bundle, "--purge")
    assert "nothing.bundle cannot be read (No such file or directory)" in refused(
        root, "--from", tmp_path / "nothing.bundle"
    )


def linked_copy(source: Path, target: Path) -> Path:
    return Path(shutil.copytree(source, target, symlinks=True, copy_function=os.link))


@pytest.mark.parametrize(
    ("call", "path"),
    [
        ("mkdir", "opt/gate/releases/.2.0.unfinished/bin"),  # the venv is begun
        ("rename", "opt/gate/releases/.2.0.unfinished"),  # the release is to get its name
        ("rename", "usr/share/man/man1/.gate-run.1.new"),  # it has it
        ("rename", "opt/gate/.current.new"),  # the switch
    ],
)
def test_whenever_it_is_killed_the_release_before_is_in_use(
    call: str, path: str, later: Path, filled: Path, tmp_path: Path
) -> None:
    """As by a power cut, right before a step by which something comes into being."""
    root = linked_copy(filled, tmp_path / "root")
    kill = ["-e", f"trace=/^{call}", "-e", f"inject=/^{call}:signal=SIGKILL"]
    kill += ["-P", str(root / path)]
    done = subprocess.run(
        ["strace", "-qq", "-o", "/dev/null", *kill, sys.executable, "-I", later, "--root", root],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    about = json.loads((root / "opt/gate/current/release.json").read_text())
    assert about["version"] == (root / "opt/gate/current").readlink().name == "1.0"
    assert (root / "opt/gate/current/bin/gate").exists()


def test_what_a_power_cut_has_left_is_made_whole_by_the_next_installation(later: Path, root: Path) -> None:
    unfinished = root / "opt/gate/releases/.2.0.unfinished/lib/half-a-package"
    unfinished.mkdir(parents=True)
    (root / "usr/lib/systemd/system/.gate.service.new").write_text("[Un")
    code, said = install("--from", later, "--root", root)
    assert code == 0, said
    assert sorted(path.name for path in (root / "opt/gate/releases").iterdir()) == ["1.0", "2.0"]
    assert not (root / "opt/gate/releases/2.0/lib/half-a-package").exists()


def test_uninstalling_leaves_configuration_and_state(root: Path) -> None:
    code, said = install("--uninstall", "--root", root)
    assert code == 0, said
    files = {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir() or path.is_symlink()}
    assert files == {"etc/gate/gate.toml", "var/lib/gate/lane.db"}
    assert not (root / "opt/gate").exists()


def test_purging_leaves_nothing(root: Path) -> None:
    drop_in = root / "etc/systemd/system/gate.service.d/here.conf"
    drop_in.parent.mkdir()
    drop_in.touch()
    secret = root / "etc/credstore/gate.camera"
    secret.parent.mkdir()
    secret.touch()
    for left in (
        "var/lib/gate-desk/desk.key",
        "var/lib/systemd/timers/stamp-gate-report.timer",
        "etc/systemd/system/gate@left.service.d/50-provision.conf",
        "etc/systemd/system/gate-desk.service.d/override.conf",
    ):
        (root / left).parent.mkdir(parents=True, exist_ok=True)
        (root / left).touch()
    code, said = install("--uninstall", "--purge", "--root", root)
    assert code == 0, said
    assert said[-1] == "install: removed; nothing is left"
    assert [path for path in root.rglob("*") if not path.is_dir() or path.is_symlink()] == []
    assert not (root / "usr/share").exists()  # its folders were made for the files in them
    assert install("--uninstall", "--purge", "--root", root)[0] == 0  # once more, with nothing there


def test_the_same_tree_gives_the_same_bytes(workshop: Workshop, bundle: Path) -> None:
    assert workshop.bundle("same.bundle", "--version", "1.0").read_bytes() == bundle.read_bytes()


def test_a_debian_package_carries_the_bundle_and_lets_it_install_and_remove(bundle: Path, tmp_path: Path) -> None:
    packed, control = tmp_path / "gate.deb", tmp_path / "control"
    command = [sys.executable, str(SCRIPTS / "bundling/debian_package.py"), str(bundle), "--output", str(packed)]
    subprocess.run(command, capture_output=True, check=True)
    subprocess.run(["dpkg-deb", "--control", packed, control], check=True)
    subprocess.run(["dpkg-deb", "--extract", packed, tmp_path / "data"], check=True)

    fields = dict(line.split(": ", 1) for line in (control / "control").read_text().splitlines() if ": " in line)
    assert (fields["Package"], fields["Version"], fields["Architecture"]) == ("ashyq-gate", "1.0", ARCHITECTURE)
    assert fields["Depends"].startswith(f"python{PYTHON}, libzbar0 | libzbar0t64, libseccomp2")
    carried = tmp_path / "data/usr/lib/ashyq-gate/gate.bundle"
    assert carried.read_bytes() == bundle.read_bytes()
    for script, does in (("postinst", "gate.bundle\n"), ("prerm", "gate.bundle --uninstall\n"), ("postrm", "rm -rf ")):
        assert does in (control / script).read_text()
        subprocess.run(["sh", "-n", control / script], check=True)
